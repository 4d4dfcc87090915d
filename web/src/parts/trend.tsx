import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { axisDay, clinicalDay, locale, shortDayOf } from '../app/dates.ts';
import type { TrendPoint, TrendView } from '../worker/calls/trend.ts';
import { Amount } from './amount.tsx';
import { dateLabels, type Labelled, numberLabels } from './chart-labels.ts';
import { ChartOrTable } from './chart-or-table.tsx';
import { ColumnHeads } from './column-heads.tsx';
import { Flag } from './value.tsx';

interface Band {
  readonly low: number | undefined;
  readonly high: number | undefined;
}

/** Values of one code over true time, and the same as a table: the chart's twin, not its description. */
export function Trend({
  trend,
  band,
  range,
}: {
  readonly trend: TrendView;
  /** Of the result that is shown; undefined: it gives none. */
  readonly band: Band | undefined;
  readonly range: string;
}) {
  const { t } = useTranslation();
  return (
    <ChartOrTable
      title={<bdi>{t('item.trend', { name: trend.name })}</bdi>}
      chart={<Chart trend={trend} band={band} range={range} />}
      table={<TrendTable trend={trend} />}
    >
      <p className="hint mt-s">
        <bdi>{trend.unit}</bdi>
        {trend.unit === '' || trend.inOtherUnits === 0 ? '' : '. '}
        {trend.inOtherUnits > 0 && t('item.otherUnits', { count: trend.inOtherUnits })}
      </p>
    </ChartOrTable>
  );
}

