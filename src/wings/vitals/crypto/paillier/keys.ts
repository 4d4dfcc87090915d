import { CodedError } from '../../../../primitives/errors.ts';
import { bytes, decodeAs, encodeAs, mapped, struct } from '../../../../primitives/shape.ts';
import {
  bitLength,
  bytesToInteger,
  gcd,
  integerToBytes,
  inverse,
  jacobi,
  type RandomBytes,
  randomBelow,
} from './integers.ts';
import type { ModularArithmetic } from './modular-arithmetic.ts';
import { findBlumPrime } from './primes.ts';

/** Paillier's keys with the base of Damgard, Jurik and Nielsen. Source: docs/protocol/vitals-paillier.md, VD-1 to VD-6. */

export const modulusBits = 3072;
export const primeBytes = modulusBits / 16;
export const modulusBytes = modulusBits / 8;
/** Of a number modulo N^2, as a ciphertext is. */
export const squareBytes = modulusBits / 4;

declare const checkedPublicKey: unique symbol;
/** Of the right form (VD-5); whether N is what it must be only a proof says (`key-proof.ts`). */
export interface PublicKey {
  readonly [checkedPublicKey]: true;
  /** N. */
  readonly modulus: bigint;
  readonly square: bigint;
  /** h, which the owner chose. */
  readonly root: bigint;
  /** hs = h^N mod N^2. */
  readonly base: bigint;
}

declare const checkedSecretKey: unique symbol;
export interface SecretKey {
  readonly [checkedSecretKey]: true;
  readonly p: bigint;
  readonly q: bigint;
  readonly publicKey: PublicKey;
}

/** N and h, of 384 bytes each. Throws KEY_INVALID unless they have the form of a key. */
export function publicKeyOf(
  modulus: Uint8Array,
  root: Uint8Array,
  arithmetic: ModularArithmetic,
): PublicKey {
  const areLong = modulus.length === modulusBytes && root.length === modulusBytes;
  if (!areLong) throw new CodedError('KEY_INVALID', { in: 'length' });
  return checkPublicKey(bytesToInteger(modulus), bytesToInteger(root), arithmetic);
}

function checkPublicKey(modulus: bigint, root: bigint, arithmetic: ModularArithmetic): PublicKey {
  if (bitLength(modulus) !== modulusBits || (modulus & 1n) === 0n)
    throw new CodedError('KEY_INVALID', { in: 'modulus' });
  const isInside = root > 1n && root < modulus - 1n;
  if (!isInside || jacobi(root, modulus) !== 1) throw new CodedError('KEY_INVALID', { in: 'root' });
  const square = modulus * modulus;
  const base = arithmetic.powers(square).power(root, modulus);
  // The one place that makes the brand.
  return { modulus, square, root, base } as PublicKey;
}

export const modulusToBytes = (key: PublicKey): Uint8Array =>
  integerToBytes(key.modulus, modulusBytes);
export const rootToBytes = (key: PublicKey): Uint8Array => integerToBytes(key.root, modulusBytes);

/** A new key (VD-2, VD-3): half a second in WebAssembly, so not on the thread that draws a page. */
export function generateKey(by: {
  readonly arithmetic: ModularArithmetic;
  readonly random: RandomBytes;
}): SecretKey {
  const p = findBlumPrime(primeBytes, by);
  let q = findBlumPrime(primeBytes, by);
  while (!fitTogether(p, q)) q = findBlumPrime(primeBytes, by);
  const modulus = p * q;
  const x = randomBelow(modulus, by.random);
  return secretKeyOf(p, q, modulus - ((x * x) % modulus), by.arithmetic);
}

/** Apart by more than 2^1436 (FIPS 186-5, A.1.3), and nothing common in p - 1 and q - 1 but 2. */
function fitTogether(p: bigint, q: bigint): boolean {
  const apart = p > q ? p - q : q - p;
  return apart >> BigInt(8 * primeBytes - 100) !== 0n && gcd(p - 1n, q - 1n) === 2n;
}

/**
 * What must hold between the numbers of a key. That p and q are prime is not looked at again: whoever made the key
 * did, and it is his. Throws KEY_INVALID.
 */
function secretKeyOf(p: bigint, q: bigint, root: bigint, arithmetic: ModularArithmetic): SecretKey {
  const areLong = [p, q].every((it) => it >> BigInt(8 * primeBytes - 2) === 3n && it % 4n === 3n);
  if (!areLong || !fitTogether(p, q)) throw new CodedError('KEY_INVALID', { in: 'primes' });
  return { p, q, publicKey: checkPublicKey(p * q, root, arithmetic) } as SecretKey;
}

/** The inverse of one prime modulo the other. Throws KEY_INVALID: it has none, so they are one prime. */
export function inverseModulo(value: bigint, prime: bigint): bigint {
  const found = inverse(value, prime);
  if (found === undefined) throw new CodedError('KEY_INVALID', { in: 'primes' });
  return found;
}

const integer = (length: number) =>
  mapped(bytes(length), (value: bigint) => integerToBytes(value, length), bytesToInteger);

/** `[p 192, q 192, h 384]` (VD-6): it never travels, so it has no number. */
const secretKeyShape = struct({
  p: integer(primeBytes),
  q: integer(primeBytes),
  root: integer(modulusBytes),
});

export const encodeSecretKey = ({ p, q, publicKey }: SecretKey): Uint8Array =>
  encodeAs(secretKeyShape, { p, q, root: publicKey.root });

/** Throws CBOR_INVALID, CBOR_SHAPE and KEY_INVALID. */
export function decodeSecretKey(encoded: Uint8Array, arithmetic: ModularArithmetic): SecretKey {
  const { p, q, root } = decodeAs(secretKeyShape, encoded, 'secret key');
  return secretKeyOf(p, q, root, arithmetic);
}
