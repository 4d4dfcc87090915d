import { createHash, createHmac, createSecretKey, hash, hkdfSync } from 'node:crypto';
import { concatBytes } from '../../primitives/bytes.ts';

// A hash over one buffer is faster than a Hash object, so parts are joined first.
const joined = (parts: readonly Uint8Array[]): Uint8Array =>
  parts.length === 1 && parts[0] !== undefined ? parts[0] : concatBytes(...parts);

// A Buffer is not what callers expect of bytes: its slice() shares memory, and deep equality differs.
const plain = (bytes: Buffer): Uint8Array =>
  new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);

/** SHA-256 of the parts one after the other. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const digest = new Uint8Array(32);
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) sha256Into(digest, 0, only);
  else hashTogether(digest, parts);
  return digest;
}

/** Memory of their own for parts that are short costs as much as their hash. Nothing waits in between, and nothing stays in it. */
function hashTogether(digest: Uint8Array, parts: readonly Uint8Array[]): void {
  let end = 0;
  for (const part of parts) end += part.length;
  const whole = end <= together.length ? together : new Uint8Array(end);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  sha256Into(digest, 0, whole.subarray(0, end));
  whole.fill(0, 0, end);
}
const together = new Uint8Array(4_096);

/** The ledger hashes some thirty short inputs a transaction: a text costs Node a third of a new Buffer. */
export function sha256Into(target: Uint8Array, at: number, input: Uint8Array): void {
  const text = hash('sha256', input, 'binary');
  for (let i = 0; i < 32; i++) target[at + i] = text.charCodeAt(i);
}

/** SHA-512 of the parts one after the other. */
export function sha512(...parts: readonly Uint8Array[]): Uint8Array {
  return plain(hash('sha512', joined(parts), 'buffer'));
}

/** SHA3-256, for X-Wing. */
export function sha3_256(...parts: readonly Uint8Array[]): Uint8Array {
  return plain(hash('sha3-256', joined(parts), 'buffer'));
}

/** `length` bytes of SHAKE256, for X-Wing. */
export function shake256(input: Uint8Array, length: number): Uint8Array {
  return plain(hash('shake256', input, { outputEncoding: 'buffer', outputLength: length }));
}

/** HMAC-SHA-256 over the parts one after the other (RFC 2104). */
export function hmacSha256(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  // Two hashes over one buffer each: Node's Hmac object costs twice as much for the short inputs that we have.
  const short = key.length > 64 ? sha256(key) : key;
  let end = 64;
  for (const part of parts) end += part.length;
  // Used again: memory of its own for each costs as much as the hashes. Nothing waits in between, and no key stays in it.
  const inner = end <= innerScratch.length ? innerScratch : new Uint8Array(end);
  inner.fill(0x36, 0, 64);
  outer.fill(0x5c, 0, 64);
  for (let i = 0; i < short.length; i++) {
    const byte = short[i] ?? 0;
    inner[i] = 0x36 ^ byte;
    outer[i] = 0x5c ^ byte;
  }
  let at = 64;
  for (const part of parts) {
    inner.set(part, at);
    at += part.length;
  }
  sha256Into(outer, 64, inner.subarray(0, end));
  const digest = sha256(outer);
  inner.fill(0, 0, end);
  outer.fill(0);
  return digest;
}
const innerScratch = new Uint8Array(512);
const outer = new Uint8Array(96);

/** HMAC-SHA-512 over the parts one after the other. */
export function hmacSha512(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  return plain(createHmac('sha512', createSecretKey(key)).update(joined(parts)).digest());
}

const noSalt = new Uint8Array(0);

/** HKDF-SHA-256 without salt; `length` bytes. */
export function hkdfSha256(secret: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  // As above: 12 us, and 17 of a raw secret.
  return new Uint8Array(hkdfSync('sha256', createSecretKey(secret), noSalt, info, length));
}

/** SHA-256 of bytes that come in pieces. */
export function runningSha256(): { update(piece: Uint8Array): void; digest(): Uint8Array } {
  const running = createHash('sha256');
  return {
    update(piece) {
      running.update(piece);
    },
    digest: () => plain(running.digest()),
  };
}
