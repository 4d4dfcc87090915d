import { panelOf } from '../crypto/panels.ts';
import type { VitalName } from '../crypto/vital-signs.ts';
import type { VitalsPage } from './reading/joined-pages.ts';

/** Values from low to high are inside, both included; undefined: no bound on that side. In the vital sign's own unit. */
export interface Range {
  readonly low: number | undefined;
  readonly high: number | undefined;
}
export type Ranges = Readonly<Record<VitalName, Range>>;

const ofHeart: Range = { low: 50, high: 120 };
/** Defaults to notice by, no diagnosis; a patient's own limits take their place. Source: vitals-reading.md, rule VR-30. */
export const defaultRanges: Ranges = {
  heartRate: ofHeart,
  pulse: ofHeart,
  systolic: { low: 90, high: 180 },
  diastolic: { low: 50, high: 110 },
  temperature: { low: 35.5, high: 38.5 },
  oxygenSaturation: { low: 92, high: undefined },
  respiratoryRate: { low: 8, high: 25 },
  glucose: { low: 3.9, high: 13.9 },
};

/** One value with the hour of its page. */
export interface TimedValue {
  readonly startHour: number;
  readonly value: number;
}

/** The values of one vital sign, in order; none where the panel does not measure it. */
export const seriesOf = (pages: readonly VitalsPage[], vital: VitalName): readonly TimedValue[] =>
  pages.flatMap(({ panel, startHour, rows }) => {
    const at = panelOf(panel).vitals.indexOf(vital);
    if (at < 0) return [];
    return rows.flatMap((row) => {
      const value = row[at];
      return value === undefined ? [] : [{ startHour, value }];
    });
  });

/** So many one after the other begin and end a crossing: one slipped cuff is none. */
const inARow = 3;

/** A time in which a vital sign was outside its range. */
export interface Crossing {
  readonly side: 'below' | 'above';
  readonly firstHour: number;
  readonly lastHour: number;
  /** The farthest from the range. */
  readonly worst: number;
  readonly isOver: boolean;
}

/** Times outside the range. Source: vitals-reading.md, rule VR-31. */
export function crossingsOf(series: readonly TimedValue[], range: Range): readonly Crossing[] {
  const found: Crossing[] = [];
  let open: Crossing | undefined;
  let run: TimedValue[] = [];
  let runSide: Side = 'inside';
  for (const it of series) {
    const side = sideOf(it.value, range);
    run = side === runSide ? [...run, it] : [it];
    runSide = side;
    if (open !== undefined && side === open.side) open = extended(open, it);
    if (run.length !== inARow) continue;
    if (side === 'inside') {
      if (open !== undefined) found.push({ ...open, isOver: true });
      open = undefined;
    } else if (open?.side !== side) {
      if (open !== undefined) found.push({ ...open, isOver: true });
      open = run.map((one) => begun(side, one)).reduce((a, b) => extended(a, atWorst(b)));
    }
  }
  return open === undefined ? found : [...found, open];
}

type Side = 'below' | 'inside' | 'above';

function sideOf(value: number, { low, high }: Range): Side {
  if (low !== undefined && value < low) return 'below';
  return high !== undefined && value > high ? 'above' : 'inside';
}

const begun = (side: Crossing['side'], { startHour, value }: TimedValue): Crossing => ({
  ...{ side, firstHour: startHour, lastHour: startHour, worst: value, isOver: false },
});

const atWorst = ({ lastHour, worst }: Crossing): TimedValue => ({
  startHour: lastHour,
  value: worst,
});

const extended = (crossing: Crossing, { startHour, value }: TimedValue): Crossing => ({
  ...crossing,
  lastHour: startHour,
  worst:
    crossing.side === 'below' ? Math.min(crossing.worst, value) : Math.max(crossing.worst, value),
});

/** One day of a week. */
export interface DayOfTrend {
  /** Days since 1970. */
  readonly day: number;
  readonly least: number;
  readonly median: number;
  readonly greatest: number;
}
export interface Trend {
  readonly days: readonly DayOfTrend[];
  /** Of the days' medians, a day; undefined: fewer than four days have values. */
  readonly slope: number | undefined;
}

const leastDays = 4;

/** A week's days, and where they go: the median of all slopes between two days (Theil 1950, Sen 1968). Rule VR-32. */
export function trendOf(series: readonly TimedValue[], lastDay: number): Trend {
  const byDay = new Map<number, number[]>();
  for (const { startHour, value } of series) {
    const day = Math.floor(startHour / 24);
    if (day <= lastDay && day > lastDay - 7) byDay.set(day, [...(byDay.get(day) ?? []), value]);
  }
  const days = [...byDay]
    .sort(([a], [b]) => a - b)
    .map(([day, values]) => ({
      ...{ day, least: Math.min(...values), greatest: Math.max(...values) },
      median: medianOf(values),
    }));
  if (days.length < leastDays) return { days, slope: undefined };
  const slopes = days.flatMap((a, at) =>
    days.slice(at + 1).map((b) => (b.median - a.median) / (b.day - a.day)),
  );
  return { days, slope: medianOf(slopes) };
}

/** Of at least one. */
function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}
