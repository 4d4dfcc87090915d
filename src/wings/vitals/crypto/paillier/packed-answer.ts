import { CodedError } from '../../../../primitives/errors.ts';
import { field64, modulo } from '../field.ts';
import type { Ciphertext } from './ciphertext.ts';
import type { Decryption } from './decryption.ts';
import type { Encryption } from './encryption.ts';
import { packSlots, unpackSlots } from './slots.ts';

/**
 * One server's part of an answer as one ciphertext, and the sum of three as one. Every question releases 42 numbers at
 * most. Source: docs/protocol/vitals-paillier.md, VD-17 to VD-20.
 */

/** 8 bits more than a field element has: 256 parts fit, and there are three. */
const slots = { count: 42, bits: 72 } as const;
const parts = 3n;

/** `part`: field elements, masked and noised (VQ-11). Throws SLOT_OVERFLOW: too many, or no elements. */
export function encryptPart(encryption: Encryption, part: readonly bigint[]): Ciphertext {
  return encryption.encrypt(packSlots(slots, part, field64.p));
}

/**
 * Of the product of three parts of `length` elements: the elements that they add up to, for `openShares`. Throws
 * SLOT_OVERFLOW where a slot holds more than three elements can, or anything stands above the last.
 */
export function openPartSum(
  decryption: Decryption,
  product: Ciphertext,
  length: number,
): readonly bigint[] {
  if (length < 1) throw new CodedError('SLOT_OVERFLOW', { values: length });
  const below = parts * (field64.p - 1n) + 1n;
  const sums = unpackSlots(slots, decryption.decrypt(product), { wanted: length, below });
  return sums.map((sum) => modulo(field64, sum));
}
