import { createHmac, createSecretKey, hash, hkdfSync } from 'node:crypto';
import { concatBytes } from '../../primitives/bytes.ts';

// A hash over one buffer is faster than a Hash object, so parts are joined first.
const joined = (parts: readonly Uint8Array[]): Uint8Array =>
  parts.length === 1 && parts[0] !== undefined ? parts[0] : concatBytes(...parts);

export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  return hash('sha256', joined(parts), 'buffer');
}

export function sha512(...parts: readonly Uint8Array[]): Uint8Array {
  return hash('sha512', joined(parts), 'buffer');
}

export function hmacSha256(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  // A raw key costs several times more: Node builds a KeyObject from it on every call.
  return createHmac('sha256', createSecretKey(key)).update(joined(parts)).digest();
}

export function hkdfSha256(secret: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, new Uint8Array(0), info, length));
}
