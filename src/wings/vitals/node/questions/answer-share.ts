import { CodedError } from '../../../../primitives/errors.ts';
import type { ReleasedNumber } from '../../api/question.ts';
import { field64, modulo } from '../../crypto/field.ts';
import { type MaskKeys, noiseOf, zeroMask } from '../../crypto/statistics/answer-masks.ts';
import { noiseVariances, type Spending } from '../../crypto/statistics/privacy.ts';

/**
 * One server's part of an answer: its sums, centred, masked and noised.
 * Source: docs/protocol/vitals-statistics.md, rules VQ-9 and VQ-11.
 */

const centre = 128n;
const wide = 5;

/** What a server has added up over the pages that count: field elements. */
export interface SummedShares {
  /** 5, and 15 in the order (0,0), (0,1) ... (4,4). */
  readonly sums: readonly bigint[];
  readonly products: readonly bigint[];
  /** 5 x 32; none: this question needs no histogram. */
  readonly counters?: readonly bigint[];
}

/** What all three servers know of these pages. */
export interface PublicCounts {
  readonly patients: number;
  readonly readings: number;
}

/** 1, 2 or 3: the place in the trio. Server 1 adds what is public. */
export type ServerPlace = 1 | 2 | 3;

/** Where the product of two vital signs stands; `a` <= `b`. */
export const productPlace = (a: number, b: number): number => a * wide - (a * (a - 1)) / 2 + b - a;

/** The share of each coordinate, centred (VQ-9), as field elements. Throws INTERNAL for a place that is not there. */
export function centredShare(
  coordinates: readonly ReleasedNumber[],
  shares: SummedShares,
  counts: PublicCounts,
  server: ServerPlace,
): readonly bigint[] {
  const ofServer1 = server === 1 ? 1n : 0n;
  const n = BigInt(counts.readings) * ofServer1;
  const sumOf = (vital: number): bigint => at(shares.sums, vital);
  const ownValue = (it: ReleasedNumber): bigint => {
    switch (it.kind) {
      case 'patients':
        return BigInt(counts.patients) * ofServer1;
      case 'readings':
        return n;
      case 'sum':
        return modulo(field64, sumOf(it.vital) - centre * n);
      case 'product': {
        const raw = at(shares.products, productPlace(it.a, it.b));
        return modulo(field64, raw - centre * (sumOf(it.a) + sumOf(it.b)) + centre * centre * n);
      }
      case 'bin':
        return modulo(field64, at(shares.counters ?? [], it.vital * 32 + it.bin));
    }
  };
  return coordinates.map(ownValue);
}

function at(values: readonly bigint[], place: number): bigint {
  const value = values[place];
  if (value === undefined) throw new CodedError('INTERNAL', { place });
  return value;
}

/**
 * What a server seals to the researcher: a field element a coordinate. `query`: the id, 32 bytes. Throws EXACT_REFUSED
 * and INTERNAL.
 */
export function answerShare(of: {
  readonly coordinates: readonly ReleasedNumber[];
  readonly shares: SummedShares;
  readonly counts: PublicCounts;
  readonly server: ServerPlace;
  readonly maskKeys: MaskKeys;
  readonly noiseKey: Uint8Array;
  readonly query: Uint8Array;
  readonly spending: Spending;
}): readonly bigint[] {
  const own = centredShare(of.coordinates, of.shares, of.counts, of.server);
  const noise = noiseOf(of.noiseKey, of.query, noiseVariances(of.coordinates, of.spending));
  const mask = zeroMask(of.maskKeys, of.query, own.length);
  return own.map((value, place) =>
    modulo(field64, value + (mask[place] ?? 0n) + (noise[place] ?? 0n)),
  );
}
