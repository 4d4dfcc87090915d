import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { momentText } from '../../../app/dates.ts';
import { spokenNow } from '../../../app/language.ts';
import { useCall, useSession } from '../../../boundary/use-call.ts';
import { Answer } from '../../../parts/answer.tsx';
import { Icon } from '../../../parts/icon.tsx';
import { saveFile } from '../../../parts/save.ts';
import { Unanswered } from '../../../parts/unanswered.tsx';
import { WayBack } from '../../../parts/way-back.tsx';
import type { ReportView } from '../../../worker/calls/report.ts';

const dayMs = 86_400_000;
/** What hospitals owe at least (Regulation (EU) 2025/327, Article 9). */
const yearsAgo = 3;

const dayText = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
const startOf = (day: string): number => Date.parse(`${day}T00:00:00Z`);

/** Everything that was done with one's record in a time, to print, and as a signed file. */
export function AccessReportPage() {
  const { t } = useTranslation();
  const [today] = useState(() => Date.now());
  const [from, setFrom] = useState(() => {
    const date = new Date(today);
    date.setUTCFullYear(date.getUTCFullYear() - yearsAgo);
    return dayText(date.getTime());
  });
  const [until, setUntil] = useState(dayText(today));
  const period = { fromMs: startOf(from), untilMs: startOf(until) + dayMs };
  const isPeriod = period.fromMs < period.untilMs;
  const input = { ...period, language: spokenNow(), unknown: t('people.unknown') };
  const asked = useCall('looked.report', input, { enabled: isPeriod, keep: true });
  const form = (
    <form className="period no-print" onSubmit={(event) => event.preventDefault()}>
      {(
        [
          ['from', from, setFrom],
          ['until', until, setUntil],
        ] as const
      ).map(([side, value, set]) => (
        <div key={side} className="field">
          <label htmlFor={`report-${side}`}>{t(`report.${side}`)}</label>
          <input
            id={`report-${side}`}
            className="in-text"
            type="date"
            required
            value={value}
            onChange={({ target }) => {
              if (target.value !== '') set(target.value);
            }}
          />
        </div>
      ))}
      {!isPeriod && (
        <p className="sm mt-s" role="alert">
          {t('report.backwards')}
        </p>
      )}
    </form>
  );
  return (
    <main id="page" className="page" tabIndex={-1}>
      <WayBack to="/looked">{t('nav.looked')}</WayBack>
      {asked.data === undefined ? (
        <>
          <Unanswered
            what={t('report.waiting')}
            error={asked.error}
            again={() => void asked.refetch()}
          />
          {form}
        </>
      ) : (
        // What another time was asked for stays in view meanwhile, and says of which it is.
        <div aria-busy={asked.isPlaceholderData}>
          <Known report={asked.data}>{form}</Known>
        </div>
      )}
    </main>
  );
}

function Known({
  report,
  children,
}: {
  readonly report: ReportView;
  /** What it is asked for by. */
  readonly children: ReactNode;
}) {
  const { t } = useTranslation();
  const session = useSession();
  const { lines, withheld, missing, file } = report;
  const [from, until] = [dayText(report.fromMs), dayText(report.untilMs - 1)];
  const name = session?.open === true ? session.name : '';
  return (
    <>
      <Answer>
        {lines.length === 0 ? t('report.none') : t('report.some', { count: lines.length })}
      </Answer>
      <p className="lead">{t('report.lead', { name, from, until })}</p>
      {withheld > 0 ? (
        <p className="note bad" role="alert">
          {t('report.withheld', { count: withheld })}
        </p>
      ) : (
        <p className="sm">{t('report.complete')}</p>
      )}
      {missing.length > 0 && (
        <p className="sm" role="status">
          {t('report.missing', { what: missing.join(', ') })}
        </p>
      )}
      {children}
      <div className="acts mt-s no-print">
        <button type="button" className="btn line small" onClick={() => print()}>
          <Icon name="print" />
          {t('looked.print')}
        </button>
        <button
          type="button"
          className="btn line small"
          onClick={() => saveFile(new Blob([file.bytes]), file.fileName)}
        >
          <Icon name="save" />
          {t('report.save')}
        </button>
      </div>
      <ul className="list sm mt" data-testid="report">
        {lines.map((it, at) => (
          // Two may be alike, and their order does not change while they are shown.
          // biome-ignore lint/suspicious/noArrayIndexKey: the list is drawn anew as a whole
          <li key={at} data-kind={it.kind}>
            {it.said}
            <br />
            <span className="dim">{it.atMs === 0 ? '' : momentText(it.atMs)}</span>
            {it.report !== undefined && (
              <>
                <br />
                <span className="dim mono">
                  {t(it.report.height === 0 ? 'report.noPlace' : 'report.place', it.report)}
                </span>
              </>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}
