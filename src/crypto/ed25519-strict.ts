import { equalBytes, hexToBytes } from '../primitives/bytes.ts';

/**
 * The part of Ed25519 verification that engines disagree on, decided before any engine is asked.
 *
 * Refuses S >= L, non-canonical encodings of A or R, and A or R of small order (with either sign bit).
 * What remains every cofactorless engine judges alike, so no two nodes fork over a signature.
 * Source: docs/protocol/sealing.md, rule S-1; Chalkias, Garillot, Nikolaenko 2020.
 */
export function isStrictSignature(publicKey: Uint8Array, signature: Uint8Array): boolean {
  return (
    signature.length === 64 &&
    isStrictKey(publicKey) &&
    isStrictPoint(signature.subarray(0, 32)) &&
    isBelow(signature.subarray(32), order)
  );
}

/** Whether every engine judges signatures of this key alike. It may still not be a point of the curve. */
export function isStrictKey(publicKey: Uint8Array): boolean {
  return publicKey.length === 32 && isStrictPoint(publicKey);
}

// L = 2^252 + 27742317777372353535851937790883648493, little-endian.
const order = Uint8Array.of(
  ...[0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde],
  ...[0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10],
);
// p = 2^255 - 19, little-endian.
const prime = Uint8Array.of(0xed, ...new Array<number>(30).fill(0xff), 0x7f);

/** The y of the eight points of small order: 0, 1, -1 and the two of order eight; little-endian. */
const smallOrderY = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
].map((hex) => hexToBytes(hex) ?? new Uint8Array(0));

function isStrictPoint(encoded: Uint8Array): boolean {
  const y = encoded.slice();
  y[31] = (y[31] ?? 0) & 0x7f;
  return isBelow(y, prime) && !smallOrderY.some((small) => equalBytes(small, y));
}

/** Little-endian comparison of 32 bytes. */
function isBelow(value: Uint8Array, limit: Uint8Array): boolean {
  for (let at = 31; at >= 0; at--) {
    const difference = (value[at] ?? 0) - (limit[at] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
