import { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { concatBytes } from '../primitives/bytes.ts';
import { CodedError } from '../primitives/errors.ts';

/**
 * A body as it comes; the parsers of `server.ts` hand streams through. Who stops reading it leaves the connection as it
 * is, so that its sender can still be told why. Throws REQUEST_INVALID.
 */
export function streamOf(body: unknown): AsyncIterable<Uint8Array> {
  const stream = readableOf(body);
  return { [Symbol.asyncIterator]: () => stream.iterator({ destroyOnReturn: false }) };
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
    for await (const piece of stream.iterator({ destroyOnReturn: false })) {
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

/**
 * All of a body, of the length that it says and that was admitted: each piece finds its place as it comes, so that
 * putting them together is no long turn of its own. Throws REQUEST_INVALID, BODY_TOO_LARGE.
 */
export async function wholeOf(
  { body, headers }: Pick<FastifyRequest, 'body' | 'headers'>,
  most: number,
): Promise<Uint8Array> {
  const stream = streamOf(body);
  const length = Number(headers['content-length']);
  if (!(length <= most)) throw new CodedError('BODY_TOO_LARGE', { maxBytes: most });
  const whole = new Uint8Array(length);
  let at = 0;
  for await (const piece of stream) {
    if (at + piece.length > length)
      throw new CodedError('REQUEST_INVALID', { at: 'content-length' });
    whole.set(piece, at);
    at += piece.length;
  }
  if (at !== length) throw new CodedError('REQUEST_INVALID', { at: 'content-length' });
  return whole;
}
