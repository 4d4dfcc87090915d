import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CounterApplication } from '../../../test/fakes/counter-application.ts';
import { counterLedger, temporaryLedger } from '../../../test/fakes/counter-ledger.ts';
import { verifyVote } from '../../../test/fakes/verify-vote.ts';
import { utf8, utf8ToText } from '../../primitives/bytes.ts';
import { isCoded } from '../../primitives/errors.ts';
import type { CommitOutcome } from '../engine.ts';
import type { EmbeddedEngine } from './embedded-engine.ts';
import type { FaultName } from './faults.ts';
import { openEmbeddedEngine } from './open.ts';
import { verifyLedger } from './verify.ts';

const patience = 10_000;

async function commit(engine: EmbeddedEngine, text: string): Promise<CommitOutcome> {
  const { txId } = await engine.submit(utf8(text));
  return engine.waitCommit(txId, patience);
}

async function counter(engine: EmbeddedEngine, name: string): Promise<number> {
  const { value } = await engine.query('counters', utf8(name), { prove: false });
  return value === undefined ? 0 : Number(utf8ToText(value));
}

const verdictOf = (directory: string) =>
  verifyLedger({
    directory,
    verifyVote,
    openApplication: (folder) => new CounterApplication(join(folder, 'state.db')),
  });

// Before the durable point the block in the making is gone, after it it is there: both without an answer.
for (const [point, survives] of [
  ['begin', false],
  ['finalized', false],
  ['signed', false],
  ['inserted', false],
  ['durable', true],
  ['committed', true],
  ['answered', true],
] as const satisfies readonly (readonly [FaultName, boolean])[]) {
  test(`a crash at '${point}' loses nothing that was confirmed, and state equals replay`, async (t) => {
    const directory = temporaryLedger();
    t.after(() => rmSync(directory, { recursive: true }));
    let armed = false;
    const before = await openEmbeddedEngine({
      ...counterLedger(directory),
      faultPoint: (name) => {
        if (armed && name === point) throw new Error('crash');
      },
    });
    t.after(() => before.close());
    const confirmed = await commit(before, 'add a 1');
    // The proof block is made: the next block is that of the next transaction.
    await before.receipt(confirmed.txId, patience);
    armed = true;
    const { txId } = await before.submit(utf8('add a 10'));
    const last = await before.waitCommit(txId, patience).then(
      () => 'confirmed',
      (error: unknown) => (isCoded(error, 'LEDGER_STALLED') ? 'unknown' : String(error)),
    );
    assert.equal(last, point === 'answered' ? 'confirmed' : 'unknown');
    // A stopped engine takes nothing more in.
    await assert.rejects(commit(before, 'add a 100'), (e) => isCoded(e, 'LEDGER_STALLED'));
    await before.close();

    const after = await openEmbeddedEngine(counterLedger(directory));
    t.after(() => after.close());
    assert.deepEqual(await after.waitCommit(confirmed.txId, patience), confirmed);
    assert.equal(await counter(after, 'a'), survives ? 11 : 1);
    // Handed in again, as a client that got no answer does, it counts once.
    await commit(after, 'add a 10');
    assert.equal(await counter(after, 'a'), 11);
    await after.receipt(confirmed.txId, patience);
    await after.close();
    assert.equal((await verdictOf(directory)).ok, true);
  });
}

test('an older state is brought forward from the blocks', async (t) => {
  const directory = temporaryLedger();
  const backup = temporaryLedger();
  t.after(() => {
    rmSync(directory, { recursive: true });
    rmSync(backup, { recursive: true });
  });
  const first = await openEmbeddedEngine(counterLedger(directory));
  await commit(first, 'add a 1');
  await first.close();
  cpSync(join(directory, 'state.db'), join(backup, 'state.db'));
  const second = await openEmbeddedEngine(counterLedger(directory));
  for (const n of [0, 1, 2, 3]) await commit(second, `add b 5 ${n}`);
  await second.close();
  rmSync(join(directory, 'state.db-wal'), { force: true });
  rmSync(join(directory, 'state.db-shm'), { force: true });
  cpSync(join(backup, 'state.db'), join(directory, 'state.db'));
  const third = await openEmbeddedEngine(counterLedger(directory));
  assert.equal(await counter(third, 'a'), 1);
  assert.equal(await counter(third, 'b'), 20);
  await third.close();
});