function TrendTable({ trend }: { readonly trend: TrendView }) {
  const { t } = useTranslation();
  return (
    <div className="sheet">
      <table className="fold">
        <ColumnHeads
          columns={[
            { name: t('item.day') },
            { name: t('item.value'), isNumber: true },
            { name: t('item.flag') },
          ]}
        />
        <tbody>
          {trend.points.toReversed().map((it) => (
            <tr key={it.handle}>
              <th scope="row">
                {it.isThis ? (
                  <>
                    {dayText(it)} <span className="tag">{t('item.thisOne')}</span>
                  </>
                ) : (
                  <Link className="cell-link" to={`/item/${it.handle}`}>
                    {dayText(it)}
                  </Link>
                )}
              </th>
              <td className="num">
                <Amount value={it.value} unit={trend.unit} />
              </td>
              <td>
                <Flag flag={it.flag} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const dayText = (it: TrendPoint): string =>
  it.clinicalDate === '' ? shortDayOf(it.ms) : clinicalDay(it.clinicalDate);

const box = { left: 46, right: 596, top: 20, bottom: 185 } as const;
/** Up to here each point has its number. */
const mostNumbers = 8;
const attending = new Set(['H', 'L', 'HH', 'LL', 'A', 'AA', 'HU', 'LU']);

function Chart({
  trend,
  band,
  range,
}: {
  readonly trend: TrendView;
  readonly band: Band | undefined;
  readonly range: string;
}) {
  const { t } = useTranslation();
  const id = useId();
  const { points } = trend;
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return null;
  const span = Math.max(1, last.ms - first.ms);
  const all = points.flatMap((it) => it.numbers);
  const { ticks, least, most } = axisOf(all, band);
  const x = (ms: number): number =>
    box.left + 20 + ((box.right - box.left - 40) * (ms - first.ms)) / span;
  const y = (value: number): number =>
    box.bottom - ((box.bottom - box.top) * (value - least)) / Math.max(1e-9, most - least);
  const low = Math.max(least, band?.low ?? least);
  const high = Math.min(most, band?.high ?? most);
  const isBanded = band !== undefined && high > low;
  const said = t('item.trendSaid', {
    name: trend.name,
    first: `${first.value} ${trend.unit}`.trim(),
    firstDay: dayText(first),
    last: `${last.value} ${trend.unit}`.trim(),
    lastDay: dayText(last),
  });
  return (
    <figure>
      <svg className="chart" viewBox="0 0 620 244" role="img" aria-labelledby={id}>
        <title id={id}>{said}</title>
        {isBanded && (
          <rect
            className="bd"
            x={box.left}
            width={box.right - box.left}
            y={y(high)}
            height={y(low) - y(high)}
          />
        )}
        {ticks.map((it) => (
          <g key={it}>
            <line className="ax" x1={box.left} x2={box.right} y1={y(it)} y2={y(it)} />
            <text x={box.left - 8} y={y(it) + 4} textAnchor="end">
              {numberText(it)}
            </text>
          </g>
        ))}
        {(first.numbers.length > 1 ? [0, 1] : [0]).map((line) => (
          <Line key={line} points={points} line={line} x={x} y={y} />
        ))}
        {numberLabels(numbersOf(points, x, y)).map((it) => (
          <text
            key={it.key}
            className={`val${it.isOut ? ' w' : ''}${it.isDeskOnly ? ' alt' : ''}`}
            x={it.x}
            y={it.y}
            textAnchor="middle"
          >
            {it.text}
          </text>
        ))}
        {dateLabels(points.map((it) => ({ x: x(it.ms), text: axisDay(it.ms, span) }))).map((it) => (
          <text key={it.x} x={it.x} y="236" textAnchor="middle">
            {it.text}
          </text>
        ))}
      </svg>
      {isBanded && <figcaption className="hint">{t('item.shaded', { range })}</figcaption>}
    </figure>
  );
}

function Line({
  points,
  line,
  x,
  y,
}: {
  readonly points: readonly TrendPoint[];
  readonly line: number;
  readonly x: (ms: number) => number;
  readonly y: (value: number) => number;
}) {
  const runs = runsOf(points);
  return (
    <>
      {runs.map((run) => (
        <polyline
          key={run[0]?.handle}
          className="l"
          points={run
            .map((it) => `${x(it.ms).toFixed(1)},${y(it.numbers[line] ?? 0).toFixed(1)}`)
            .join(' ')}
        />
      ))}
      {points.map((it) => {
        const value = it.numbers[line] ?? 0;
        const radius = it.isThis ? 6 : points.length > 40 ? 2.5 : 4.5;
        return (
          <circle
            key={it.handle}
            className={isOut(it) ? 'p w' : 'p'}
            cx={x(it.ms)}
            cy={y(value)}
            r={radius}
          />
        );
      })}
    </>
  );
}

const isOut = ({ flag }: TrendPoint): boolean => attending.has(flag.replace(/^range:/u, ''));

/** Each point's number, of two lines both; the last, the one that is shown and the first come before the rest. */
function numbersOf(
  points: readonly TrendPoint[],
  x: (ms: number) => number,
  y: (value: number) => number,
): readonly Labelled[] {
  if (points.length > mostNumbers) return [];
  const rank = (it: TrendPoint): number =>
    it === points.at(-1) ? 0 : it.isThis ? 1 : it === points[0] ? 2 : 3;
  return points
    .toSorted((a, b) => rank(a) - rank(b))
    .flatMap((it) =>
      it.numbers.map((value, line) => ({
        key: `${it.handle} ${line}`,
        ...{ x: x(it.ms), y: y(value), isLower: line === 1 },
        text: it.value.split('/')[line] ?? '',
        isOut: isOut(it),
      })),
    );
}

/** A gap stays a gap: where nothing was measured for far longer than between others, no line claims to know. */
function runsOf(points: readonly TrendPoint[]): readonly (readonly TrendPoint[])[] {
  const steps = points.slice(1).map((it, i) => it.ms - (points[i]?.ms ?? 0));
  const usual = steps.toSorted((a, b) => a - b)[Math.floor(steps.length / 2)] ?? 0;
  const runs: TrendPoint[][] = [];
  for (const [i, it] of points.entries()) {
    const step = i === 0 ? 0 : (steps[i - 1] ?? 0);
    const isGap = points.length > 3 && step > 4 * usual && step > 86_400_000;
    const run = runs.at(-1);
    if (run === undefined || isGap) runs.push([it]);
    else run.push(it);
  }
  return runs;
}

/** Four or five round numbers around all values and the range. */
function axisOf(
  values: readonly number[],
  band: Band | undefined,
): { readonly ticks: readonly number[]; readonly least: number; readonly most: number } {
  const near = [...values];
  const [bottom, top] = [Math.min(...values), Math.max(...values)];
  // A limit far away from all values would press them into one line.
  const room = Math.max(top - bottom, Math.abs(top) * 0.5);
  for (const it of [band?.low, band?.high]) {
    if (it !== undefined && it >= bottom - room && it <= top + room) near.push(it);
  }
  const [low, high] = [Math.min(...near), Math.max(...near)];
  const spread = high - low || Math.abs(high) || 1;
  const raw = spread / 3;
  const size = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 2.5, 5, 10].find((it) => it * size >= raw) ?? 10) * size;
  const least = Math.floor((low - spread * 0.1) / step) * step;
  const from = low >= 0 ? Math.max(0, least) : least;
  const ticks: number[] = [];
  for (let at = from; at < high + step * 1.1; at += step) ticks.push(at);
  return { ticks, least: from, most: ticks.at(-1) ?? high };
}

const numberText = (value: number): string =>
  new Intl.NumberFormat(locale(), { maximumFractionDigits: 3 }).format(value);
