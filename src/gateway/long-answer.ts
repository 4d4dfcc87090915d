import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
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
