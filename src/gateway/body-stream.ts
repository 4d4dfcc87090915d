import { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { CodedError } from '../primitives/errors.ts';

/**
 * A body as it comes; the parsers of `server.ts` hand streams through. Who stops reading it leaves the connection as it
 * is, so that its sender can still be told why. Throws REQUEST_INVALID.
 */
export function streamOf(body: unknown): AsyncIterable<Uint8Array> {
  const stream = readableOf(body);
  return { [Symbol.asyncIterator]: () => stream.iterator({ destroyOnReturn: false }) };
}

function readableOf(body: unknown): Readable {
  if (!(body instanceof Readable)) throw new CodedError('REQUEST_INVALID', { at: 'content-type' });
  return body;
}

/** What the sender says that his body is long, to be judged before any of it is read. Throws REQUEST_INVALID. */
export function statedLength(headers: { readonly 'content-length'?: string | undefined }): number {
  const stated = headers['content-length'] ?? '';
  if (!/^\d{1,15}$/.test(stated)) throw new CodedError('REQUEST_INVALID', { at: 'content-length' });
  return Number(stated);
}

/**
 * All of a body, of the length that it says and that was admitted: each piece finds its place as it comes, so that
 * putting them together is no long turn of its own. Reading stops with the signal, however slowly the rest comes.
 * Throws REQUEST_INVALID, BODY_TOO_LARGE; NOT_FOUND: the signal came first.
 */
export async function wholeBody(
  { body, headers }: Pick<FastifyRequest, 'body' | 'headers'>,
  { most, signal }: { readonly most: number; readonly signal?: AbortSignal },
): Promise<Uint8Array> {
  const stream = readableOf(body);
  const length = statedLength(headers);
  if (length > most) throw new CodedError('BODY_TOO_LARGE', { maxBytes: most });
  const whole = new Uint8Array(length);
  const stop = (): unknown => stream.destroy();
  signal?.addEventListener('abort', stop, { once: true });
  let at = 0;
  try {
    for await (const piece of stream.iterator({ destroyOnReturn: false })) {
      if (at + piece.length > length) break;
      whole.set(piece, at);
      at += piece.length;
    }
  } catch (cause) {
    if (signal?.aborted !== true) throw new CodedError('REQUEST_INVALID', { at: 'body' }, cause);
  } finally {
    signal?.removeEventListener('abort', stop);
  }
  if (signal?.aborted === true) throw new CodedError('NOT_FOUND');
  if (at !== length) throw new CodedError('REQUEST_INVALID', { at: 'content-length' });
  return whole;
}
