import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { unitShown } from '../../boundary/units.ts';
import { ColumnHeads } from '../../parts/column-heads.tsx';
import { Marks } from '../../parts/marks.tsx';
import { Flag, Spark } from '../../parts/value.tsx';
import { longClass, valueClass } from '../../parts/value-class.ts';
import type { EntryView, TestView } from '../../worker/chart-view.ts';
import { dateOf, useRangeWords, useSourceWords } from './chart-words.ts';
import { Age } from './entry.tsx';

/** One line a test: flag, number, unit, range, trend, date. All values stand behind its name. */
export function ResultsTable({
  tests,
  patient,
}: {
  readonly tests: readonly TestView[];
  readonly patient: string;
}) {
  const { t } = useTranslation();
  return (
    <table className="fold labs res">
      <caption className="hide">{t('chart.resultsCaption')}</caption>
      <ColumnHeads
        columns={[
          { name: t('chart.test') },
          { name: t('chart.flag'), isNumber: true, isHidden: true },
          { name: t('chart.value'), isNumber: true },
          { name: t('chart.unit') },
          { name: t('chart.rangeHead'), isNumber: true },
          { name: t('chart.trend') },
          { name: t('chart.taken'), isNumber: true },
        ]}
      />
      <tbody>
        {tests.map(({ last, trend }) => (
          <tr key={last.handle}>
            <th scope="row">
              <Link to={`/chart/${patient}/results#${last.handle}`}>
                <bdi>{last.name}</bdi>
              </Link>{' '}
              <Marks of={last.marks} />
            </th>
            <ValueCells entry={last} />
            <td className="sp gone">
              <Spark points={trend} />
            </td>
            <td className="num dt" data-l={t('chart.taken')}>
              {dateOf(last)}
              <Age of={last} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function ValueCells({ entry }: { readonly entry: EntryView }) {
  const { t } = useTranslation();
  const rangeOf = useRangeWords();
  const range = rangeOf(entry.ranges);
  return (
    <>
      <td className="fl">
        <Flag flag={entry.flag} />
      </td>
      <td className="num">
        <bdi className={valueClass(entry.value)} dir="auto">
          {entry.value === '' ? t('chart.noResult') : entry.value}
        </bdi>
      </td>
      <td className="un">
        <span className={longClass(entry.unit)}>{unitShown(entry.unit)}</span>
      </td>
      <td className="num rg" data-l={t('chart.rangeHead')}>
        {range === '' ? (
          <span className="dim">{t('chart.noRange')}</span>
        ) : (
          <bdi className={longClass(range)} dir="ltr">
            {range}
          </bdi>
        )}
      </td>
    </>
  );
}

/** Every value of one test, the newest first. */
export function ValuesTable({
  test: { last, values },
  patient,
}: {
  readonly test: TestView;
  readonly patient: string;
}) {
  const { t } = useTranslation();
  const sourceOf = useSourceWords();
  return (
    <table className="fold labs res">
      <caption className="hide">{t('chart.valuesCaption', { name: last.name })}</caption>
      <ColumnHeads
        columns={[
          { name: t('chart.taken') },
          { name: t('chart.flag'), isNumber: true, isHidden: true },
          { name: t('chart.value'), isNumber: true },
          { name: t('chart.unit') },
          { name: t('chart.rangeHead'), isNumber: true },
          { name: t('chart.sourceHead') },
        ]}
      />
      <tbody>
        {values.toReversed().map((it) => (
          <tr key={it.handle}>
            <th scope="row">
              <Link to={`/chart/${patient}/item/${it.handle}`}>{dateOf(it)}</Link>
              <Age of={it} /> <Marks of={it.marks} />
            </th>
            <ValueCells entry={it} />
            <td className="dt">{sourceOf(it.source)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
