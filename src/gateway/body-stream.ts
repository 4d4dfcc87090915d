import { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { CodedError } from '../primitives/errors.ts';

/**
 * A body as it comes; the parsers of `server.ts` hand streams through. Who stops reading it leaves the connection as it
 * is, so that its sender can still be told why. Throws REQUEST_INVALID.
 */
export function streamOf(body: unknown): AsyncIterable<Uint8Array> {
  if (!(body instanceof Readable)) throw new CodedError('REQUEST_INVALID', { at: 'content-type' });
  return { [Symbol.asyncIterator]: () => body.iterator({ destroyOnReturn: false }) };
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
