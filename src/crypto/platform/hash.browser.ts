import { hkdf } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 as nobleSha256, sha512 as nobleSha512 } from '@noble/hashes/sha2.js';
import { sha3_256 as nobleSha3, shake256 as nobleShake256 } from '@noble/hashes/sha3.js';
import { concatBytes } from '../../primitives/bytes.ts';

/** SHA-256 of the parts one after the other. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  return nobleSha256(concatBytes(...parts));
}

/** Writes the 32 bytes at `at`: trees hash without an array of their own each time. */
export function sha256Into(target: Uint8Array, at: number, input: Uint8Array): void {
  target.set(nobleSha256(input), at);
}

/** SHA-512 of the parts one after the other. */
export function sha512(...parts: readonly Uint8Array[]): Uint8Array {
  return nobleSha512(concatBytes(...parts));
}

/** SHA3-256, for X-Wing. */
export function sha3_256(...parts: readonly Uint8Array[]): Uint8Array {
  return nobleSha3(concatBytes(...parts));
}

/** `length` bytes of SHAKE256, for X-Wing. */
export function shake256(input: Uint8Array, length: number): Uint8Array {
  return nobleShake256(input, { dkLen: length });
}

/** HMAC-SHA-256 over the parts one after the other. */
export function hmacSha256(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  return hmac(nobleSha256, key, concatBytes(...parts));
}

/** HMAC-SHA-512 over the parts one after the other. */
export function hmacSha512(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  return hmac(nobleSha512, key, concatBytes(...parts));
}

/** HKDF-SHA-256 without salt; `length` bytes. */
export function hkdfSha256(secret: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  return hkdf(nobleSha256, secret, undefined, info, length);
}

/** SHA-256 of bytes that come in pieces. */
export function runningSha256(): { update(piece: Uint8Array): void; digest(): Uint8Array } {
  const running = nobleSha256.create();
  return {
    update(piece) {
      running.update(piece);
    },
    digest: () => running.digest(),
  };
}
