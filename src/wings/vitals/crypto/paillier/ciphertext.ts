import { CodedError } from '../../../../primitives/errors.ts';
import { bytesToInteger, gcd, integerToBytes } from './integers.ts';
import { type PublicKey, squareBytes } from './keys.ts';

declare const checkedCiphertext: unique symbol;
/** A unit modulo N^2 of one key. Which key is for the caller to know: no number says it. */
export interface Ciphertext {
  readonly [checkedCiphertext]: true;
  readonly value: bigint;
}

/** Of this module and the one that encrypts: a number that is a unit by how it was made. */
export const ciphertextOf = (value: bigint): Ciphertext => ({ value }) as Ciphertext;

/** 768 bytes, the highest first. */
export const ciphertextToBytes = ({ value }: Ciphertext): Uint8Array =>
  integerToBytes(value, squareBytes);

/** Throws CIPHERTEXT_INVALID unless 1 < c < N^2 and c has no factor in common with N (VD-9). */
export function parseCiphertext(key: PublicKey, encoded: Uint8Array): Ciphertext {
  const value = encoded.length === squareBytes ? bytesToInteger(encoded) : 0n;
  const isUnit = value > 1n && value < key.square && gcd(value, key.modulus) === 1n;
  if (!isUnit) throw new CodedError('CIPHERTEXT_INVALID');
  return ciphertextOf(value);
}

/** Holds the sum of what they hold, modulo N. Of at least one; it shows what it was made of until it is masked anew. */
export function addCiphertexts(
  key: PublicKey,
  [first, ...rest]: readonly [Ciphertext, ...Ciphertext[]],
): Ciphertext {
  return ciphertextOf(rest.reduce((sum, { value }) => (sum * value) % key.square, first.value));
}
