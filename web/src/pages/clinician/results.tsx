import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation, useParams } from 'react-router';
import { unitShown } from '../../boundary/units.ts';
import { Amount } from '../../parts/amount.tsx';
import { Failed } from '../../parts/failure.tsx';
import { Flag } from '../../parts/value.tsx';
import { WayBack } from '../../parts/way-back.tsx';
import type { TestView } from '../../worker/chart-view.ts';
import { Banner, SilenceWords } from './banner.tsx';

import { NotOpen } from './refused.tsx';
import { ValuesTable } from './results-table.tsx';
import { useChart } from './use-chart.ts';
import { useDense } from './use-dense.ts';

/** All values of all tests; the one whose name was touched is open. */
export function Results() {
  const { t } = useTranslation();
  useDense();
  const { patient = '' } = useParams();
  const { chart, error, again } = useChart(patient);
  const tests = chart?.tests;
  if (chart === undefined && error !== undefined) {
    return (
      <main id="page" className="page" tabIndex={-1}>
        <NotOpen error={error} again={again} />
      </main>
    );
  }
  return (
    <>
      <Banner chart={chart} />
      <main id="page" className="page" tabIndex={-1}>
        <WayBack to={`/chart/${patient}`}>{t('titles.chart')}</WayBack>
        <h1 className="answer wide-a">{t('chart.results')}</h1>
        {error !== undefined && <Failed error={error} again={again} />}
        {tests === undefined ? (
          <div aria-busy="true">
            <span className="sk h2 w60 mt" />
          </div>
        ) : tests.silence === undefined ? (
          <Tests tests={tests.entries} patient={patient} />
        ) : (
          <p className="mt">
            <SilenceWords silence={tests.silence} />
          </p>
        )}
      </main>
    </>
  );
}

function Tests({
  tests,
  patient,
}: {
  readonly tests: readonly TestView[];
  readonly patient: string;
}) {
  const { hash } = useLocation();
  return tests.map((it) => (
    <Test
      key={it.last.handle}
      test={it}
      patient={patient}
      isAsked={hash === `#${it.last.handle}`}
    />
  ));
}

function Test({
  test,
  patient,
  isAsked,
}: {
  readonly test: TestView;
  readonly patient: string;
  readonly isAsked: boolean;
}) {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(isAsked);
  const { last, values } = test;
  useEffect(() => {
    if (isAsked) document.getElementById(last.handle)?.scrollIntoView({ block: 'center' });
  }, [isAsked, last.handle]);
  return (
    <details
      id={last.handle}
      className="onetest"
      open={isOpen}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>
        <span className="b">
          <bdi>{last.name}</bdi>
        </span>{' '}
        <span className="amount">
          <Amount value={last.value} unit={unitShown(last.unit)} className="v n" />
        </span>
        <span>
          <Flag flag={last.flag} />
        </span>
        <span className="dim sm">{t('chart.valuesCount', { count: values.length })}</span>
      </summary>
      {isOpen && <ValuesTable test={test} patient={patient} />}
    </details>
  );
}
