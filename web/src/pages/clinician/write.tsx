import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useParams } from 'react-router';
import { Failed } from '../../parts/failure.tsx';
import { WayBack } from '../../parts/way-back.tsx';
import type { Signed } from '../../worker/calls/writing.ts';
import { Banner, usePatientNamed } from './banner.tsx';
import { Beside } from './beside.tsx';
import { useChart } from './use-chart.ts';
import { useDense } from './use-dense.ts';
import { useDraft, type WrittenDraft } from './use-draft.ts';
import { WriteForm } from './write-form.tsx';
import { ChartMissing, Done } from './write-notices.tsx';

/** A note or a diagnosis in somebody's chart, or a new version of one's own; a draft until it is signed. */
export function Write() {
  useDense();
  const { patient = '', draft, amends } = useParams();
  return (
    <WriteFor key={`${patient} ${draft ?? ''} ${amends ?? ''}`} {...{ patient, draft, amends }} />
  );
}

function WriteFor({
  patient,
  draft,
  amends,
}: {
  readonly patient: string;
  readonly draft: string | undefined;
  readonly amends: string | undefined;
}) {
  const { t } = useTranslation();
  const { chart, error, again } = useChart(patient);
  const isReady = amends === undefined || chart?.isWhole === true;
  const written = useDraft({ patient, draft, amends, isReady });
  const [signed, setSigned] = useState<Signed>();
  const { opened, text } = written;
  const named = usePatientNamed();
  const name =
    chart?.banner?.name || opened?.patientName || (chart === undefined ? '' : named(chart));
  return (
    <>
      <Banner chart={chart} name={opened?.patientName} />
      <main id="page" className="page" tabIndex={-1}>
        <WayBack to={`/chart/${patient}`}>{t('titles.chart')}</WayBack>
        {signed?.state === 'written' ? (
          <Done patient={patient} name={name} />
        ) : (
          <div className="split">
            <div>
              <h1 className="answer wide-a">
                {opened?.isAmending === true ? t('write.amend') : t('write.answer')}
              </h1>
              {chart === undefined && error !== undefined && (
                <ChartMissing error={error} again={again} />
              )}
              {opened === undefined || text === undefined ? (
                <NotOpenYet written={written} />
              ) : (
                <WriteForm
                  {...{ chart, opened, text, written, name, patient }}
                  isKept={signed?.state === 'kept'}
                  onSigned={setSigned}
                />
              )}
            </div>
            <Beside chart={chart} place={opened?.place} />
          </div>
        )}
      </main>
    </>
  );
}

function NotOpenYet({ written: { error, reopen } }: { readonly written: WrittenDraft }) {
  return error === undefined ? (
    <div aria-busy="true">
      <span className="sk h2 w80 mt" />
      <span className="sk h2 w60" />
    </div>
  ) : (
    <Failed error={error} again={reopen} />
  );
}
