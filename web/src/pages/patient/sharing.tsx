import { useState } from 'react';
import { Trans, useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { dayOf, listed, momentText } from '../../app/dates.ts';
import { useAct, useCall } from '../../boundary/use-call.ts';
import { Answer } from '../../parts/answer.tsx';
import { AskedPage } from '../../parts/asked-page.tsx';
import { Asks } from '../../parts/asks.tsx';
import { Failed } from '../../parts/failure.tsx';
import { Burn, GrantRow, GrantTerms, StopDialog } from '../../parts/grant-row.tsx';
import { Icon } from '../../parts/icon.tsx';
import { PersonLine, PersonSign, usePersonName } from '../../parts/person-sign.tsx';
import { ClassIcon } from '../../parts/record-row.tsx';
import type {
  ReceivedView,
  SharingView,
  UnlistedView,
  WaitingLetterView,
} from '../../worker/calls/sharing.ts';
import type { GrantView } from '../../worker/grant-view.ts';

/** Every share: live, to come, ended, of other devices, and letters that wait. */
export function Sharing() {
  const { t } = useTranslation();
  const sharing = useCall('sharing.overview', undefined);
  return (
    <AskedPage asked={sharing} what={t('home.waiting')}>
      {({ view }) => <Known sharing={view} />}
    </AskedPage>
  );
}

function Known({ sharing }: { readonly sharing: SharingView }) {
  const { t } = useTranslation();
  const { grants, unlisted, letters, received } = sharing;
  const live = grants.filter((it) => it.state === 'live');
  const coming = grants.filter((it) => it.state === 'not yet' || it.state === 'unconfirmed');
  const ended = grants.filter((it) => it.state === 'ended');
  return (
    <div className="split">
      <div>
        <SharingAnswer live={live} unlisted={unlisted.length} isTakingBack={sharing.isTakingBack} />
        <div className="acts">
          <Link className="btn main" to="/share">
            <Icon name="share" />
            {t('home.share')}
          </Link>
        </div>
        <Asks />
        {unlisted.length > 0 && <Unlisted unlisted={unlisted} />}
        <section className="sec">
          <div className="sec-head">
            <h2>{t('sharing.live')}</h2>
          </div>
          {live.length === 0 ? (
            <p className="dim">{t('home.nobodyText')}</p>
          ) : (
            <ul className="sheet rows">
              {live.map((it) => (
                <GrantRow key={it.consent} grant={it} more={<ChangeLink grant={it} />} />
              ))}
            </ul>
          )}
        </section>
        {coming.length > 0 && (
          <section className="sec">
            <div className="sec-head">
              <h2>{t('sharing.coming')}</h2>
            </div>
            <ul className="sheet rows">
              {coming.map((it) => (
                <ComingRow key={it.consent} grant={it} />
              ))}
            </ul>
          </section>
        )}
        <Ended ended={ended} />
      </div>
      <div>
        <section className="sec side1">
          <div className="sec-head">
            <h2>{t('sharing.letters')}</h2>
          </div>
          {letters.length === 0 && received.length === 0 ? (
            <p className="dim sm">{t('sharing.noLetters')}</p>
          ) : (
            <ul className="sheet rows">
              {letters.map((it) => (
                <LetterRow key={it.account ?? ''} letter={it} />
              ))}
              {received.map((it) => (
                <ReceivedRow key={it.consent} received={it} />
              ))}
            </ul>
          )}
        </section>
        <section className="sec">
          <div className="sec-head">
            <h2>{t('sharing.codeTitle')}</h2>
          </div>
          <p className="dim sm">{t('sharing.codeText')}</p>
          <div className="acts mt-s">
            <Link className="btn line small" to="/code">
              <Icon name="code" />
              {t('home.code')}
            </Link>
          </div>
        </section>
      </div>
    </div>
  );
}

function SharingAnswer({
  live,
  unlisted,
  isTakingBack,
}: {
  readonly live: readonly GrantView[];
  readonly unlisted: number;
  readonly isTakingBack: boolean;
}) {
  const { t } = useTranslation();
  const nameOf = usePersonName();
  const readers = [...new Map(live.map((it) => [it.person.account, it])).values()];
  const names = readers.map((it) => nameOf(it.person, it.calledName));
  const who = names.length > 2 ? t('home.people', { count: names.length }) : listed(names);
  return (
    <>
      <Answer>
        {names.length > 0 ? (
          <Trans
            i18nKey="home.canRead"
            count={names.length}
            values={{ who }}
            components={{ em: <em /> }}
          />
        ) : (
          unlisted === 0 && t('home.nobody')
        )}{' '}
        {unlisted > 0 && (
          <Trans
            i18nKey="sharing.unlistedAnswer"
            count={unlisted}
            components={{ warn: <span className="warn" /> }}
          />
        )}
      </Answer>
      {isTakingBack && (
        <p className="lead" role="status">
          {t('home.takingBack')}
        </p>
      )}
    </>
  );
}

function ChangeLink({ grant }: { readonly grant: GrantView }) {
  const { t } = useTranslation();
  const nameOf = usePersonName();
  return (
    <Link className="btn bare small" to={`/sharing/${grant.handle}`}>
      {grant.state === 'ended' ? t('sharing.again') : t('sharing.change')}
      <span className="hide"> {nameOf(grant.person, grant.calledName)}</span>
    </Link>
  );
}

function ComingRow({ grant }: { readonly grant: GrantView }) {
  const { t } = useTranslation();
  return (
    <GrantRow
      grant={grant}
      more={
        <span className="tag">
          {grant.state === 'unconfirmed'
            ? t('sharing.unconfirmed')
            : t('sharing.from', { day: dayOf(grant.fromMs) })}
        </span>
      }
    />
  );
}

const mostEnded = 5;

function Ended({ ended }: { readonly ended: readonly GrantView[] }) {
  const { t } = useTranslation();
  const [isWhole, setWhole] = useState(false);
  const shown = isWhole ? ended : ended.slice(0, mostEnded);
  return (
    <section className="sec">
      <div className="sec-head">
        <h2>{t('sharing.ended')}</h2>
      </div>
      {ended.length === 0 ? (
        <p className="dim sm">{t('sharing.noneEnded')}</p>
      ) : (
        <ul className="sheet rows">
          {shown.map((it) => (
            <EndedRow key={it.consent} grant={it} />
          ))}
        </ul>
      )}
      {shown.length < ended.length && (
        <div className="acts mt-s">
          <button type="button" className="btn line small" onClick={() => setWhole(true)}>
            {t('sharing.allEnded', { count: ended.length })}
          </button>
        </div>
      )}
    </section>
  );
}

function EndedRow({ grant }: { readonly grant: GrantView }) {
  const { t } = useTranslation();
  const nameOf = usePersonName();
  return (
    <li className="row grant">
      <PersonSign person={grant.person} />
      <div>
        <bdi className="t">{nameOf(grant.person, grant.calledName)}</bdi>
        <br />
        <span className="s">
          <PersonLine person={grant.person} />
        </span>
      </div>
      <div className="e">
        <ChangeLink grant={grant} />
      </div>
      <div className="terms sm">
        <HowEnded grant={grant} />
        <br />
        <span className="dim">
          <GrantTerms grant={grant} />.{' '}
          <Link to="/looked">{t('sharing.looks', { count: grant.looks })}</Link>
        </span>
      </div>
    </li>
  );
}

/** When, and whether its owner stopped it or its time was over. */
function HowEnded({ grant }: { readonly grant: GrantView }) {
  const { t } = useTranslation();
  const { endedMs, untilMs } = grant;
  if (endedMs === undefined) return <>{t('sharing.endedSometime')}</>;
  return endedMs < untilMs
    ? t('sharing.stoppedWhen', { when: momentText(endedMs) })
    : t('sharing.overWhen', { when: momentText(endedMs) });
}

/** The ledger knows them, this device knows neither for whom nor what: amber, with the one thing that can be done. */
function Unlisted({ unlisted }: { readonly unlisted: readonly UnlistedView[] }) {
  const { t } = useTranslation();
  return (
    <section className="sec">
      <div className="sec-head">
        <h2>{t('sharing.unlisted')}</h2>
      </div>
      <p className="sm dim">{t('sharing.unlistedText')}</p>
      <ul className="sheet rows mt-s">
        {unlisted.map((it) => (
          <UnlistedRow key={it.consent} share={it} />
        ))}
      </ul>
    </section>
  );
}

function UnlistedRow({ share }: { readonly share: UnlistedView }) {
  const { t } = useTranslation();
  const [isAsking, setAsking] = useState(false);
  const { consent, fromMs, untilMs, mayWrite, looks } = share;
  const name = t('sharing.unlistedWho');
  return (
    <li className="row grant">
      <ClassIcon tone="warn" name="unknown" />
      <div>
        <span className="t">{t('sharing.unlistedRow')}</span>
        <br />
        <span className="s">{t('sharing.looks', { count: looks })}</span>
      </div>
      <div className="e">
        <button type="button" className="btn stop small" onClick={() => setAsking(true)}>
          {t('sharing.stop')}
        </button>
      </div>
      <div className="terms sm">
        {mayWrite && (
          <>
            {t('sharing.unlistedWrites')}
            <br />
          </>
        )}
        <span className="dim">{t('sharing.until', { day: dayOf(untilMs) })}</span>
        <Burn fromMs={fromMs} untilMs={untilMs} />
      </div>
      {isAsking && <StopDialog consent={consent} name={name} onClose={() => setAsking(false)} />}
    </li>
  );
}

/** Somebody whom this wallet does not know wants to share something with its person. */
function LetterRow({ letter }: { readonly letter: WaitingLetterView }) {
  const { t } = useTranslation();
  const accept = useAct('sharing.accept');
  const drop = useAct('sharing.drop');
  const { account, person, name, count, lastMs } = letter;
  const who = person?.name ?? (name === '' ? t('people.unknown') : name);
  const isBusy = accept.isPending || drop.isPending;
  return (
    <li className="row rowx">
      <ClassIcon name="note" />
      <span>
        <span className="t">
          <Trans
            i18nKey="sharing.letter"
            count={count}
            values={{ who }}
            components={{ bdi: <bdi /> }}
          />
        </span>
        <br />
        <span className="s">{momentText(lastMs)}</span>
        {[accept.error, drop.error].map(
          (error) => error !== null && <Failed key={error.code} error={error} />,
        )}
      </span>
      <span className="e">
        {account !== undefined && (
          <>
            <button
              type="button"
              className="btn line small"
              disabled={isBusy}
              onClick={() => accept.mutate({ account })}
            >
              {t('sharing.take')}
              <span className="hide"> {who}</span>
            </button>{' '}
            <button
              type="button"
              className="btn stop small"
              disabled={isBusy}
              onClick={() => drop.mutate({ account })}
            >
              {t('sharing.drop')}
              <span className="hide"> {who}</span>
            </button>
          </>
        )}
      </span>
    </li>
  );
}

/** A record of somebody else that one may read. */
function ReceivedRow({ received }: { readonly received: ReceivedView }) {
  const { t } = useTranslation();
  const who = received.name === '' ? t('people.unknown') : received.name;
  return (
    <li>
      <Link className="row" to="/patients">
        <ClassIcon name="record" />
        <span>
          <span className="t">{t('sharing.received', { who })}</span>
          <br />
          <span className="s">{t('sharing.until', { day: dayOf(received.untilMs) })}</span>
        </span>
        <Icon name="forward" flip />
      </Link>
    </li>
  );
}
