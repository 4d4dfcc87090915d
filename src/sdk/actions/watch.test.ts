import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BlockEvent } from '../../api/tx.ts';
import type { Context } from '../client/context.ts';
import { watch } from './watch.ts';

/** A gateway whose streams say these texts, one after the other, and end. */
function telling(...texts: readonly string[]) {
  const asked: (number | undefined)[] = [];
  const stop = new AbortController();
  const events = async (last: number | undefined) => {
    asked.push(last);
    const text = texts[asked.length - 1];
    if (text === undefined) stop.abort();
    return new Blob([text ?? '']).stream();
  };
  // The one part of a context that watching needs.
  const ctx = { gateway: { events } } as unknown as Context;
  return { asked, ctx, signal: stop.signal };
}

const block = (height: number) =>
  `id: ${height}\nevent: block\ndata: ${JSON.stringify({ height, timeMs: 1, acts: [] })}\n\n`;

test('a stream that ends before it told anything is resumed from where it began', async () => {
  const { asked, ctx, signal } = telling(': open\nid: 7\n\n', `: open\nid: 7\n\n${block(8)}`);
  const told: BlockEvent[] = [];
  for await (const event of watch(ctx, { signal })) told.push(event);
  assert.deepEqual(asked, [undefined, 7, 8]);
  assert.deepEqual(
    told.map(({ height }) => height),
    [8],
  );
});
