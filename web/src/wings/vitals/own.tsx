import { useState } from 'react';
import { Trans, useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { agoText, listed } from '../../app/dates.ts';
import { useCall } from '../../boundary/use-call.ts';
import { Answer } from '../../parts/answer.tsx';
import { Failed } from '../../parts/failure.tsx';
import { Icon } from '../../parts/icon.tsx';
import { Unanswered } from '../../parts/unanswered.tsx';
import type { OwnVitals, Period, VitalsView } from './calls.ts';
import { OneVital } from './one-vital.tsx';
import { Periods } from './periods.tsx';
import { Sources } from './sources.tsx';
import { useAmounts } from './words.ts';
import './vitals.css';

/** What one's own devices measured: read from three servers of which none sees a value, judged on this device. */
export function OwnVitalsPage() {
  const { t } = useTranslation();
  const [period, setPeriod] = useState<Period>('week');
  const asked = useCall('vitals.own', { period }, { keep: true });
  const again = () => void asked.refetch();
  const { data } = asked;
  return (
    <main id="page" className="page" tabIndex={-1}>
      <p className="over">
        <Link to="/home">
          <Icon name="back" flip />
          {t('nav.home')}
        </Link>
      </p>
      {data === undefined ? (
        <Unanswered what={t('vitals.waiting')} error={asked.error} again={again} />
      ) : data.vitals === undefined ? (
        <NoDevice />
      ) : (
        <>
          <HowItIs view={data.vitals} />
          <Periods chosen={period} onChoose={setPeriod} />
          {asked.error !== null && <Failed error={asked.error} again={again} />}
          <div aria-busy={asked.isPlaceholderData}>
            <Curves own={data} view={data.vitals} />
          </div>
        </>
      )}
    </main>
  );
}

function NoDevice() {
  const { t } = useTranslation();
  return (
    <>
      <Answer>{t('vitals.noDevice')}</Answer>
      <p className="lead">{t('vitals.noDeviceText')}</p>
    </>
  );
}

const silentMs = 24 * 3_600_000;

/** The odd thing first: silence, then what is outside its range now, then what was. */
export function HowItIs({ view }: { readonly view: VitalsView }) {
  const { t } = useTranslation();
  const { nameOf } = useAmounts();
  const { curves, newestMs, askedMs, period } = view;
  const marks = { warn: <span className="warn" /> };
  if (newestMs === undefined) return <Answer>{t(`vitals.nothing.${period}`)}</Answer>;
  const now = curves.filter(({ outside }) => outside.some((it) => !it.isOver));
  const before = curves.filter(({ outside }) => outside.length > 0);
  const names = (of: VitalsView['curves']): string => listed(of.map(({ vital }) => nameOf(vital)));
  return (
    <Answer>
      {now.length > 0 ? (
        <Trans
          i18nKey="vitals.outNow"
          count={now.length}
          values={{ names: names(now) }}
          components={marks}
        />
      ) : before.length > 0 ? (
        <Trans
          i18nKey={`vitals.outBefore.${period}`}
          count={before.length}
          values={{ names: names(before) }}
          components={marks}
        />
      ) : (
        t(`vitals.inside.${period}`)
      )}{' '}
      {askedMs - newestMs > silentMs && (
        <Trans
          i18nKey="vitals.quiet"
          values={{ ago: agoText(newestMs, askedMs) }}
          components={marks}
        />
      )}
    </Answer>
  );
}

function Curves({ own, view }: { readonly own: OwnVitals; readonly view: VitalsView }) {
  const { t } = useTranslation();
  const { fromMs, untilMs } = view;
  return (
    <>
      {view.curves.map((it) => (
        <OneVital key={it.vital} curve={it} span={{ fromMs, untilMs }} />
      ))}
      {view.curves.length > 0 && <p className="hint mt">{t('vitals.noDiagnosis')}</p>}
      <Sources view={view} />
      <p className="sm dim">{t('vitals.devices', { count: own.devices })}</p>
    </>
  );
}
