import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CodedError } from '../../primitives/errors.ts';
import { parseAccountId } from '../../primitives/ids.ts';
import type { ItemInside } from '../records/item-open.ts';
import { openAll, type ToOpen } from './opener-messages.ts';
import { OpenerPool, type StartThread } from './opener-pool.ts';

/** No item: opening it is refused, here and in a thread alike. */
const none: ItemInside = {
  ...{ header: new Uint8Array(1), leafContent: new Uint8Array(1), salt: new Uint8Array(32) },
  ...{ leaf: new Uint8Array(32), recordId: undefined },
  account: parseAccountId('a1'.repeat(32)),
  key: { kind: 'segment', sek: new Uint8Array(32) },
};
const body = new Uint8Array(8);

const refusals = async (pool: OpenerPool, count: number): Promise<unknown[]> => {
  const asked = Array.from({ length: count }, () => pool.open(none, body));
  const settled = await Promise.allSettled(asked);
  return settled.map((it) => (it.status === 'rejected' ? it.reason.code : 'opened'));
};

/** Threads that are ready at once and answer in the next turn; `lose` ends them with what they have. */
function threads() {
  const posted: ToOpen[] = [];
  const losing: (() => void)[] = [];
  let started = 0;
  const start: StartThread = ({ ready, opened, lost }) => {
    started += 1;
    queueMicrotask(ready);
    losing.push(lost);
    return {
      post(items) {
        posted.push(items);
        setImmediate(() => void openAll(items).then(opened));
      },
      idle: () => undefined,
    };
  };
  return { posted, start, started: () => started, lose: () => losing.map((it) => it()) };
}

test('the first hundred items are opened here, and no thread is started for them', async () => {
  const { start, started, posted } = threads();
  const pool = new OpenerPool(start, 2);
  assert.deepEqual(new Set(await refusals(pool, 100)), new Set(['PROOF_INVALID']));
  assert.equal(started(), 0);
  assert.equal(posted.length, 0);
});

test('what comes then goes to threads in batches, and is refused with the same code', async () => {
  const { start, started, posted } = threads();
  const pool = new OpenerPool(start, 2);
  await refusals(pool, 101);
  assert.equal(started(), 2);
  assert.deepEqual(new Set(await refusals(pool, 200)), new Set(['PROOF_INVALID']));
  assert.ok(posted.length > 0 && posted.every((it) => it.items.length <= 16));
});

test('items of one turn travel together, few at first, and what has no room waits for a thread', async () => {
  const { start, posted } = threads();
  const pool = new OpenerPool(start, 2);
  await refusals(pool, 101);
  await refusals(pool, 100);
  assert.deepEqual(
    posted.slice(0, 4).map((it) => it.items.length),
    [4, 4, 16, 16],
  );
  assert.equal(
    posted.reduce((sum, it) => sum + it.items.length, 0),
    100,
  );
});

test('what a lost thread had is opened here', async () => {
  const { start, lose } = threads();
  const pool = new OpenerPool(start, 2);
  await refusals(pool, 101);
  const asked = refusals(pool, 64);
  await Promise.resolve();
  lose();
  assert.deepEqual(new Set(await asked), new Set(['PROOF_INVALID']));
});

test('a pool whose threads do not start opens everything here', async () => {
  const pool = new OpenerPool(({ lost }) => {
    queueMicrotask(lost);
    return { post: () => assert.fail('it was lost'), idle: () => undefined };
  }, 2);
  assert.equal((await refusals(pool, 300)).length, 300);
  await assert.rejects(pool.open(none, body), CodedError);
});
