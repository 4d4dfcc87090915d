import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import { clinicalDay, momentText, shortDayOf } from '../../app/dates.ts';
import { comma } from '../../app/language.ts';
import { unitShown } from '../../boundary/units.ts';
import { useCall } from '../../boundary/use-call.ts';
import { Amount } from '../../parts/amount.tsx';
import { Failed } from '../../parts/failure.tsx';
import { Icon } from '../../parts/icon.tsx';
import { ItemProof } from '../../parts/item-proof.tsx';
import { ItemRows } from '../../parts/item-rows.tsx';
import { Marks } from '../../parts/marks.tsx';
import { ClassIcon, iconOfClass } from '../../parts/record-row.tsx';
import { Unanswered } from '../../parts/unanswered.tsx';
import { Flag } from '../../parts/value.tsx';
import { WayBack } from '../../parts/way-back.tsx';
import type { ChartItemView } from '../../worker/chart-item.ts';
import { Banner } from './banner.tsx';
import { useSourceWords } from './chart-words.ts';

import { NotOpen } from './refused.tsx';
import { useChart } from './use-chart.ts';
import { useDense } from './use-dense.ts';

/** An entry of somebody's chart: what it says, who signed it, and what shows that. */
export function ChartItem() {
  const { t } = useTranslation();
  useDense();
  const { patient = '', item: handle = '' } = useParams();
  const { chart, error, again } = useChart(patient);
  const isThere = chart?.isWhole === true;
  const item = useCall('chart.item', { patient, item: handle }, { enabled: isThere });
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
        {error !== undefined && <Failed error={error} again={again} />}
        {item.data === undefined ? (
          <Unanswered
            what={t('chart.itemOpening')}
            error={item.error}
            again={() => void item.refetch()}
          />
        ) : (
          <Known item={item.data} patient={patient} />
        )}
      </main>
    </>
  );
}

function Known({ item, patient }: { readonly item: ChartItemView; readonly patient: string }) {
  const { t } = useTranslation();
  const sourceOf = useSourceWords();
  const unit = unitShown(item.unit);
  const { amendment, proof } = item;
  const date = item.date === '' ? shortDayOf(proof.writtenMs) : clinicalDay(item.date);
  return (
    <div className="maxw">
      <p className="over">
        <ClassIcon name={iconOfClass(item.recordClass)} />
        {t(`classes.${item.recordClass}` as 'classes.lab')}
      </p>
      <h1 className="answer wide-a">
        <bdi>{item.name === '' ? t('record.unnamed') : item.name}</bdi> <Marks of={item.marks} />
      </h1>
      {item.value !== '' && (
        <p className="bigv">
          <Amount value={item.value} unit={unit} /> <Flag flag={item.flag} />
        </p>
      )}
      <p className="lead">{t('chart.from', { source: sourceOf(item.source), date })}</p>
      {item.newer !== undefined && (
        <div className="note warn mt">
          <Icon name="attend" />
          <div>
            <p className="h">{t('chart.older')}</p>
            <p>
              <Link to={`/chart/${patient}/item/${item.newer.handle}`}>
                <bdi>{item.newer.name}</bdi>
              </Link>
              {comma()}
              {momentText(item.newer.signedMs)}
            </p>
          </div>
        </div>
      )}
      {item.hasWrongLine && <Warn>{t('chart.wrongLine')}</Warn>}
      {item.isNotVerified && <Warn>{t('chart.movedNotVerified')}</Warn>}
      {amendment !== undefined && (
        <div className="note mt">
          <Icon name="info" />
          <p>
            {amendment.enteredInError ? t('chart.amendedError') : t('chart.amendedWhy')}{' '}
            <bdi>{amendment.reason}</bdi>
          </p>
        </div>
      )}
      {item.rows.length > 0 && (
        <section className="sheet pad mt">
          <ItemRows rows={item.rows} />
        </section>
      )}
      {item.paragraphs.map((text) => (
        <p key={text} className="said mt" dir="auto">
          {text}
        </p>
      ))}
      {item.attachments.length > 0 && (
        <ul className="list mt">
          {item.attachments.map((it) => (
            <li key={it.number}>
              <Icon name="file" /> <bdi>{it.fileName}</bdi>{' '}
              <span className="s">{it.contentType}</span>
            </li>
          ))}
        </ul>
      )}
      {item.mayAmend && (
        <div className="acts">
          <Link className="btn line" to={`/chart/${patient}/amend/${item.handle}`}>
            <Icon name="write" />
            {t('chart.amend')}
          </Link>
        </div>
      )}
      {item.earlier.length > 0 && (
        <section className="sec">
          <div className="sec-head">
            <h2>{t('chart.earlier')}</h2>
          </div>
          <ul className="list">
            {item.earlier.map((it) => (
              <li key={it.handle}>
                <Link to={`/chart/${patient}/item/${it.handle}`}>
                  <bdi>{it.name}</bdi>
                </Link>
                <br />
                <span className="s">{momentText(it.signedMs)}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
      <ItemProof
        proof={proof}
        signer={sourceOf(item.source)}
        sentence={t('item.proofSaid', {
          who: sourceOf(item.source),
          when: momentText(proof.timeMs),
        })}
      />
    </div>
  );
}

function Warn({ children }: { readonly children: string }) {
  return (
    <div className="note warn mt">
      <Icon name="attend" />
      <p>{children}</p>
    </div>
  );
}
