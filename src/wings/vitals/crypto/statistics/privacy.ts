import { CodedError } from '../../../../primitives/errors.ts';

/**
 * How much noise a released vector gets, and what that is worth. Source: docs/protocol/vitals-statistics.md, rules
 * VQ-13 to VQ-18.
 */

/** What a released number counts; `bin`: one of the 32 counters of one histogram, which share their bound. */
export type CoordinateKind = 'patients' | 'readings' | 'sum' | 'product' | 'bin';
export interface OfKind {
  readonly kind: CoordinateKind;
}

/** Readings of a page. */
export const readingsOfPage = 64;
/** Three servers, each of which adds all the noise: one that is honest protects alone. */
export const noisingServers = 3;
/** For what people are told of epsilon. */
export const toldDelta = 1e-6;

const weights: Readonly<Record<CoordinateKind, bigint>> = {
  ...{ patients: 1n, readings: 4n, sum: 4n, product: 4n, bin: 16n },
};

/** What one patient changes at most, of `l` readings. */
function boundOf(kind: CoordinateKind, l: bigint): bigint {
  const scale = { patients: 0n, readings: 0n, sum: 7n, product: 14n, bin: 0n }[kind];
  return kind === 'patients' ? 1n : l << scale;
}

export interface Spending {
  readonly pagesPerPatient: number;
  /** 1 or more. */
  readonly microRho: number;
}

/**
 * The variance of the noise that each server adds, a coordinate after the other. A histogram's counters are one
 * coordinate with 32 places. Throws EXACT_REFUSED for microRho 0: without noise nothing leaves.
 */
export function noiseVariances(
  coordinates: readonly OfKind[],
  { pagesPerPatient, microRho }: Spending,
): readonly bigint[] {
  if (microRho < 1) throw new CodedError('EXACT_REFUSED');
  const l = BigInt(readingsOfPage * pagesPerPatient);
  const total = weightOf(coordinates);
  return coordinates.map(({ kind }) => {
    const bound = boundOf(kind, l);
    const numerator = bound * bound * total * 1_000_000n;
    const denominator = 2n * weights[kind] * BigInt(microRho);
    return (numerator + denominator - 1n) / denominator;
  });
}

function weightOf(coordinates: readonly OfKind[]): bigint {
  const counted = coordinates.filter(({ kind }) => kind !== 'bin');
  const histogram = counted.length < coordinates.length ? weights.bin : 0n;
  return counted.reduce((sum, { kind }) => sum + weights[kind], histogram);
}

/** The rho of zCDP that a release with these variances costs: at most what was paid. */
export function rhoOf(
  coordinates: readonly OfKind[],
  variances: readonly bigint[],
  pagesPerPatient: number,
): number {
  const l = BigInt(readingsOfPage * pagesPerPatient);
  let [rho, isCounted] = [0, false];
  for (const [at, { kind }] of coordinates.entries()) {
    if (kind === 'bin' && isCounted) continue;
    isCounted ||= kind === 'bin';
    const bound = Number(boundOf(kind, l));
    rho += (bound * bound) / (2 * Number(variances[at] ?? 1n));
  }
  return rho;
}

/** The standard deviation of the noise in the sum of three answers. */
export const totalDeviation = (variance: bigint): number =>
  Math.sqrt(noisingServers * Number(variance));

/** Of rho-zCDP, at `delta` (Bun and Steinke 2016, proposition 1.3). */
export const epsilonOf = (rho: number, delta: number = toldDelta): number =>
  rho + 2 * Math.sqrt(rho * Math.log(1 / delta));
