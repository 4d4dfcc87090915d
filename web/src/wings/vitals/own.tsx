import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useCall } from '../../boundary/use-call.ts';
import { Answer } from '../../parts/answer.tsx';
import { Failed } from '../../parts/failure.tsx';
import { Unanswered } from '../../parts/unanswered.tsx';
import { WayBack } from '../../parts/way-back.tsx';
import type { OwnVitals, Period, VitalsView } from './calls.ts';
import { Devices, DeviceTroubles } from './devices.tsx';
import { HowItIs } from './how-it-is.tsx';
import { OneVital } from './one-vital.tsx';
import { Periods } from './periods.tsx';
import { Sources } from './sources.tsx';
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
      <WayBack to="/home">{t('nav.home')}</WayBack>
      {data === undefined ? (
        <Unanswered what={t('vitals.waiting')} error={asked.error} again={again} />
      ) : data.vitals === undefined ? (
        <NoDevice />
      ) : (
        <>
          <HowItIs view={data.vitals} saysQuiet={false} />
          <DeviceTroubles devices={data.devices} />
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

function Curves({ own, view }: { readonly own: OwnVitals; readonly view: VitalsView }) {
  const { t } = useTranslation();
  const { fromMs, untilMs } = view;
  return (
    <>
      {view.curves.map((it) => (
        <OneVital key={it.vital} curve={it} span={{ fromMs, untilMs }} />
      ))}
      {view.curves.length > 0 && <p className="hint mt">{t('vitals.noDiagnosis')}</p>}
      <Sources view={view} isOwn />
      <Devices devices={own.devices} period={view.period} askedMs={view.askedMs} />
      <p className="sm mt">
        <Link to="/studies">{t('studies.link', { count: own.studies })}</Link>
      </p>
    </>
  );
}
