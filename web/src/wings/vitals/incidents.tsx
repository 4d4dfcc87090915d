import { useTranslation } from 'react-i18next';
import { listed, locale, momentText } from '../../app/dates.ts';
import { useCall } from '../../boundary/use-call.ts';
import { Answer } from '../../parts/answer.tsx';
import { type Answered, AskedPage } from '../../parts/asked-page.tsx';
import { NotNow } from '../../parts/not-now.tsx';
import { saveFile } from '../../parts/save.ts';
import { WayBack } from '../../parts/way-back.tsx';
import type { IncidentsView, IncidentView } from './calls-incidents.ts';

/** While it is open it asks again by itself. */
const everyMs = 10_000;
const placesShown = 12;

/** What happened to what this hospital keeps for others: one sentence answers, then each report in plain words. */
export function IncidentsPage() {
  const { t } = useTranslation();
  const asked = useCall('incidents.list', undefined, { everyMs });
  return (
    <AskedPage
      asked={asked}
      what={t('incidents.waiting')}
      back={<WayBack to="/network">{t('nav.network')}</WayBack>}
    >
      {(answered) => <Known {...answered} />}
    </AskedPage>
  );
}

function Known({ view: { incidents, askedMs }, error, again }: Answered<IncidentsView>) {
  const { t } = useTranslation();
  const over = new Set(incidents.map(({ follows }) => follows));
  const open = incidents.filter((it) => !isOver(it) && !over.has(it.name)).length;
  return (
    <>
      {error === null ? (
        <Answer>
          {incidents.length === 0
            ? t('incidents.none')
            : open === 0
              ? t('incidents.allOver')
              : t('incidents.open', { count: open })}
        </Answer>
      ) : (
        <NotNow askedMs={askedMs} error={error} again={again} />
      )}
      <p className="lead">{t('incidents.lead')}</p>
      {incidents.map((it) => (
        <Incident key={it.name} incident={it} isOver={isOver(it) || over.has(it.name)} />
      ))}
    </>
  );
}

/** It says itself that it is over, or that nothing came of it; a quarantine goes on until another report ends it. */
const isOver = ({ done }: IncidentView): boolean => done.some(({ what }) => what !== 'quarantined');

const kinds = ['tampering', 'lost', 'write-attempt', 'set-back', 'lied'] as const;
const stores = ['gateway', 'blobs', 'copies', 'ledger', 'data-server'] as const;
const ways = ['http', 'file', 'database'] as const;

/** What it means, when, who is concerned and what the machine tells; the rest is folded away. */
function Incident({ incident, isOver: over }: { incident: IncidentView; isOver: boolean }) {
  const { t } = useTranslation();
  const { name, height, kind, store, foundMs, wholeMs, people, attempts, done } = incident;
  const number = new Intl.NumberFormat(locale());
  const isAtServer = kind === 'write-attempt' && store === 'data-server';
  const known = isAtServer ? 'server-attempt' : (kinds.find((it) => it === kind) ?? 'tampering');
  const where = t(`incidents.store.${stores.find((it) => it === store) ?? 'other'}`, { store });
  const isEnd = done.some(({ what }) => what === 'whole again');
  const title = isEnd ? t('incidents.end', { where }) : t(`incidents.kind.${known}`, { where });
  return (
    <section className="sec sheet pad maxw" aria-label={title}>
      <div className="sec-head">
        <h2>{title}</h2>
        <span className={over ? 'tag' : 'tag warn'}>
          {t(over ? 'incidents.over' : 'incidents.notOver')}
        </span>
      </div>
      <p>{t(isEnd ? 'incidents.endMeans' : `incidents.means.${known}`)}</p>
      <p className="sm mt-s">
        {t('incidents.found', { when: momentText(foundMs) })}{' '}
        {kind !== 'write-attempt' &&
          !isEnd &&
          (wholeMs === 0
            ? t('incidents.neverWhole')
            : t('incidents.whole', { when: momentText(wholeMs) }))}{' '}
        {people > 0 && t('incidents.people', { count: people })}
      </p>
      {attempts.map((it) => (
        <Attempt key={`${it.atMs} ${it.what}`} attempt={it} />
      ))}
      <Details incident={incident} />
      <p className="sm dim">
        {height === 0
          ? t('incidents.notWritten')
          : t('incidents.written', { height: number.format(height) })}
      </p>
      <div className="acts">
        <button
          type="button"
          className="btn line small"
          onClick={() => saveFile(new Blob([bytesOf(incident.signed)]), `incident-${name}.report`)}
        >
          {t('incidents.export')}
          <span className="hide"> {title}</span>
        </button>
      </div>
    </section>
  );
}

function Attempt({ attempt }: { attempt: IncidentView['attempts'][number] }) {
  const { t } = useTranslation();
  const { atMs, way, who, from, claimedMac, what } = attempt;
  const by = [
    who,
    from !== '' && t('incidents.from', { from }),
    claimedMac !== '' && t('incidents.mac', { mac: claimedMac }),
  ].filter((it) => typeof it === 'string' && it !== '');
  return (
    <p className="sm">
      {t(`incidents.way.${ways.find((it) => it === way) ?? 'file'}`, { when: momentText(atMs) })}{' '}
      <bdi className="mono">{what}</bdi>
      {by.length > 0 && (
        <>
          {' · '}
          <bdi>{listed(by.map(String))}</bdi>
        </>
      )}
    </p>
  );
}

/** Places and what the machine does not tell, in its own words. */
function Details({ incident: { places, more, untold } }: { incident: IncidentView }) {
  const { t } = useTranslation();
  const hidden = Math.max(0, places.length - placesShown) + more;
  if (places.length + untold.length === 0) return null;
  return (
    <details className="mt-s">
      <summary>{t('incidents.details')}</summary>
      {places.length > 0 && (
        <ul className="list sm">
          {places.slice(0, placesShown).map(({ table, row, column, bound }) => (
            <li key={`${table} ${row} ${column} ${bound}`}>
              <bdi className="mono">{[table, row, column].filter(Boolean).join(' ')}</bdi>{' '}
              <bdi className="dim">{bound}</bdi>
            </li>
          ))}
        </ul>
      )}
      {hidden > 0 && <p className="sm dim">{t('incidents.more', { count: hidden })}</p>}
      {untold.length > 0 && (
        <>
          <p className="sm">{t('incidents.untold')}</p>
          <ul className="list sm">
            {untold.map((it) => (
              <li key={it} lang="en" dir="ltr">
                {it}
              </li>
            ))}
          </ul>
        </>
      )}
    </details>
  );
}

/** Of base64url, as the hospital says the signed bytes. */
function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (it) => it.charCodeAt(0));
}
