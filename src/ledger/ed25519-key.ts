import { bytesToHex } from '../primitives/bytes.ts';

/** y coordinates of the points of order 1, 2, 4 and 8, little-endian, sign bit cleared. */
const smallOrder = new Set([
  `01${'00'.repeat(31)}`,
  `ec${'ff'.repeat(30)}7f`,
  '00'.repeat(32),
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
]);

/**
 * Whether every verifier judges signatures by this Ed25519 key alike: the encoding is the canonical one
 * (y below 2^255 - 19) and the point is not of small order. Whether it lies on the curve shows when a
 * signature by it is checked. Source: docs/protocol/acts.md, rule I-4.
 */
export function isSoundEd25519Key(key: Uint8Array): boolean {
  const y = key.slice();
  y[31] = (y[31] ?? 0) & 0x7f;
  if (smallOrder.has(bytesToHex(y))) return false;
  const isTop = y[31] === 0x7f && y.slice(1, 31).every((byte) => byte === 0xff);
  return !(isTop && (y[0] ?? 0) >= 0xed);
}
