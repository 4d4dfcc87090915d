import type { Chance } from './noise-stream.ts';

/**
 * Whole numbers with probability proportional to exp(-x^2 / (2 variance)): exact, over whole numbers and fractions of
 * them, so that no rounding of floating point gives a value away. `variance` >= 1.
 *
 * Canonne, Kamath, Steinke: The Discrete Gaussian for Differential Privacy (2020), algorithm 3.
 * Source: docs/protocol/vitals-statistics.md, rule VQ-17.
 */
export function discreteGaussian(chance: Chance, variance: bigint): bigint {
  const t = squareRoot(variance) + 1n;
  for (;;) {
    const candidate = discreteLaplace(chance, t);
    const size = candidate < 0n ? -candidate : candidate;
    // Accepted with exp(-(|y| - variance / t)^2 / (2 variance)).
    const distance = size * t - variance;
    if (isExp(chance, distance * distance, 2n * variance * t * t)) return candidate;
  }
}

/** Whole numbers with probability proportional to exp(-|x| / t). Algorithm 2, for a scale that is a whole number. */
export function discreteLaplace(chance: Chance, t: bigint): bigint {
  for (;;) {
    const rest = chance.below(t);
    if (!isExp(chance, rest, t)) continue;
    let times = 0n;
    while (isExpUpToOne(chance, 1n, 1n)) times++;
    const size = rest + t * times;
    const isNegative = chance.below(2n) === 1n;
    // Else 0 would come twice as often, as +0 and as -0.
    if (isNegative && size === 0n) continue;
    return isNegative ? -size : size;
  }
}

/** True with probability exp(-numerator / denominator); both >= 0. Algorithm 1. */
export function isExp(chance: Chance, numerator: bigint, denominator: bigint): boolean {
  let rest = numerator;
  for (; rest > denominator; rest -= denominator) {
    if (!isExpUpToOne(chance, 1n, 1n)) return false;
  }
  return isExpUpToOne(chance, rest, denominator);
}

/** As `isExp`, for a fraction from 0 to 1: von Neumann's series. */
function isExpUpToOne(chance: Chance, numerator: bigint, denominator: bigint): boolean {
  let k = 1n;
  while (chance.below(denominator * k) < numerator) k++;
  return k % 2n === 1n;
}

/** The largest whole number whose square is not above `n`. */
export function squareRoot(n: bigint): bigint {
  if (n < 2n) return n;
  let x = 1n << BigInt((n.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (x + n / x) >> 1n;
    if (next >= x) return x;
    x = next;
  }
}
