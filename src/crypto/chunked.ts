import { platform } from '#platform';
import { concatBytes, equalSecretBytes, utf8 } from '../primitives/bytes.ts';
import { CodedError } from '../primitives/errors.ts';
import { hmacSha512 } from './hash.ts';
import type { ChunkCipher } from './platform/platform.ts';

/**
 * Seals record bodies: C2SP chunked-encryption, Cobblestone-256.
 *
 * Layout: salt 24 ‖ commitment 32 ‖ chunks of 16 KiB, each followed by its tag 16. The last chunk is always
 * shorter than 16 KiB and may be empty, so that a cut at a chunk's end shows. Key, nonce base and commitment
 * follow from (key, salt, context): opening under another key or context fails before any chunk is tried.
 * Source: docs/protocol/sealing.md, rule S-5; c2sp.org/chunked-encryption; published vectors.
 */
export const chunkBytes = 16_384;
const tagBytes = 16;
const saltBytes = 24;
const headBytes = saltBytes + 32;
const sealedChunkBytes = chunkBytes + tagBytes;
/** Chunks sealed or opened at once in a stream: 1 MiB. */
const runChunks = 64;

const suite = concatBytes(
  utf8('c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM'),
  Uint8Array.of(0),
);

interface Session {
  readonly cipher: ChunkCipher;
  readonly baseNonce: Uint8Array;
  readonly commitment: Uint8Array;
}

async function deriveSession(
  key: Uint8Array,
  salt: Uint8Array,
  context: Uint8Array,
): Promise<Session> {
  // HKDF-Expand-SHA-512 of 76 bytes: AEAD key 32 ‖ nonce base 12 ‖ commitment 32.
  const info = concatBytes(suite, salt, context);
  const first = hmacSha512(key, info, Uint8Array.of(1));
  const expanded = concatBytes(first, hmacSha512(key, first, info, Uint8Array.of(2)));
  return {
    cipher: await platform.chunkCipher(expanded.subarray(0, 32)),
    baseNonce: expanded.slice(32, 44),
    commitment: expanded.slice(44, 76),
  };
}

async function openSession(
  key: Uint8Array,
  context: Uint8Array,
  head: Uint8Array,
): Promise<Session> {
  if (key.length !== 32 || head.length !== headBytes) throw new CodedError('CANNOT_OPEN');
  const session = await deriveSession(key, head.subarray(0, saltBytes), context);
  if (!equalSecretBytes(session.commitment, head.subarray(saltBytes))) {
    throw new CodedError('CANNOT_OPEN');
  }
  return session;
}

const chunksOf = (plainBytes: number): number => Math.floor(plainBytes / chunkBytes) + 1;

/** Bytes that `plainBytes` take when sealed. */
export function sealedLength(plainBytes: number): number {
  return headBytes + plainBytes + tagBytes * chunksOf(plainBytes);
}

/** Bytes inside a sealed whole of this length, or undefined when no whole has this length. */
export function openedLength(sealedBytes: number): number | undefined {
  const body = sealedBytes - headBytes;
  if (!Number.isSafeInteger(body) || body < tagBytes) return undefined;
  const full = Math.floor(body / sealedChunkBytes);
  const last = body - full * sealedChunkBytes;
  return last < tagBytes ? undefined : full * chunkBytes + last - tagBytes;
}

/**
 * Seals a whole. `key` must be fresh or the context unique under it. `out`, when given, is written from its
 * start and must have `sealedLength` bytes or more; the result is a view of it.
 */
export function sealChunked(
  key: Uint8Array,
  context: Uint8Array,
  plaintext: Uint8Array,
  out?: Uint8Array,
): Promise<Uint8Array> {
  return sealChunkedWithSalt(key, context, plaintext, platform.randomBytes(saltBytes), out);
}

/** `sealChunked` with a given salt of 24 bytes: for vectors. */
export async function sealChunkedWithSalt(
  key: Uint8Array,
  context: Uint8Array,
  plaintext: Uint8Array,
  salt: Uint8Array,
  out: Uint8Array = new Uint8Array(sealedLength(plaintext.length)),
): Promise<Uint8Array> {
  const session = await newSession(key, context, salt);
  const sealed = out.subarray(0, sealedLength(plaintext.length));
  sealed.set(salt);
  sealed.set(session.commitment, saltBytes);
  const run = {
    baseNonce: session.baseNonce,
    firstChunk: 0,
    chunks: chunksOf(plaintext.length),
    chunkBytes,
  };
  await session.cipher.seal(run, plaintext, sealed.subarray(headBytes));
  return sealed;
}

/** Throws CANNOT_OPEN. `out`, when given, must have `openedLength` bytes or more. */
export async function openChunked(
  key: Uint8Array,
  context: Uint8Array,
  sealed: Uint8Array,
  out?: Uint8Array,
): Promise<Uint8Array> {
  const length = openedLength(sealed.length);
  if (length === undefined) throw new CodedError('CANNOT_OPEN');
  const session = await openSession(key, context, sealed.subarray(0, headBytes));
  const opened = (out ?? new Uint8Array(length)).subarray(0, length);
  const run = {
    baseNonce: session.baseNonce,
    firstChunk: 0,
    chunks: chunksOf(length),
    chunkBytes,
  };
  await session.cipher.open(run, sealed.subarray(headBytes), opened);
  return opened;
}

