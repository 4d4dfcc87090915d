import type { Question } from '../../api/question.ts';
import { type Figure, type Interval, tooFew, type Value } from './answer.ts';
import { z95 } from './distributions.ts';
import { noiseOf, type Released } from './released.ts';

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
  const { bin, inside } = found;
  const [first = 0, last = 0] = [edges[0], edges.at(-1)];
  if (bin === 0) return { kind: 'below', edge: first };
  if (bin === edges.length) return { kind: 'above', edge: last };
  const [from = first, to = last] = [edges[bin - 1], edges[bin]];
  const count = counters[bin] ?? 0;
  const value = from + (to - from) * inside;
  // How the value moves with a reading more below it.
  const slope = (to - from) / count;
  const p = perMille / 1_000;
  const weights = counters.map((_, at) => (at < bin ? 1 - p : at === bin ? inside - p : -p));
  const noise =
    slope * Math.hypot(...weights.map((w, at) => w * (released.deviations[at + 1] ?? 0)));
  const [n, m] = [total(counters), patientsOf(released)];
  const samplingOf = (observations: number): number =>
    slope * n * Math.sqrt((p * (1 - p)) / observations);
  return withErrors(value, noise, m > 1 ? samplingOf(m) : undefined, samplingOf(n));
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
  noise: number,
  sampling: number | undefined,
  samplingOverReadings: number,
): Value {
  const around = (error: number): Interval => [value - z95 * error, value + z95 * error];
  return {
    kind: 'value',
    ...{ value, noise, samplingOverReadings, noiseInterval: around(noise) },
    ...(sampling !== undefined && { sampling }),
    interval: around(Math.hypot(noise, sampling ?? 0)),
  };
}

/** The share of readings below an edge, or from it on. */
export function prevalenceAnswer(
  released: Released,
  { side, edge }: { readonly side: 'below' | 'from'; readonly edge: number },
): Figure {
  return shareAnswer(released, (bin) => (side === 'below' ? bin <= edge : bin > edge));
}

/** All 32 bins with their shares. */
export function histogramAnswer(released: Released, edges: readonly number[]): readonly Bin[] {
  return countersOf(released.values).map((_, bin) => ({
    ...(bin > 0 && { from: edges[bin - 1] ?? 0 }),
    ...(bin < edges.length && { to: edges[bin] ?? 0 }),
    share: shareAnswer(released, (it) => it === bin),
  }));
}

function shareAnswer(released: Released, isMeant: (bin: number) => boolean): Figure {
  const shareOf = (values: readonly number[]): number | undefined => {
    const counters = countersOf(values);
    const all = total(counters);
    if (all < 1) return undefined;
    return total(counters.filter((_, bin) => isMeant(bin))) / all;
  };
  const value = shareOf(released.values);
  const noise = noiseOf(released, shareOf);
  if (value === undefined || noise === undefined) return tooFew;
  const all = total(countersOf(released.values));
  const patients = patientsOf(released);
  const p = Math.min(1, Math.max(0, value));
  const errorOf = (observations: number): number => Math.sqrt((p * (1 - p)) / observations);
  return {
    ...withErrors(value, noise, patients > 1 ? errorOf(patients) : undefined, errorOf(all)),
    interval: wilsonInterval(p, Math.max(1, patients), noise),
  };
}

/** Wilson's interval of a share, `n` observations, wider by an error of its own. */
export function wilsonInterval(p: number, n: number, noise = 0): Interval {
  const z2 = z95 * z95;
  const centre = (p + z2 / (2 * n)) / (1 + z2 / n);
  const half = (z95 / (1 + z2 / n)) * Math.sqrt((p * (1 - p)) / n + z2 / (4 * n * n));
  const wide = Math.hypot(half, z95 * noise);
  return [Math.max(0, centre - wide), Math.min(1, centre + wide)];
}
