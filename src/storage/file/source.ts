import { concatBytes } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { BlobSource } from '../blob-store.ts';

/**
 * The pieces of what is put, until the signal: also when the source itself hangs.
 * Throws INTERRUPTED, and what the source throws.
 */
export async function* piecesOf(
  source: BlobSource,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (source instanceof Uint8Array) {
    yield source;
    return;
  }
  const pieces = source[Symbol.asyncIterator]();
  let abort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(new CodedError('INTERRUPTED'));
  });
  aborted.catch(() => {}); // Nobody may be waiting when the signal comes.
  signal?.addEventListener('abort', abort, { once: true });
  let isAtEnd = false;
  try {
    for (;;) {
      if (signal?.aborted) throw new CodedError('INTERRUPTED');
      const next = await Promise.race([pieces.next(), aborted]);
      if (next.done === true) {
        isAtEnd = true;
        return;
      }
      yield next.value;
    }
  } finally {
    signal?.removeEventListener('abort', abort);
    // Not awaited: a generator that hangs in `next` would not answer before it goes on.
    if (!isAtEnd) pieces.return?.().catch(() => {});
  }
}

/** Takes pieces until there are more than `limit` bytes, or all: a small blob needs no file. */
export async function headOf(
  pieces: AsyncGenerator<Uint8Array, void, undefined>,
  limit: number,
): Promise<{ readonly bytes: Uint8Array; readonly isWhole: boolean }> {
  let held = new Uint8Array(4096);
  let length = 0;
  for (;;) {
    const next = await pieces.next();
    if (next.done === true) return { bytes: held.slice(0, length), isWhole: true };
    const piece = next.value;
    if (length + piece.length > limit) {
      return { bytes: concatBytes(held.subarray(0, length), piece), isWhole: false };
    }
    if (length + piece.length > held.length) {
      const grown = new Uint8Array(Math.max(2 * held.length, length + piece.length));
      grown.set(held.subarray(0, length));
      held = grown;
    }
    held.set(piece, length);
    length += piece.length;
  }
}
