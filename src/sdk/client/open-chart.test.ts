import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CodedError } from '../../primitives/errors.ts';
import { recordIdOf } from '../../primitives/ids.ts';
import type { CameBody } from './chart-bodies.ts';
import type { LiveItem } from './check-rows.ts';
import { openChart } from './open-chart.ts';
import { openHere } from './opener-pool.ts';

/** Rows whose bodies did not come, so that nothing of a ledger is asked. */
const erased = (n: number): CameBody => {
  const recordId = recordIdOf(new Uint8Array(16).fill(n));
  return { row: { recordId } as LiveItem, why: 'erased' };
};
const context = { openers: openHere } as Parameters<typeof openChart>[0];
const noKey = () => {
  throw new CodedError('KEY_NOT_HERE');
};

test('a record is given as soon as it is opened, however long further bodies take', async () => {
  let isEnded = false;
  async function* hanging() {
    try {
      yield [erased(1), erased(2)];
      await new Promise(() => undefined);
    } finally {
      isEnded = true;
    }
  }
  const opened = openChart(context, hanging(), noKey);
  const first = await opened.next();
  const second = await opened.next();
  assert.deepEqual(
    [first, second].map((it) => it.value?.row.recordId),
    [erased(1), erased(2)].map((it) => it.row.recordId),
  );
  // And who takes no more need not wait for them either.
  await opened.return();
  assert.equal(isEnded, false);
});

test('what came before a fault is given before the fault is told', async () => {
  async function* broken() {
    yield [erased(1)];
    throw new CodedError('GATEWAY_LIED');
  }
  const given: LiveItem[] = [];
  const all = async () => {
    for await (const { row } of openChart(context, broken(), noKey)) given.push(row);
  };
  await assert.rejects(all, { code: 'GATEWAY_LIED' });
  assert.equal(given.length, 1);
});

test('rows come in their order, of more than are opened at once', async () => {
  const count = 300;
  async function* many() {
    for (let n = 0; n < count; n += 30) yield Array.from({ length: 30 }, (_, i) => numbered(n + i));
  }
  const seen: number[] = [];
  for await (const { row } of openChart(context, many(), noKey)) seen.push(row.index);
  assert.deepEqual(
    seen,
    Array.from({ length: count }, (_, n) => n),
  );
});

function numbered(index: number): CameBody {
  return { row: { recordId: erased(0).row.recordId, index } as LiveItem, why: 'not-stored' };
}
