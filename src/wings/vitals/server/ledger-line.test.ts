import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accountOf } from '../../../../test/world.ts';
import type { StateTable } from '../../../ledger/table.ts';
import { accounts } from '../../../ledger/tables/accounts.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { ProvenLedger } from '../../../sdk/ledger/proven-ledger.ts';
import { BlockLine } from './block-line.ts';
import { provenRows } from './ledger-line.ts';

/** How long proven rows are taken again. Source: docs/protocol/vitals-servers.md, rule VS-2a. */

const wanted = [{ table: accounts, id: accountOf('ana') }];

/** A ledger that shows rows until block 7. */
function shown(change: Partial<ProvenLedger> = {}) {
  const row = (table: StateTable<unknown>, id: string) => `${table.name}/${id}`;
  const ledger = {
    trustRoot: { chain: 'test' },
    tip: { height: 7 },
    row: async (table: StateTable<unknown>, id: string) => row(table, id),
    rowsTogether: async () => ({ get: row, until: 7 }),
    ...change,
  };
  const [blocks, clock] = [{ newest: 7 as number | undefined }, { nowMs: 1_000 }];
  const rows = provenRows(ledger as unknown as ProvenLedger, blocks, () => clock.nowMs);
  return { together: () => rows.together?.(wanted) ?? assert.fail(), blocks, clock, ledger };
}

test('rows are the newest until a block comes after the last one that they are shown for', async () => {
  const { together, blocks } = shown();
  const seen = await together();
  assert.equal(seen.isNewest(), true);
  blocks.newest = 8;
  assert.equal(seen.isNewest(), false);
});

test('also one that was not told but seen otherwise', async () => {
  const { together, ledger } = shown();
  const seen = await together();
  Object.assign(ledger, { tip: { height: 8 } });
  assert.equal(seen.isNewest(), false);
});

test('where nobody tells of blocks nothing is the newest', async () => {
  const { together, blocks } = shown();
  blocks.newest = undefined;
  assert.equal((await together()).isNewest(), false);
});

test('nor after two seconds, whoever tells', async () => {
  const { together, clock } = shown();
  const seen = await together();
  clock.nowMs += 2_000;
  assert.equal(seen.isNewest(), true);
  clock.nowMs += 1;
  assert.equal(seen.isNewest(), false);
});

test('without a session each row is asked for by itself, and none is taken again', async () => {
  const seen = await shown({
    rowsTogether: () => Promise.reject(new CodedError('UNAUTHENTICATED')),
  }).together();
  assert.equal(seen.get(accounts, accountOf('ana')), `accounts/${accountOf('ana')}`);
  assert.equal(seen.isNewest(), false);
});

test('a proof that does not hold is not asked for in another way', async () => {
  const lied = shown({ rowsTogether: () => Promise.reject(new CodedError('PROOF_INVALID')) });
  await assert.rejects(lied.together(), { code: 'PROOF_INVALID' });
});

const stream = (...texts: readonly string[]) => {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  const readable = new ReadableStream<Uint8Array>({
    start(it) {
      controller = it;
      for (const text of texts) it.enqueue(new TextEncoder().encode(text));
    },
  });
  return { readable, end: () => controller?.close() };
};

test('a line tells the newest block while it is open, and nothing when it ends', async () => {
  const { readable, end } = stream(': open\nid: 4\n\n', 'id: 5\nevent: block\ndata: {}\n\n');
  let opened = 0;
  const never = new Promise<never>(() => {});
  const events = async (_last: number | undefined, signal: AbortSignal) => {
    opened++;
    if (opened === 1) return readable;
    // Opened again: nothing comes until it is stopped.
    await Promise.race([
      never,
      new Promise((resolve) => signal.addEventListener('abort', resolve)),
    ]);
    throw new CodedError('INTERRUPTED');
  };
  const line = new BlockLine({ events });
  assert.equal(line.newest, undefined);
  const told: (number | undefined)[] = [];
  await new Promise<void>((resolve) => {
    line.follow(() => {
      told.push(line.newest);
      if (told.length === 2) resolve();
    });
  });
  assert.deepEqual(told, [4, 5]);
  end();
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(line.newest, undefined);
  await line.stop();
});
