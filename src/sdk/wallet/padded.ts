import { readU32be, u32be } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';

const lengthBytes = 4;
const leastBytes = 16 * 1024;

/**
 * u32be length ‖ bytes ‖ zeros up to a power of two of at least 16 KiB: what is sealed of it tells the power of two and
 * no more. Source: docs/protocol/wallet.md, rule W-5, and devices.md, rule D-6.
 */
export function padded(bytes: Uint8Array): Uint8Array {
  const plain = new Uint8Array(paddedBytes(bytes.length));
  plain.set(u32be(bytes.length));
  plain.set(bytes, lengthBytes);
  return plain;
}

/** Throws CANNOT_OPEN, also for a padding that `padded` does not make. */
export function unpadded(plain: Uint8Array): Uint8Array {
  if (plain.length < lengthBytes) throw new CodedError('CANNOT_OPEN');
  const length = readU32be(plain);
  const end = lengthBytes + length;
  if (plain.length !== paddedBytes(length) || plain.subarray(end).some((byte) => byte !== 0)) {
    throw new CodedError('CANNOT_OPEN');
  }
  return plain.subarray(lengthBytes, end);
}

function paddedBytes(length: number): number {
  let bytes = leastBytes;
  while (bytes < lengthBytes + length) bytes *= 2;
  return bytes;
}
