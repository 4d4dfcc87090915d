import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { concatBytes } from '../primitives/bytes.ts';
import { inSlices } from './slices.ts';

/**
 * Answers with JSON of which one field, `name`, has up to a thousand entries: they are written slice by slice, since as
 * one piece of work that would be a long turn of the event loop. They are our own, made in the shape of the route;
 * clients check it.
 */
export function sendMany<Name extends string>(
  reply: FastifyReply,
  name: Name,
  answer: { readonly [Field in Name]: readonly object[] } & Readonly<Record<string, unknown>>,
): FastifyReply {
  const { [name]: entries, ...rest } = answer;
  const pieces = Readable.from(jsonOf(name, entries, rest), { objectMode: false });
  return reply.type('application/json; charset=utf-8').send(pieces);
}

async function* jsonOf(
  name: string,
  entries: readonly object[],
  rest: object,
): AsyncGenerator<string, void, undefined> {
  yield `{${JSON.stringify(name)}:[`;
  let before = '';
  for await (const slice of inSlices(entries)) {
    yield before + slice.map((entry) => JSON.stringify(entry)).join(',');
    before = ',';
  }
  const fields = JSON.stringify(rest).slice(1, -1);
  yield `]${fields === '' ? '' : ','}${fields}}`;
}

/**
 * Answers with up to a thousand rows, piece by piece, slice by slice: as one piece of work that would be a long turn of
 * the event loop.
 */
export function sendPieces(reply: FastifyReply, pieces: Iterable<Uint8Array>): FastifyReply {
  return reply.send(Readable.from(joined(pieces), { objectMode: false }));
}

async function* joined(pieces: Iterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const slice of inSlices(pieces)) yield concatBytes(...slice);
}
