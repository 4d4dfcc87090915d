import { bytesToHex, hexToBytes } from '../../../../primitives/bytes.ts';
import { CodedError } from '../../../../primitives/errors.ts';

/** Whole numbers of thousands of bits. Not constant time: BigInt never is (SECURITY.md). */

/** `length` bytes from a generator; tests give one that repeats. */
export type RandomBytes = (length: number) => Uint8Array;

/** The highest byte first. */
export const bytesToInteger = (bytes: Uint8Array): bigint =>
  bytes.length === 0 ? 0n : BigInt(`0x${bytesToHex(bytes)}`);

/** Exactly `length` bytes, the highest first. Throws INTERNAL for a number that is negative or longer. */
export function integerToBytes(value: bigint, length: number): Uint8Array {
  const bytes = hexToBytes(value.toString(16).padStart(2 * length, '0'));
  if (bytes?.length !== length) throw new CodedError('INTERNAL', { bytes: length });
  return bytes;
}

/** Of a number above 0: 1 for 1, 4 for 15. */
export function bitLength(value: bigint): number {
  const hex = value.toString(16);
  return 4 * hex.length - Math.clz32(Number.parseInt(hex[0] ?? '0', 16)) + 28;
}

export function gcd(one: bigint, other: bigint): bigint {
  let [a, b] = [one, other];
  while (b !== 0n) [a, b] = [b, a % b];
  return a;
}

/** From 0 to modulus - 1; undefined: it has none. */
export function inverse(value: bigint, modulus: bigint): bigint | undefined {
  let [r, rest] = [modulus, ((value % modulus) + modulus) % modulus];
  let [s, next] = [0n, 1n];
  while (rest !== 0n) {
    const quotient = r / rest;
    [r, rest] = [rest, r - quotient * rest];
    [s, next] = [next, s - quotient * next];
  }
  return r === 1n ? ((s % modulus) + modulus) % modulus : undefined;
}

/** The Jacobi symbol (value / n), n odd and above 0. */
export function jacobi(value: bigint, n: bigint): -1 | 0 | 1 {
  let a = ((value % n) + n) % n;
  let [b, sign] = [n, 1];
  while (a !== 0n) {
    let twos = 0;
    while ((a & 1n) === 0n) {
      a >>= 1n;
      twos++;
    }
    const low = Number(b & 7n);
    if (twos % 2 === 1 && (low === 3 || low === 5)) sign = -sign;
    if (Number(a & 3n) === 3 && Number(b & 3n) === 3) sign = -sign;
    [a, b] = [b % a, a];
  }
  if (b !== 1n) return 0;
  return sign === 1 ? 1 : -1;
}

/** From 0 to below - 1: 128 bits more than `below` has, reduced, so that no number is preferred noticeably. */
export const randomBelow = (below: bigint, random: RandomBytes): bigint =>
  bytesToInteger(random(Math.ceil(bitLength(below) / 8) + 16)) % below;
