import { useTranslation } from 'react-i18next';
import { locale, momentText } from '../../app/dates.ts';
import { comma } from '../../app/language.ts';
import type { ConsortiumView } from './calls.ts';

type Proposal = ConsortiumView['open'][number];
type Duty = NonNullable<ConsortiumView['machine']>['duties'][number];

/** What a member is called; where the ledger knows no such member, the first digits of its account. */
export const titlesIn =
  (members: ConsortiumView['members']) =>
  (account: string): string =>
    members.find((it) => it.account === account)?.name ?? account.slice(0, 12);

interface DutiesProps {
  readonly duties: readonly Duty[];
  readonly view: ConsortiumView;
}

export function Duties({ duties, view }: DutiesProps) {
  const { t } = useTranslation();
  return (
    <section className="sec">
      <div className="sec-head">
        <h2>{t('consortium.duties')}</h2>
      </div>
      {duties.length === 0 ? (
        <p className="dim">{t('consortium.nothing')}</p>
      ) : (
        <ul className="list maxw">
          {duties.map((it) => (
            <li key={JSON.stringify(it)}>
              <DutyText duty={it} view={view} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function DutyText({ duty, view }: { readonly duty: Duty; readonly view: ConsortiumView }) {
  const { t } = useTranslation();
  const titleOf = titlesIn(view.members);
  const number = new Intl.NumberFormat(locale());
  switch (duty.duty) {
    case 'vote': {
      const proposal = view.open.find((it) => it.proposal === duty.proposal);
      const by = titleOf(proposal?.by ?? duty.proposal);
      return t('consortium.duty.vote', { by, when: momentText(proposal?.untilMs ?? 0) });
    }
    case 'copies':
      return t('consortium.duty.copies', { n: number.format(duty.blobs) });
    case 'erasures':
      return t('consortium.duty.erasures', {
        member: titleOf(duty.member),
        n: number.format(duty.count),
      });
    case 'certificate':
      return t('consortium.duty.certificate', { n: number.format(duty.days) });
  }
}

/** What members are deciding; a vote is given at the machine, where the hospital\u2019s key is. */
export function Proposals({ view: { open, members } }: { readonly view: ConsortiumView }) {
  const { t } = useTranslation();
  return (
    <section className="sec">
      <div className="sec-head">
        <h2>{t('consortium.proposals')}</h2>
      </div>
      {open.length === 0 ? (
        <p className="dim">{t('consortium.noProposals')}</p>
      ) : (
        <ul className="list maxw">
          {open.map((it) => (
            <ProposalRow key={it.proposal} proposal={it} members={members} />
          ))}
        </ul>
      )}
    </section>
  );
}

function ProposalRow({
  proposal: { proposal, by, outcome, untilMs, yes, no, facts },
  members,
}: {
  readonly proposal: Proposal;
  readonly members: ConsortiumView['members'];
}) {
  const { t } = useTranslation();
  const titleOf = titlesIn(members);
  const names = (of: readonly string[]) =>
    of.length === 0 ? t('consortium.nobody') : of.map(titleOf).join(comma());
  const { name, organisation, validator } = facts;
  const about = name ?? (organisation === undefined ? undefined : titleOf(String(organisation)));
  const key = validator === undefined ? undefined : String(validator).slice(0, 12);
  return (
    <li>
      <span className="t">
        {t(`consortium.change.${String(facts.change)}` as 'consortium.change.profile')}
      </span>{' '}
      {(about ?? key) !== undefined && <bdi>{String(about ?? key)}</bdi>}{' '}
      <span className="tag">{t(`consortium.outcome.${outcome}` as 'consortium.outcome.open')}</span>
      <br />
      <span className="s">
        {t('consortium.by', { by: titleOf(by), when: momentText(untilMs) })}
      </span>
      <br />
      <span className="s">
        {t('consortium.yes', { names: names(yes) })} · {t('consortium.no', { names: names(no) })}
      </span>
      {outcome === 'open' && (
        <>
          <br />
          <span className="s">
            {t('consortium.vote', {
              command: `salus consortium vote ${proposal.slice(0, 12)} yes`,
            })}
          </span>
        </>
      )}
    </li>
  );
}