test('a lost state is made again from the blocks', async (t) => {
  const directory = temporaryLedger();
  t.after(() => rmSync(directory, { recursive: true }));
  const first = await openEmbeddedEngine(counterLedger(directory));
  await commit(first, 'add a 7');
  await first.close();
  for (const end of ['', '-wal', '-shm']) {
    rmSync(join(directory, `state.db${end}`), { force: true });
  }
  const second = await openEmbeddedEngine(counterLedger(directory));
  assert.equal(await counter(second, 'a'), 7);
  await second.close();
});

test('a state that is ahead of the blocks is not served', async (t) => {
  const directory = temporaryLedger();
  t.after(() => rmSync(directory, { recursive: true }));
  const first = await openEmbeddedEngine(counterLedger(directory));
  await commit(first, 'add a 7');
  const { height } = first.status();
  await first.close();
  const application = new CounterApplication(join(directory, 'state.db'));
  for (const ahead of [1, 2, 3]) {
    await application.finalizeBlock({ height: height + ahead, timeMs: 1, txs: [] });
    application.commit();
  }
  application.close();
  await assert.rejects(
    openEmbeddedEngine(counterLedger(directory)),
    (e) => isCoded(e, 'LEDGER_CORRUPT') && e.details.what === 'application-ahead',
  );
});

test('a state of another history is not served', async (t) => {
  const directory = temporaryLedger();
  t.after(() => rmSync(directory, { recursive: true }));
  const first = await openEmbeddedEngine(counterLedger(directory));
  await commit(first, 'add a 7');
  const { height, timeMs } = first.status();
  await first.close();
  for (const end of ['', '-wal', '-shm']) {
    rmSync(join(directory, `state.db${end}`), { force: true });
  }
  const application = new CounterApplication(join(directory, 'state.db'));
  await application.finalizeBlock({ height, timeMs, txs: [utf8('add a 8')] });
  application.commit();
  application.close();
  await assert.rejects(
    openEmbeddedEngine(counterLedger(directory)),
    (e) => isCoded(e, 'LEDGER_CORRUPT') && e.details.what === 'state',
  );
});

test('a full disk is refused by its code, loses nothing, and work goes on when there is room', async (t) => {
  const directory = temporaryLedger();
  t.after(() => rmSync(directory, { recursive: true }));
  const engine = await openEmbeddedEngine(counterLedger(directory));
  t.after(() => engine.close());
  const first = await commit(engine, 'add a 1');
  engine.store.limitPages(1);
  const padding = 'x'.repeat(8000);
  await assert.rejects(commit(engine, `add a 1 ${padding}`), (e) => isCoded(e, 'DISK_FULL'));
  assert.deepEqual(await engine.waitCommit(first.txId, patience), first);
  engine.store.limitPages(1_000_000);
  await commit(engine, `add a 1 ${padding}`);
  assert.equal(await counter(engine, 'a'), 2);
  assert.equal(engine.status().stalledMs, 0);
  await engine.close();
  assert.equal((await verdictOf(directory)).ok, true);
});

test('a state that found no room is brought forward before anybody is answered', async (t) => {
  const directory = temporaryLedger();
  t.after(() => rmSync(directory, { recursive: true }));
  let full = 0;
  /** Finds the disk full at its first commits. */
  class Cramped extends CounterApplication {
    override commit(): void {
      if (full-- > 0) throw Object.assign(new Error('full'), { errcode: 13 });
      super.commit();
    }
  }
  const engine = await openEmbeddedEngine({
    ...counterLedger(directory),
    openApplication: () => new Cramped(join(directory, 'state.db')),
  });
  t.after(() => engine.close());
  full = 2;
  await commit(engine, 'add a 1');
  assert.equal(await counter(engine, 'a'), 1);
  await engine.close();
  assert.equal((await verdictOf(directory)).ok, true);
});
