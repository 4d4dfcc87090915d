import { type Question, type ReleasedNumber, releasedBy } from '../../api/question.ts';
import { noiseVariances, type Spending, totalDeviation } from '../../crypto/statistics/privacy.ts';
import type { Interval } from './answer.ts';
import { errorOf, noiseInterval, type Range } from './noise-draws.ts';

/** An answer's numbers, in codes centred at 128, with what noise stands in each. */
export interface Released {
  readonly places: readonly ReleasedNumber[];
  readonly values: readonly number[];
  /** Standard deviations of the noise of all three servers; 0: none. */
  readonly deviations: readonly number[];
}

/** What a question's answer holds. `values`: as `openShares` gives them, in the order of the question. */
export function releasedOf(
  question: Question,
  values: readonly bigint[],
  spending: Spending | 'no noise',
): Released {
  const places = releasedBy(question);
  const deviations =
    spending === 'no noise'
      ? places.map(() => 0)
      : noiseVariances(places, spending).map(totalDeviation);
  return { places, values: values.map(Number), deviations };
}

/** Undefined: too few to tell. */
type Told = number | undefined;

/** A figure made of released numbers. */
interface Made {
  /** As it was told. */
  readonly value: number;
  readonly of: (values: readonly number[]) => Told;
  /** Of each of `withoutNoise`, in its order; undefined: it may be anything. */
  readonly drawn: readonly Told[];
  readonly range: Range;
}

export interface NoiseError {
  /** A standard error. */
  readonly error: number;
  /** 95 %. */
  readonly interval: Interval;
}

/**
 * What the noise makes of a number that was made of the released ones. Undefined: too few to tell. Source:
 * docs/protocol/vitals-statistics.md, VQ-20.
 */
export function noiseOf(released: Released, made: Made): NoiseError | undefined {
  const { value, drawn, range } = made;
  if (released.deviations.every((it) => it === 0)) return { error: 0, interval: [value, value] };
  const slope = bySlopes(released, made.of);
  const interval = noiseInterval(drawn, range);
  if (slope === undefined || interval === undefined) return undefined;
  const [from, to] = interval;
  return {
    error: Math.max(slope, errorOf(interval)),
    interval: [Math.min(from, value), Math.max(to, value)],
  };
}

/** The delta method, with slopes from a quarter of a standard deviation to each side. Undefined: at one side nothing is told. */
function bySlopes({ values, deviations }: Released, of: Made['of']): Told {
  let variance = 0;
  for (const [place, deviation] of deviations.entries()) {
    if (deviation === 0) continue;
    const step = deviation / 4;
    const moved = (by: number): Told => of(values.map((it, at) => (at === place ? it + by : it)));
    const [above, below] = [moved(step), moved(-step)];
    if (above === undefined || below === undefined) return undefined;
    variance += (((above - below) / 2 / step) * deviation) ** 2;
  }
  return Math.sqrt(variance);
}
