import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useParams } from 'react-router';
import { momentText } from '../../app/dates.ts';
import { useAct, useCall } from '../../boundary/use-call.ts';
import { Banner } from '../../pages/clinician/banner.tsx';
import { NotOpen } from '../../pages/clinician/refused.tsx';
import { useChart } from '../../pages/clinician/use-chart.ts';
import { useDense } from '../../pages/clinician/use-dense.ts';
import { Failed } from '../../parts/failure.tsx';
import { Icon } from '../../parts/icon.tsx';
import { NeedsNetwork } from '../../parts/needs-network.tsx';
import { Unanswered } from '../../parts/unanswered.tsx';
import { WayBack } from '../../parts/way-back.tsx';
import type { Period, VitalsView } from './calls.ts';
import { HowItIs } from './how-it-is.tsx';
import { OneVital } from './one-vital.tsx';
import { Periods } from './periods.tsx';
import { Sources } from './sources.tsx';
import './vitals.css';

/** Curves of what a patient's sensors sent, in her chart; each period is one look. */
export function ChartVitalsPage() {
  useDense();
  const { patient = '' } = useParams();
  // Another patient is another page: nothing of the one before is left on it.
  return <Of key={patient} patient={patient} />;
}

function Of({ patient }: { readonly patient: string }) {
  const { t } = useTranslation();
  const [period, setPeriod] = useState<Period>('week');
  const followed = useChart(patient);
  const asked = useCall('vitals.chart', { patient, period, again: false }, { keep: true });
  const look = useAct('vitals.chart');
  const again = () => look.mutate({ patient, period, again: true });
  if (followed.chart === undefined && followed.error !== undefined) {
    return (
      <main id="page" className="page" tabIndex={-1}>
        <NotOpen error={followed.error} again={followed.again} />
      </main>
    );
  }
  const { data } = asked;
  return (
    <>
      <Banner chart={followed.chart} />
      <main id="page" className="page" tabIndex={-1}>
        <WayBack to={`/chart/${patient}`}>{t('titles.chart')}</WayBack>
        {data === undefined ? (
          <Unanswered
            what={t('vitals.waiting')}
            error={asked.error}
            again={() => void asked.refetch()}
          />
        ) : (
          <>
            <HowItIs view={data.vitals} />
            <Periods chosen={period} onChoose={setPeriod} />
            <p className="hint no-print">{t('vitals.periodLook')}</p>
            {asked.error !== null && (
              <Failed error={asked.error} again={() => void asked.refetch()} />
            )}
            <div aria-busy={asked.isPlaceholderData}>
              <Curves view={data.vitals} />
            </div>
            {look.error !== null && <Failed error={look.error} />}
            <NeedsNetwork what="look" />
            <div className="acts no-print">
              <button
                type="button"
                className="btn line small"
                disabled={look.isPending}
                onClick={again}
              >
                <Icon name="again" />
                {look.isPending ? t('vitals.reading') : t('chart.lookAgain')}
              </button>
            </div>
          </>
        )}
      </main>
    </>
  );
}

function Curves({ view }: { readonly view: VitalsView }) {
  const { t } = useTranslation();
  const { fromMs, untilMs, askedMs } = view;
  return (
    <>
      {view.curves.map((it) => (
        <OneVital key={it.vital} curve={it} span={{ fromMs, untilMs }} />
      ))}
      {view.curves.length > 0 && <p className="hint mt">{t('vitals.noDiagnosis')}</p>}
      <Sources view={view} />
      <p className="sm dim" role="status">
        {t('vitals.looked', { when: momentText(askedMs) })}
      </p>
    </>
  );
}
