import { CodedError } from '../../../../primitives/errors.ts';
import { vitalsNames } from '../../names.ts';
import { field64, modulo } from '../field.ts';
import { discreteGaussian } from './discrete-gaussian.ts';
import { keyedChance } from './noise-stream.ts';

/**
 * What hides one server's part of an answer, and how three parts make the answer. Nothing travels between the servers.
 * Source: docs/protocol/vitals-statistics.md, rules VQ-10 to VQ-12.
 */

export interface MaskKeys {
  /** Shared with the server after this one (1-2, 2-3, 3-1), 32 bytes. */
  readonly next: Uint8Array;
  readonly previous: Uint8Array;
}

/** A server's share of zero: the three of a trio add up to 0. */
export function zeroMask(
  { next, previous }: MaskKeys,
  query: Uint8Array,
  length: number,
): readonly bigint[] {
  const ahead = keyedChance(next, vitalsNames.labels.zero, [query]);
  const behind = keyedChance(previous, vitalsNames.labels.zero, [query]);
  return Array.from({ length }, () =>
    modulo(field64, ahead.below(field64.p) - behind.below(field64.p)),
  );
}

/** A server's noise, a whole number a coordinate: the same for the same key and query (VQ-12). */
export function noiseOf(
  noiseKey: Uint8Array,
  query: Uint8Array,
  variances: readonly bigint[],
): readonly bigint[] {
  return variances.map((variance, place) =>
    discreteGaussian(keyedChance(noiseKey, vitalsNames.labels.noise, [query, place]), variance),
  );
}

/** The numbers that three shares make; above half the field they are negative. Throws BODY_LENGTH: not of one length. */
export function openShares(shares: readonly (readonly bigint[])[]): readonly bigint[] {
  const [first = []] = shares;
  if (shares.some(({ length }) => length !== first.length)) throw new CodedError('BODY_LENGTH');
  return first.map((_, place) => {
    const sum = modulo(
      field64,
      shares.reduce((total, share) => total + (share[place] ?? 0n), 0n),
    );
    return sum > field64.p / 2n ? sum - field64.p : sum;
  });
}