/** Seals a stream of any length; gives the head, then pieces of about 1 MiB. */
export async function* sealChunkedStream(
  key: Uint8Array,
  context: Uint8Array,
  plaintext: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const salt = platform.randomBytes(saltBytes);
  const { cipher, baseNonce, commitment } = await newSession(key, context, salt);
  yield concatBytes(salt, commitment);
  let firstChunk = 0;
  for await (const { bytes, last } of blocks(plaintext, runChunks * chunkBytes)) {
    // Only the last block may hold the short chunk; an exact end leaves an empty one.
    const chunks = last ? chunksOf(bytes.length) : runChunks;
    const out = new Uint8Array(bytes.length + chunks * tagBytes);
    await cipher.seal({ baseNonce, firstChunk, chunks, chunkBytes }, bytes, out);
    firstChunk += chunks;
    yield out;
  }
}

/**
 * Opens a stream. Gives only what was authenticated, but knows only at the end whether all was there: a
 * caller keeps nothing of a stream that did not end well. Throws CANNOT_OPEN.
 */
export async function* openChunkedStream(
  key: Uint8Array,
  context: Uint8Array,
  sealed: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let session: Session | undefined;
  let firstChunk = 0;
  for await (const { bytes, last } of blocks(sealed, runChunks * sealedChunkBytes, headBytes)) {
    if (session === undefined) {
      session = await openSession(key, context, bytes);
      continue;
    }
    const length = last
      ? openedLength(headBytes + bytes.length)
      : bytes.length - runChunks * tagBytes;
    if (length === undefined) throw new CodedError('CANNOT_OPEN');
    const chunks = last ? chunksOf(length) : runChunks;
    const out = new Uint8Array(length);
    const run = { baseNonce: session.baseNonce, firstChunk, chunks, chunkBytes };
    await session.cipher.open(run, bytes, out);
    firstChunk += chunks;
    if (out.length > 0) yield out;
  }
}

/** What a ranged read needs to know of the sealed whole, wherever it lies. */
export interface SealedSource {
  /** Length of the sealed whole, as whoever stores it claims. */
  readonly length: number;
  /** Gives exactly `length` bytes from `offset`. */
  readonly read: (offset: number, length: number) => Promise<Uint8Array>;
}

/**
 * Opens bytes `from` to `from + length` and reads only the chunks they lie in.
 *
 * Throws CANNOT_OPEN, also for a range that reaches beyond the end. The length is authenticated only when
 * the range reaches the last chunk.
 */
export async function openChunkedRange(
  key: Uint8Array,
  context: Uint8Array,
  source: SealedSource,
  range: { readonly from: number; readonly length: number },
): Promise<Uint8Array> {
  const total = openedLength(source.length);
  const { from, length } = range;
  if (
    total === undefined ||
    !Number.isSafeInteger(from) ||
    !Number.isSafeInteger(length) ||
    from < 0 ||
    length < 0 ||
    from + length > total
  ) {
    throw new CodedError('CANNOT_OPEN');
  }
  const { cipher, baseNonce } = await openSession(key, context, await source.read(0, headBytes));
  const firstChunk = Math.floor(from / chunkBytes);
  const lastChunk = length === 0 ? firstChunk : Math.floor((from + length - 1) / chunkBytes);
  const start = headBytes + firstChunk * sealedChunkBytes;
  const end = Math.min(source.length, headBytes + (lastChunk + 1) * sealedChunkBytes);
  const sealed = await source.read(start, end - start);
  if (sealed.length !== end - start) throw new CodedError('CANNOT_OPEN');
  const chunks = lastChunk - firstChunk + 1;
  const opened = new Uint8Array(sealed.length - chunks * tagBytes);
  await cipher.open({ baseNonce, firstChunk, chunks, chunkBytes }, sealed, opened);
  const skipped = from - firstChunk * chunkBytes;
  return opened.subarray(skipped, skipped + length);
}

async function newSession(
  key: Uint8Array,
  context: Uint8Array,
  salt: Uint8Array,
): Promise<Session> {
  if (key.length !== 32 || salt.length !== saltBytes) {
    throw new CodedError('INTERNAL', { expectedKeyBytes: 32, expectedSaltBytes: saltBytes });
  }
  return deriveSession(key, salt, context);
}

/** Cuts a stream into blocks of `size` (the first of `firstSize`); the last, always given, is shorter than `size`. */
async function* blocks(
  source: AsyncIterable<Uint8Array>,
  size: number,
  firstSize = size,
): AsyncGenerator<{ readonly bytes: Uint8Array; readonly last: boolean }, void, undefined> {
  let block = new Uint8Array(firstSize);
  let filled = 0;
  for await (const piece of source) {
    let at = 0;
    while (at < piece.length) {
      const taken = Math.min(piece.length - at, block.length - filled);
      block.set(piece.subarray(at, at + taken), filled);
      filled += taken;
      at += taken;
      if (filled === block.length) {
        yield { bytes: block, last: false };
        block = new Uint8Array(size);
        filled = 0;
      }
    }
  }
  yield { bytes: block.subarray(0, filled), last: true };
}
