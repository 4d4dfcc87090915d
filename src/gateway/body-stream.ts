import { Readable } from 'node:stream';
import { CodedError } from '../primitives/errors.ts';

/** A body as it comes; the parsers of `server.ts` hand streams through. Throws REQUEST_INVALID. */
export function streamOf(body: unknown): AsyncIterable<Uint8Array> {
  if (!(body instanceof Readable)) throw new CodedError('REQUEST_INVALID', { at: 'content-type' });
  return body;
}
