import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import type { ItemRow } from '../api/items.ts';
import { inSlices } from './slices.ts';

/**
 * Answers with JSON that has up to a thousand rows, which are written slice by slice: as one piece of work it would be a
 * long turn of the event loop. They are our own rows, made in the shape of the route; clients check it.
 */
export function sendRows(
  reply: FastifyReply,
  { rows, ...rest }: { readonly rows: readonly ItemRow[] } & Readonly<Record<string, unknown>>,
): FastifyReply {
  const pieces = Readable.from(jsonOf(rest, rows), { objectMode: false });
  return reply.type('application/json; charset=utf-8').send(pieces);
}

async function* jsonOf(
  rest: Readonly<Record<string, unknown>>,
  rows: readonly ItemRow[],
): AsyncGenerator<string, void, undefined> {
  yield '{"rows":[';
  let before = '';
  for await (const slice of inSlices(rows)) {
    yield before + slice.map((row) => JSON.stringify(row)).join(',');
    before = ',';
  }
  const fields = JSON.stringify(rest).slice(1, -1);
  yield `]${fields === '' ? '' : ','}${fields}}`;
}
