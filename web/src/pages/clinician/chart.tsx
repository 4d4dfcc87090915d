import { Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import { clinicalDay, momentText } from '../../app/dates.ts';
import { useSession } from '../../boundary/use-call.ts';
import { Failed } from '../../parts/failure.tsx';
import { Icon } from '../../parts/icon.tsx';
import { NeedsNetwork } from '../../parts/needs-network.tsx';
import { webWings } from '../../wings/all.ts';
import type { ChartView } from '../../worker/chart-view.ts';
import { Banner, nameOf } from './banner.tsx';
import { Also, Documents, Entries, Folded, Medicines } from './chart-lists.tsx';
import { ChartSection } from './entry.tsx';
import { SharedWords } from './patients-table.tsx';
import { NotOpen } from './refused.tsx';
import { ResultsTable } from './results-table.tsx';
import { type FollowedChart, useChart } from './use-chart.ts';
import { useDense } from './use-dense.ts';
import { Vitals } from './vitals.tsx';

/** One patient's chart, by one look: what must not be missed first. */
export function Chart() {
  useDense();
  const { patient = '' } = useParams();
  // Another patient is another page: nothing of the one before is left on it.
  return <ChartOf key={patient} patient={patient} />;
}

function ChartOf({ patient }: { readonly patient: string }) {
  const { t } = useTranslation();
  const followed = useChart(patient);
  const { chart, error, again } = followed;
  if (chart === undefined && error !== undefined) {
    return (
      <main id="page" className="page" tabIndex={-1}>
        <NotOpen error={error} again={again} />
      </main>
    );
  }
  const mayWrite = chart !== undefined && writes(chart);
  return (
    <>
      <Banner chart={chart} isHeading>
        {mayWrite && (
          <Link className="btn main small" to={`/chart/${patient}/write`}>
            <Icon name="write" />
            {t('chart.write')}
          </Link>
        )}
      </Banner>
      <main id="page" className="page chartpage" tabIndex={-1}>
        {chart === undefined ? <Opening /> : <Known followed={{ ...followed, chart }} />}
      </main>
    </>
  );
}

export const writes = ({ shared }: ChartView): boolean =>
  shared.writeClasses.includes('note') || shared.writeClasses.includes('diagnosis');

function Opening() {
  const { t } = useTranslation();
  return (
    <div aria-busy="true">
      <p className="dim" role="status">
        {t('chart.opening')}
      </p>
      <span className="sk h2 w80 mt" />
      <span className="sk h2 w60" />
    </div>
  );
}

const firstResults = 12;

function Known({ followed }: { readonly followed: FollowedChart & { readonly chart: ChartView } }) {
  const { t } = useTranslation();
  const { chart, error, again } = followed;
  const { handle: patient, pastProblems, pastMedicines } = chart;
  return (
    <>
      <PrintHead chart={chart} />
      {error !== undefined && <Failed error={error} again={again} />}
      <Vitals chart={chart} />
      {webWings.flatMap(({ name, Chart: OfWing }) =>
        OfWing === undefined
          ? []
          : [
              <Suspense key={name} fallback={null}>
                <OfWing chart={chart} />
              </Suspense>,
            ],
      )}
      <div className="cols">
        <div>
          <ChartSection title={t('chart.problems')} part={chart.problems}>
            {(entries) => <Entries entries={entries} patient={patient} />}
          </ChartSection>
          <Folded entries={pastProblems} patient={patient}>
            {t('chart.pastProblems', { count: pastProblems.length })}
          </Folded>
          <ChartSection title={t('chart.medicines')} part={chart.medicines}>
            {(entries) => <Medicines entries={entries} patient={patient} />}
          </ChartSection>
          <Folded entries={pastMedicines} patient={patient}>
            {t('chart.pastMedicines', { count: pastMedicines.length })}
          </Folded>
          <Also chart={chart} />
          {chart.wrong.length > 0 && (
            <section className="sec">
              <div className="sec-head">
                <h2>{t('chart.wrong')}</h2>
              </div>
              <p className="dim sm">{t('chart.wrongText')}</p>
              <Entries entries={chart.wrong} patient={patient} />
            </section>
          )}
        </div>
        <div>
          <ChartSection
            title={t('chart.results')}
            part={chart.tests}
            head={
              chart.tests !== undefined &&
              chart.tests.entries.length > 0 && (
                <Link className="no-print" to={`/chart/${patient}/results`}>
                  {t('chart.all', { count: chart.tests.entries.length })}
                </Link>
              )
            }
          >
            {(tests) => <ResultsTable tests={tests.slice(0, firstResults)} patient={patient} />}
          </ChartSection>
          <ChartSection title={t('chart.documents')} part={chart.documents}>
            {(entries) => <Documents entries={entries} patient={patient} />}
          </ChartSection>
        </div>
      </div>
      {writes(chart) && (
        <div className="acts narrow">
          <Link className="btn main fill" to={`/chart/${patient}/write`}>
            <Icon name="write" />
            {t('chart.writeLong')}
          </Link>
        </div>
      )}
      <Looked chart={chart} again={again} />
    </>
  );
}

/** What was looked at, when, and that the patient sees it. */
function Looked({ chart, again }: { readonly chart: ChartView; readonly again: () => void }) {
  const { t } = useTranslation();
  return (
    <section className="sec no-print">
      {chart.unreadable > 0 && (
        <div className="note warn">
          <Icon name="attend" />
          <p>{t('chart.unreadable', { count: chart.unreadable })}</p>
        </div>
      )}
      <p className="dim sm" role="status">
        {chart.isFromDevice
          ? t('chart.fromDevice', { when: momentText(chart.lookedMs) })
          : chart.isWhole
            ? t('chart.looked', { when: momentText(chart.lookedMs), count: chart.looks })
            : t('chart.comes', { done: chart.done, total: chart.total })}
      </p>
      <p className="dim sm">
        <SharedWords shared={chart.shared} />
      </p>
      {chart.isWhole && (
        <div className="acts">
          <button type="button" className="btn line small" onClick={again}>
            <Icon name="again" />
            {t('chart.lookAgain')}
          </button>
          <button type="button" className="btn line small" onClick={() => print()}>
            <Icon name="print" />
            {t('chart.print')}
          </button>
          <NeedsNetwork what="look" />
        </div>
      )}
    </section>
  );
}

/** A print is given away: whose it is, when and by whom it was printed. */
function PrintHead({ chart: { banner } }: { readonly chart: ChartView }) {
  const { t } = useTranslation();
  const session = useSession();
  if (banner === undefined) return null;
  const born = banner.person?.born ?? '';
  return (
    <p className="print-only sm">
      {[nameOf(banner), ...(born === '' ? [] : [clinicalDay(born)])].join(' · ')}
      {' · '}
      {t('chart.printed', {
        when: momentText(Date.now()),
        who: session?.open === true ? session.name : '',
      })}
    </p>
  );
}
