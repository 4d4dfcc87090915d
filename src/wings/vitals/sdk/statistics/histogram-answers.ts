import type { Question } from '../../api/question.ts';
import { type Figure, type Interval, tooFew, type Value } from './answer.ts';
import { z95 } from './distributions.ts';
import { anyNumber, bothIntervals, ofShares, within, withoutNoise } from './noise-draws.ts';
import { type NoiseError, noiseOf, type Released } from './released.ts';

export type HistogramQuestion = Extract<
  Question,
  { readonly kind: 'percentile' | 'prevalence' | 'histogram' }
>;

/** A bin of a histogram; the first has no lower edge, the last no upper. */
export interface Bin {
  readonly from?: number;
  readonly to?: number;
  /** Of all readings. */
  readonly share: Figure;
}

/** The released counters: the patients stand before them. */
const countersOf = (values: readonly number[]): readonly number[] => values.slice(1);
const total = (counters: readonly number[]): number => counters.reduce((sum, it) => sum + it, 0);
const patientsOf = ({ values: [patients = 0] }: Released): number => patients;

/**
 * The value below which `perMille` of 1,000 readings lie: linear inside its bin, and in a tail only on which side of
 * its edge. `edges`: 31, in the vital sign's own unit.
 */
export function percentileAnswer(
  released: Released,
  { perMille }: { readonly perMille: number },
  edges: readonly number[],
): Figure {
  const counters = countersOf(released.values);
  const found = percentileBin(counters, perMille / 1_000);
  if (found === undefined) return tooFew;
  const { bin } = found;
  const [first = 0, last = 0] = [edges[0], edges.at(-1)];
  if (bin === 0) return { kind: 'below', edge: first };
  if (bin === edges.length) return { kind: 'above', edge: last };
  const p = perMille / 1_000;
  const percentile = (values: readonly number[]): number | undefined =>
    percentileValue(countersOf(values), p, edges);
  const value = percentile(released.values);
  if (value === undefined) return tooFew;
  const byNoise = noiseOf(released, {
    ...{ value, of: percentile, range: anyNumber },
    // In a tail lies a value beyond its edge, nobody knows how far.
    drawn: withoutNoise(released).map((values) =>
      percentileValue(countersOf(values), p, edges, [-Infinity, Infinity]),
    ),
  });
  if (byNoise === undefined) return tooFew;
  // How the value moves with a reading more below it.
  const slope = ((edges[bin] ?? last) - (edges[bin - 1] ?? first)) / (counters[bin] ?? 0);
  const [n, m] = [total(counters), patientsOf(released)];
  const samplingOf = (observations: number): number =>
    slope * n * Math.sqrt((p * (1 - p)) / observations);
  const sampling = m > 1 ? samplingOf(m) : undefined;
  return {
    ...withErrors(value, byNoise, sampling, samplingOf(n)),
    interval: bothIntervals(value, byNoise.interval, around(value, z95 * (sampling ?? 0))),
  };
}

const around = (value: number, by: number): Interval => [value - by, value + by];

/** Linear inside its bin; what lies in a tail is as `tails` say. */
function percentileValue(
  counters: readonly number[],
  p: number,
  edges: readonly number[],
  tails: readonly [below: number | undefined, above: number | undefined] = [undefined, undefined],
): number | undefined {
  const found = percentileBin(counters, p);
  if (found === undefined) return undefined;
  const [from, to] = [edges[found.bin - 1], edges[found.bin]];
  if (from === undefined) return tails[0];
  return to === undefined ? tails[1] : from + (to - from) * found.inside;
}

/** The first bin whose cumulative count reaches p of all, and how far inside; undefined: nothing is there. */
function percentileBin(
  counters: readonly number[],
  p: number,
): { readonly bin: number; readonly inside: number } | undefined {
  const wanted = p * total(counters);
  if (!(wanted > 0)) return undefined;
  let below = 0;
  for (const [bin, count] of counters.entries()) {
    // Noise may leave less than nothing in a bin: nothing lies there.
    if (count > 0 && below + count >= wanted)
      return { bin, inside: Math.max(0, (wanted - below) / count) };
    below += count;
  }
  return undefined;
}

function withErrors(
  value: number,
  { error, interval }: NoiseError,
  sampling: number | undefined,
  samplingOverReadings: number,
): Omit<Value, 'interval'> {
  return {
    kind: 'value',
    ...{ value, noise: error, samplingOverReadings, noiseInterval: interval },
    ...(sampling !== undefined && { sampling }),
  };
}

/** The share of readings below an edge, or from it on. */
export function prevalenceAnswer(
  released: Released,
  { side, edge }: { readonly side: 'below' | 'from'; readonly edge: number },
): Figure {
  return shareAnswer(released, withoutNoise(released), (bin) =>
    side === 'below' ? bin <= edge : bin > edge,
  );
}

/** All 32 bins with their shares. */
export function histogramAnswer(released: Released, edges: readonly number[]): readonly Bin[] {
  const drawn = withoutNoise(released);
  return countersOf(released.values).map((_, bin) => ({
    ...(bin > 0 && { from: edges[bin - 1] ?? 0 }),
    ...(bin < edges.length && { to: edges[bin] ?? 0 }),
    share: shareAnswer(released, drawn, (it) => it === bin),
  }));
}

/** `drawn`: what was released, without noise. */
function shareAnswer(
  released: Released,
  drawn: readonly (readonly number[])[],
  isMeant: (bin: number) => boolean,
): Figure {
  const shareOf = (values: readonly number[]): number | undefined => {
    const counters = countersOf(values);
    const all = total(counters);
    if (all < 1) return undefined;
    return total(counters.filter((_, bin) => isMeant(bin))) / all;
  };
  const raw = shareOf(released.values);
  if (raw === undefined) return tooFew;
  const value = Math.min(1, Math.max(0, raw));
  const byNoise = noiseOf(released, {
    value,
    of: shareOf,
    drawn: drawn.map(shareOf),
    range: ofShares,
  });
  if (byNoise === undefined) return tooFew;
  const all = total(countersOf(released.values));
  const patients = patientsOf(released);
  const errorOf = (observations: number): number => Math.sqrt((value * (1 - value)) / observations);
  const anotherSample = wilsonInterval(value, Math.max(1, patients));
  return {
    ...withErrors(value, byNoise, patients > 1 ? errorOf(patients) : undefined, errorOf(all)),
    ...(raw !== value && { raw }),
    interval: within(ofShares, bothIntervals(value, byNoise.interval, anotherSample)),
  };
}

/** Wilson's interval of a share of `n` observations. */
export function wilsonInterval(p: number, n: number): Interval {
  const z2 = z95 * z95;
  const centre = (p + z2 / (2 * n)) / (1 + z2 / n);
  const half = (z95 / (1 + z2 / n)) * Math.sqrt((p * (1 - p)) / n + z2 / (4 * n * n));
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}
