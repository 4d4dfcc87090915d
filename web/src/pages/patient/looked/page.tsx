import { useState } from 'react';
import { Trans, useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { dayOf, listed, momentText } from '../../../app/dates.ts';
import { useCall, useSession } from '../../../boundary/use-call.ts';
import { Answer } from '../../../parts/answer.tsx';
import { AskedPage } from '../../../parts/asked-page.tsx';
import { Icon } from '../../../parts/icon.tsx';
import { usePersonName } from '../../../parts/person-sign.tsx';
import type { LookedView, LookView } from '../../../worker/calls/looked.ts';
import { LookRow } from './row.tsx';
import { UnknownNote } from './unknown-note.tsx';

/** Who looked and who was refused, unknown people first, each with its proof, and whether the count fits. */
export function Looked() {
  const { t } = useTranslation();
  const looked = useCall('looked', undefined);
  return (
    <AskedPage asked={looked} what={t('looked.waiting')}>
      {({ view, again }) => <Known looked={view} again={again} />}
    </AskedPage>
  );
}

const isUnknown = (it: LookView): boolean => it.kind !== 'erased' && it.person.name === undefined;
const filters = {
  all: () => true,
  allowed: (it: LookView) => it.kind === 'look',
  refused: (it: LookView) => it.kind === 'refused',
  unknown: isUnknown,
} as const;
type Filter = keyof typeof filters;

const times = (looks: readonly LookView[]): number =>
  looks.reduce((sum, it) => sum + (it.kind === 'refused' ? it.count : 1), 0);

function Known({ looked, again }: { readonly looked: LookedView; readonly again: () => void }) {
  const { t } = useTranslation();
  const session = useSession();
  const [filter, setFilter] = useState<Filter>('all');
  const { looks, withheld, doubtful } = looked;
  const shown = looks.filter(filters[filter]);
  const attention = shown.filter(isUnknown);
  const rest = shown.filter((it) => !isUnknown(it));
  const name = session?.open === true ? session.name : '';
  return (
    <div className="split">
      <div>
        <p className="print-only sm">
          {t('looked.printed', { name, when: momentText(Date.now()) })}
        </p>
        <LookedAnswer looked={looked} />
        {withheld.length > 0 && <Withheld looked={looked} again={again} />}
        {looks.length > 0 && (
          <fieldset className="chips roll mt no-print" aria-label={t('looked.only')}>
            {(Object.keys(filters) as Filter[]).map((it) => (
              <button
                key={it}
                type="button"
                className="chip"
                aria-pressed={filter === it}
                onClick={() => setFilter(it)}
              >
                {t(`looked.filter.${it}`)}{' '}
                <span className="dim n">{times(looks.filter(filters[it]))}</span>
              </button>
            ))}
          </fieldset>
        )}
        {attention.length > 0 && (
          <section className="sec" aria-label={t('looked.attention')}>
            {attention.map((it) => (
              <UnknownNote key={it.inboxId} look={it} />
            ))}
          </section>
        )}
        {looks.length === 0 && (
          <>
            <p className="lead">{t('looked.emptyText')}</p>
            <div className="acts">
              <Link className="btn main" to="/share">
                <Icon name="share" />
                {t('home.share')}
              </Link>
            </div>
          </>
        )}
        {looks.length > 0 && shown.length === 0 && <p className="dim mt">{t('looked.noneSuch')}</p>}
        <Days looks={rest} />
      </div>
      <div>
        <Limits looked={looked} doubtful={doubtful} />
      </div>
    </div>
  );
}

const weekMs = 7 * 86_400_000;

/** One who looked by name, more by number; what is missing takes the place of the answer. */
function LookedAnswer({ looked: { looks, withheld } }: { readonly looked: LookedView }) {
  const { t } = useTranslation();
  const nameOf = usePersonName();
  const missing = withheld.reduce((sum, it) => sum + it.counted - it.seen, 0);
  if (missing > 0) {
    return (
      <Answer>
        <span className="bad">{t('looked.missing', { count: missing })}</span>
      </Answer>
    );
  }
  const since = Date.now() - weekMs;
  const recent = looks.filter((it) => it.ms >= since);
  const allowed = recent.filter((it) => it.kind === 'look');
  const refused = times(recent.filter((it) => it.kind === 'refused'));
  const readers = [
    ...new Map(allowed.map((it) => [it.person.account, nameOf(it.person)])).values(),
  ];
  const who = readers.length > 2 ? t('home.people', { count: readers.length }) : listed(readers);
  return (
    <Answer>
      {looks.length === 0 ? (
        t('looked.empty')
      ) : allowed.length === 0 ? (
        t('looked.noneThisWeek')
      ) : (
        <Trans
          i18nKey="looked.answer"
          count={allowed.length}
          values={{ who }}
          components={{ em: <em /> }}
        />
      )}{' '}
      {refused > 0 && (
        <Trans
          i18nKey="home.refused"
          count={refused}
          components={{ bad: <span className="bad" /> }}
        />
      )}
    </Answer>
  );
}

function Withheld({
  looked: { withheld },
  again,
}: {
  readonly looked: LookedView;
  readonly again: () => void;
}) {
  const { t } = useTranslation();
  const nameOf = usePersonName();
  return (
    <div className="note bad mt" role="alert">
      <Icon name="attend" />
      <div>
        <p className="h">{t('looked.withheldTitle')}</p>
        {withheld.map(({ share, counted, seen }) => (
          <p key={share?.consent ?? ''}>
            {t('looked.withheldRow', {
              who:
                share === undefined ? t('people.unknown') : nameOf(share.person, share.calledName),
              counted,
              seen,
            })}
          </p>
        ))}
        <p>{t('looked.withheldWay')}</p>
        <div className="way">
          <button type="button" className="btn line small" onClick={again}>
            <Icon name="again" />
            {t('parts.again')}
          </button>
        </div>
      </div>
    </div>
  );
}

function Days({ looks }: { readonly looks: readonly LookView[] }) {
  const byDay = new Map<string, LookView[]>();
  for (const it of looks) {
    const day = dayOf(it.ms);
    byDay.set(day, [...(byDay.get(day) ?? []), it]);
  }
  return (
    <>
      {[...byDay].map(([day, those]) => (
        <section className="sec" key={day}>
          <div className="sec-head">
            <h2>{day}</h2>
          </div>
          <ul className="sheet rows">
            {those.map((it) => (
              <LookRow key={it.inboxId} look={it} />
            ))}
          </ul>
        </section>
      ))}
    </>
  );
}

/** What the list can show and what it cannot, and how the ledger's count compares. */
function Limits({
  looked,
  doubtful,
}: {
  readonly looked: LookedView;
  readonly doubtful: readonly string[];
}) {
  const { t } = useTranslation();
  return (
    <>
      <section className="sec side1 no-print">
        <div className="sec-head">
          <h2>{t('looked.limits')}</h2>
        </div>
        <ul className="what sm">
          <li>
            <Icon name="check" />
            <span>{t('looked.limitCounted')}</span>
          </li>
          <li>
            <Icon name="check" />
            <span>{t('looked.limitRefused')}</span>
          </li>
          <li className="no">
            <Icon name="attend" />
            <span>{t('looked.limitCopies')}</span>
          </li>
        </ul>
        <p className="sm dim mt-s">
          {t('looked.counted', { counted: looked.counted, listed: looked.listed })}
        </p>
      </section>
      {doubtful.length > 0 && (
        <div className="note warn sec">
          <Icon name="attend" />
          <div>
            <p className="h">{t('looked.doubtful', { count: doubtful.length })}</p>
            <p>{t('looked.doubtfulText')}</p>
            <p className="xs dim">{[...new Set(doubtful)].join(' · ')}</p>
          </div>
        </div>
      )}
      <section className="sec no-print">
        <div className="sec-head">
          <h2>{t('looked.keep')}</h2>
        </div>
        <p className="sm dim">{t('looked.keepText')}</p>
        <div className="acts mt-s">
          <button type="button" className="btn line small" onClick={() => print()}>
            <Icon name="print" />
            {t('looked.print')}
          </button>
          <Link className="btn line small" to="/looked/report">
            {t('titles.report')}
          </Link>
        </div>
      </section>
    </>
  );
}
