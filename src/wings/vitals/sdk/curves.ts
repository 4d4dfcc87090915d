import { panelOf } from '../crypto/panels.ts';
import { type VitalName, vitalSigns } from '../crypto/vital-signs.ts';
import type { VitalsPage } from './reading/joined-pages.ts';
import {
  type Crossing,
  crossingsOf,
  defaultRanges,
  type Range,
  type Ranges,
  type TimedValue,
} from './thresholds.ts';

/** One step of a curve: a reading, or an hour of them. In the vital sign's own unit. */
export interface CurveStep {
  /** When, in ms since 1970: of a reading, of the middle of its hour. */
  readonly ms: number;
  readonly least: number;
  readonly median: number;
  readonly greatest: number;
  readonly count: number;
  /** Whole hours without a value lie between the step before and this one: no line joins them. */
  readonly isAfterGap: boolean;
}

/** What there is of one vital sign, over all panels that measure it. */
export interface Curve {
  readonly vital: VitalName;
  /** UCUM. */
  readonly unit: string;
  readonly range: Range;
  /** Oldest first, at least one. */
  readonly steps: readonly CurveStep[];
  readonly newest: { readonly ms: number; readonly value: number };
  readonly crossings: readonly Crossing[];
  /** In their order, for what is said of a week. */
  readonly series: readonly TimedValue[];
}

const hourMs = 3_600_000;
const names = Object.keys(vitalSigns) as VitalName[];

/**
 * Curves of the vital signs that these pages hold, none of a vital sign without a value. A page keeps the order of its readings
 * and not their minutes: those of an hour are spread evenly over it. `ranges`: a patient's own, where she looks herself. Source: docs/protocol/vitals-reading.md, rule VR-33.
 */
export function curvesOf(
  pages: readonly VitalsPage[],
  by: 'reading' | 'hour',
  ranges: Ranges = defaultRanges,
): readonly Curve[] {
  return names.flatMap((vital) => {
    const readings = readingsOf(pages, vital);
    const newest = readings.at(-1);
    if (newest === undefined) return [];
    const range = ranges[vital];
    const series = readings.map(({ startHour, value }) => ({ startHour, value }));
    return {
      ...{ vital, unit: vitalSigns[vital].unit, range, series },
      steps: by === 'hour' ? hoursOf(readings) : readings.map(single),
      newest: { ms: newest.ms, value: newest.value },
      crossings: crossingsOf(series, range),
    };
  });
}

interface Reading extends TimedValue {
  readonly ms: number;
}

/** By time; two sensors of one vital sign are one line. */
function readingsOf(pages: readonly VitalsPage[], vital: VitalName): readonly Reading[] {
  const together = new Map<string, { readonly startHour: number; readonly values: number[] }>();
  for (const { panel, startHour, sensor, rows } of pages) {
    const at = panelOf(panel).vitals.indexOf(vital);
    if (at < 0) continue;
    const key = `${startHour} ${panel} ${sensor}`;
    const held = together.get(key) ?? { startHour, values: [] };
    held.values.push(...rows.flatMap((row) => row[at] ?? []));
    together.set(key, held);
  }
  const spread = [...together.values()].flatMap(({ startHour, values }) =>
    values.map((value, at) => ({
      ...{ startHour, value },
      ms: Math.round((startHour + (at + 0.5) / values.length) * hourMs),
    })),
  );
  return spread.sort((a, b) => a.ms - b.ms);
}

const single = ({ ms, value, startHour }: Reading, at: number, all: readonly Reading[]) => ({
  ...{ ms, least: value, median: value, greatest: value, count: 1 },
  isAfterGap: isGap(all[at - 1]?.startHour, startHour),
});

function hoursOf(readings: readonly Reading[]): readonly CurveStep[] {
  const hours = new Map<number, number[]>();
  for (const { startHour, value } of readings)
    hours.set(startHour, [...(hours.get(startHour) ?? []), value]);
  return [...hours].map(([hour, values], at, all) => {
    const sorted = values.toSorted((a, b) => a - b);
    const middle = sorted.length >> 1;
    const upper = sorted[middle] ?? 0;
    const lower = sorted.length % 2 === 1 ? upper : (sorted[middle - 1] ?? upper);
    return {
      ms: (hour + 0.5) * hourMs,
      ...{ least: sorted[0] ?? 0, median: (lower + upper) / 2, greatest: sorted.at(-1) ?? 0 },
      count: sorted.length,
      isAfterGap: isGap(all[at - 1]?.[0], hour),
    };
  });
}

const isGap = (before: number | undefined, hour: number): boolean =>
  before !== undefined && hour - before > 1;
