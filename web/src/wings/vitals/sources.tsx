import { useTranslation } from 'react-i18next';
import { dayOf, listed, momentText } from '../../app/dates.ts';
import { Icon } from '../../parts/icon.tsx';
import type { VitalsView } from './calls.ts';

/** Where it came from, who did not answer, and what is missing: in words, and only what is so. */
export function Sources({
  view,
  isOwn = false,
}: {
  readonly view: VitalsView;
  /** Of the person who looks: there is no share. */
  readonly isOwn?: boolean;
}) {
  const { t } = useTranslation();
  const { servers, fromServers, fromCopies, missingDays, missingHours, gaps } = view;
  const titles = (state: string): string =>
    listed(servers.filter((it) => it.state === state).map(({ title }) => title));
  const of = (state: string): number => servers.filter((it) => it.state === state).length;
  const came = fromCopies === 0 ? 'fromServers' : fromServers === 0 ? 'fromCopies' : 'fromBoth';
  return (
    <section className="sec" aria-label={t('vitals.sources')}>
      <div className="sec-head">
        <h2>{t('vitals.sources')}</h2>
      </div>
      {of('lied') > 0 && (
        <div className="note bad" role="alert">
          <Icon name="attend" />
          <div>
            <p className="h">{t('vitals.lied', { count: of('lied'), who: titles('lied') })}</p>
            <p>{t('vitals.liedText')}</p>
          </div>
        </div>
      )}
      {of('tampered') > 0 && (
        <div className="note bad" role="alert">
          <Icon name="attend" />
          <div>
            <p className="h">
              {t('vitals.tampered', { count: of('tampered'), who: titles('tampered') })}
            </p>
            <p>{t('vitals.tamperedText')}</p>
          </div>
        </div>
      )}
      {fromServers + fromCopies > 0 && (
        <p className="sm mt-s">
          {t(`vitals.${came}`, { who: listed(servers.map((it) => it.title)) })}
        </p>
      )}
      <ul className="list sm">
        {of('silent') > 0 && (
          <li>{t('vitals.silent', { count: of('silent'), who: titles('silent') })}</li>
        )}
        {of('refused') > 0 && (
          <li>
            {t(isOwn ? 'vitals.refusedOwn' : 'vitals.refused', {
              count: of('refused'),
              who: titles('refused'),
            })}
          </li>
        )}
        {missingDays.length > 0 && (
          <li>{t('vitals.missingDays', { days: listed(missingDays.map(dayInUtc)) })}</li>
        )}
        {missingHours > 0 && <li>{t('vitals.missingHours', { count: missingHours })}</li>}
        {gaps.map(({ fromMs, untilMs }) => (
          <li key={`${fromMs} ${untilMs}`}>
            {t('vitals.gap', { from: momentText(fromMs), until: momentText(untilMs) })}
          </li>
        ))}
      </ul>
      <p className="hint">{t('vitals.spread')}</p>
    </section>
  );
}

/** A day of the copies ends at midnight of UTC: noon of it is in the same day almost everywhere. */
const dayInUtc = (ms: number): string => dayOf(ms + 12 * 3_600_000);
