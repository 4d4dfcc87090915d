import { type Question, type ReleasedNumber, releasedBy } from '../../api/question.ts';
import { noiseVariances, type Spending, totalDeviation } from '../../crypto/privacy.ts';

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

/**
 * The standard error that the noise gives a number made of the released ones: the delta method, with slopes from a
 * quarter of a standard deviation to each side. Undefined: at one side there is nothing to tell.
 */
export function noiseOf(released: Released, of: (values: readonly number[]) => Told): Told {
  const { values, deviations } = released;
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
