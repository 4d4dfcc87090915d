import { Readable } from 'node:stream';
import { concatBytes } from '../primitives/bytes.ts';
import { CodedError } from '../primitives/errors.ts';

/** A body as it comes; the parsers of `server.ts` hand streams through. Throws REQUEST_INVALID. */
export function streamOf(body: unknown): AsyncIterable<Uint8Array> {
  return readableOf(body);
}

/** What the sender says that his body is long, to be judged before any of it is read. Throws REQUEST_INVALID. */
export function statedLength(headers: { readonly 'content-length'?: string | undefined }): number {
  const stated = headers['content-length'] ?? '';
  if (!/^\d{1,15}$/.test(stated)) throw new CodedError('REQUEST_INVALID', { at: 'content-length' });
  return Number(stated);
}

/**
 * A whole body of the stated length. Reading stops with the signal, however slowly the rest comes. Throws
 * REQUEST_INVALID: no stream, empty, or of another length than was stated; NOT_FOUND: the signal came first.
 */
export async function wholeBody(
  body: unknown,
  length: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const stream = readableOf(body);
  const stop = () => stream.destroy();
  signal.addEventListener('abort', stop, { once: true });
  const pieces: Uint8Array[] = [];
  let came = 0;
  try {
    for await (const piece of stream as AsyncIterable<Uint8Array>) {
      came += piece.length;
      if (came > length) break;
      pieces.push(piece);
    }
  } catch (cause) {
    if (!signal.aborted) throw new CodedError('REQUEST_INVALID', { at: 'body' }, cause);
  } finally {
    signal.removeEventListener('abort', stop);
  }
  if (signal.aborted) throw new CodedError('NOT_FOUND');
  if (came !== length || length === 0) throw new CodedError('REQUEST_INVALID', { at: 'body' });
  return concatBytes(...pieces);
}

function readableOf(body: unknown): Readable {
  if (!(body instanceof Readable)) throw new CodedError('REQUEST_INVALID', { at: 'content-type' });
  return body;
}
