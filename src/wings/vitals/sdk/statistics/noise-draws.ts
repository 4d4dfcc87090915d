import type { Interval } from './answer.ts';
import { z95 } from './distributions.ts';

/** What a figure can be: of a share 0 to 1, of a mean anything. */
export type Range = Interval;
export const anyNumber: Range = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
export const notNegative: Range = [0, Number.POSITIVE_INFINITY];
export const ofShares: Range = [0, 1];

/** Twice as many draws: of each its mirror image. */
const pairs = 1_024;
/** Outside at each end: 2.5 %, less what so few draws may be off by, so that the interval is rather too wide. */
const outside = 0.02;

/** What the numbers without noise may have been: the noise is drawn anew and taken from what was released. */
export function withoutNoise({
  values,
  deviations,
}: {
  readonly values: readonly number[];
  readonly deviations: readonly number[];
}): readonly (readonly number[])[] {
  if (deviations.every((it) => it === 0)) return [];
  return drawnNoise(deviations.length).flatMap((draw) => {
    const noise = deviations.map((it, at) => it * (draw[at] ?? 0));
    return [
      values.map((it, at) => it - (noise[at] ?? 0)),
      values.map((it, at) => it + (noise[at] ?? 0)),
    ];
  });
}

/**
 * Where 95 % of a figure lies that was made of each of them. One that is undefined may be anything, on both sides.
 * Undefined: then nothing is told that was not known before. Source: docs/protocol/vitals-statistics.md, VQ-20.
 */
export function noiseInterval(
  drawn: readonly (number | undefined)[],
  range: Range,
): Interval | undefined {
  const [least, most] = range;
  const end = (unknown: number, share: number): number => {
    const sorted = Float64Array.from(drawn, (it) =>
      it === undefined ? unknown : Math.min(most, Math.max(least, it)),
    ).sort();
    return sorted[Math.round(share * (sorted.length - 1))] ?? unknown;
  };
  const interval = [end(least, outside), end(most, 1 - outside)] as const;
  const isTold = interval.every(Number.isFinite) && (interval[0] > least || interval[1] < most);
  return isTold ? interval : undefined;
}

/** The error that an interval of that width stands for. */
export const errorOf = ([from, to]: Interval): number => (to - from) / (2 * z95);

/** Of two independent errors: on each side the root of both squares (Zou and Donner 2008, MOVER). */
export function bothIntervals(value: number, one: Interval, other: Interval): Interval {
  const side = (at: 0 | 1): number => Math.hypot(value - one[at], value - other[at]);
  return [value - side(0), value + side(1)];
}

export const within = ([least, most]: Range, [from, to]: Interval): Interval => [
  Math.max(least, from),
  Math.min(most, to),
];

const drawn = new Map<number, readonly (readonly number[])[]>();

/** Standard normal numbers, the same at every call: an answer says the same interval for ever. */
function drawnNoise(size: number): readonly (readonly number[])[] {
  const known = drawn.get(size);
  if (known !== undefined) return known;
  const uniform = mulberry32(size);
  const normal = (): number =>
    Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  const made = Array.from({ length: pairs }, () => Array.from({ length: size }, normal));
  drawn.set(size, made);
  return made;
}

/** Tommy Ettinger's generator: 32 bits of state are enough for a thousand draws. */
function mulberry32(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
