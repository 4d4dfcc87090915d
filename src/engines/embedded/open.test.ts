import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { CounterApplication } from '../../../test/fakes/counter-application.ts';
import { counterLedger, temporaryLedger } from '../../../test/fakes/counter-ledger.ts';
import { verifyVote } from '../../../test/fakes/verify-vote.ts';
import { utf8 } from '../../primitives/bytes.ts';
import { isCoded } from '../../primitives/errors.ts';
import type { EmbeddedEngine } from './embedded-engine.ts';
import { createValidatorKey, loadValidatorKey } from './key-file.ts';
import { openEmbeddedEngine, validatorKeyOf } from './open.ts';

const patience = 10_000;

test('a ledger is opened once, by this process or another, and freely after a kill', async (t) => {
  const directory = temporaryLedger();
  t.after(() => rmSync(directory, { recursive: true }));
  const script = new URL('../../../test/fakes/hold-lock.ts', import.meta.url).pathname;
  const holder = spawn(process.execPath, [script, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => holder.kill('SIGKILL'));
  await once(holder.stdout, 'data');
  await assert.rejects(openEmbeddedEngine(counterLedger(directory)), (e) =>
    isCoded(e, 'LEDGER_LOCKED'),
  );
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  const engine = await openEmbeddedEngine(counterLedger(directory));
  await assert.rejects(openEmbeddedEngine(counterLedger(directory)), (e) =>
    isCoded(e, 'LEDGER_LOCKED'),
  );
  await engine.close();
  await (await openEmbeddedEngine(counterLedger(directory))).close();
});

test('a ledger opens only under its own genesis and key', async (t) => {
  const directory = temporaryLedger();
  t.after(() => rmSync(directory, { recursive: true }));
  const options = counterLedger(directory);
  await (await openEmbeddedEngine(options)).close();
  const [other] = [{ publicKey: new Uint8Array(32), power: 1 }];
  for (const [what, genesis] of [
    ['genesis', { ...options.genesis, chainId: 'test-2' }],
    ['genesis', { ...options.genesis, genesisHash: new Uint8Array(32) }],
    ['key', { ...options.genesis, validators: [other] }],
    ['validators', { ...options.genesis, validators: [] }],
    ['validators', { ...options.genesis, validators: [other, other] }],
  ] as const) {
    await assert.rejects(
      openEmbeddedEngine({ ...options, genesis }),
      (e) => isCoded(e, 'LEDGER_CORRUPT') && e.details.what === what,
    );
  }
});

test('a ledger of a build before the table `indexed` is refused, and left as it is', async (t) => {
  const directory = temporaryLedger();
  t.after(() => rmSync(directory, { recursive: true }));
  await (await openEmbeddedEngine(counterLedger(directory))).close();
  const path = join(directory, 'blocks.db');
  const older = new DatabaseSync(path);
  older.exec('DROP TABLE indexed; PRAGMA journal_mode = DELETE');
  older.close();
  await assert.rejects(
    openEmbeddedEngine(counterLedger(directory)),
    (e) => isCoded(e, 'LEDGER_CORRUPT') && e.details.what === 'storage',
  );
  const after = new DatabaseSync(path, { readOnly: true });
  assert.equal(after.prepare('SELECT count(*) AS n FROM blocks').get()?.n, 1);
  after.close();
});

test('the key file is made for its owner alone, and not used when others may read it', (t) => {
  const directory = temporaryLedger();
  t.after(() => rmSync(directory, { recursive: true }));
  const made = validatorKeyOf(directory);
  const path = join(directory, 'validator.key');
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(validatorKeyOf(directory).publicKey, made.publicKey);
  chmodSync(path, 0o640);
  assert.throws(
    () => loadValidatorKey(path),
    (e) => isCoded(e, 'KEY_FILE_OPEN'),
  );
  chmodSync(path, 0o600);
  writeFileSync(path, 'no key');
  assert.throws(
    () => loadValidatorKey(path),
    (e) => isCoded(e, 'KEY_FILE_INVALID'),
  );
});

test('a signed time comes at least at every heartbeat, and leaves the state alone', async (t) => {
  const directory = temporaryLedger();
  t.after(() => rmSync(directory, { recursive: true }));
  const options = counterLedger(directory);
  const engine = await openEmbeddedEngine({
    ...options,
    timing: { ...options.timing, heartbeatMs: 5 },
  });
  const { appHash } = engine.status();
  const stop = new AbortController();
  for await (const block of engine.subscribe(1, stop.signal)) {
    assert.deepEqual(block.txs, []);
    if (block.height === 4) stop.abort();
  }
  assert.deepEqual(engine.status().appHash, appHash);
  await engine.close();
});

test('a ledger that slept with its machine, or was off, signs a time as soon as somebody asks', async (t) => {
  const directory = temporaryLedger();
  t.after(() => rmSync(directory, { recursive: true }));
  let aheadMs = 0;
  const clock = { now: () => Date.now() + aheadMs, uptimeMs: () => aheadMs };
  const options = { ...counterLedger(directory), clock };
  const newBlock = async (engine: EmbeddedEngine, after: number): Promise<void> => {
    await engine.query('counters', utf8('a'), { prove: true });
    for await (const { height } of engine.subscribe(after + 1, AbortSignal.timeout(patience))) {
      assert.equal(height, after + 1);
      return;
    }
    assert.fail('no block came');
  };
  const engine = await openEmbeddedEngine(options);
  const { height } = engine.status();
  // Asleep: the monotonic clock stood still, and no timer ran.
  aheadMs += 5 * 60_000 + 1;
  await newBlock(engine, height);
  await engine.close();
  aheadMs += 24 * 60 * 60_000;
  const again = await openEmbeddedEngine(options);
  t.after(() => again.close());
  await newBlock(again, height + 1);
});

test('a clock that is behind stops the ledger, and it goes on by itself when the clock is right', async (t) => {
  const directory = temporaryLedger();
  t.after(() => rmSync(directory, { recursive: true }));
  let now = 1_800_000_000_000;
  const clock = { now: () => now, uptimeMs: () => 0 };
  const engine = await openEmbeddedEngine({ ...counterLedger(directory), clock });
  t.after(() => engine.close());
  now -= 61_000;
  await assert.rejects(engine.submit(utf8('add a 1')), (e) => isCoded(e, 'CLOCK_BEHIND'));
  now += 62_000;
  const { txId } = await engine.submit(utf8('add a 1'));
  const outcome = await engine.waitCommit(txId, patience);
  assert.equal(outcome.timeMs, now);
  now += 11 * 60_000;
  await assert.rejects(engine.submit(utf8('add a 2')), (e) => isCoded(e, 'CLOCK_AHEAD'));
});

test('block times rise even when the clock stands still', async (t) => {
  const directory = temporaryLedger();
  t.after(() => rmSync(directory, { recursive: true }));
  const clock = { now: () => 1_800_000_000_000, uptimeMs: () => 0 };
  const engine = await openEmbeddedEngine({ ...counterLedger(directory), clock });
  t.after(() => engine.close());
  let last = 0;
  for (const n of [1, 2, 3]) {
    const { txId } = await engine.submit(utf8(`add a ${n}`));
    const { timeMs } = await engine.waitCommit(txId, patience);
    assert.ok(timeMs > last);
    last = timeMs;
  }
});

test('a sender has at most 200 transactions in flight, and others are not held up by that', async (t) => {
  const directory = temporaryLedger();
  t.after(() => rmSync(directory, { recursive: true }));
  let open: (code: number) => void = () => {};
  const gate = new Promise<number>((resolve) => {
    open = resolve;
  });
  /** Checks slowly, so that everything stays in flight until the gate opens. */
  class Slow extends CounterApplication {
    override checkTx(): Promise<number> {
      return gate;
    }
  }
  const engine = await openEmbeddedEngine({
    ...counterLedger(directory),
    openApplication: () => new Slow(join(directory, 'state.db')),
    senderOf: (tx) => Buffer.from(tx).toString().split(' ')[1],
  });
  t.after(() => engine.close());
  const first = Array.from({ length: 200 }, (_, n) => engine.submit(utf8(`add a 1 ${n}`)));
  await assert.rejects(engine.submit(utf8('add a 1 x')), (e) => isCoded(e, 'SENDER_BUSY'));
  const other = engine.submit(utf8('add b 1'));
  open(0);
  assert.equal((await other).code, 0);
  for (const { txId } of await Promise.all(first)) await engine.waitCommit(txId, patience);
  assert.equal((await engine.submit(utf8('add a 1 x'))).code, 0);
});

test('who waits longer than they said is told so, and the transaction is committed all the same', async (t) => {
  const directory = temporaryLedger();
  t.after(() => rmSync(directory, { recursive: true }));
  const options = counterLedger(directory);
  const engine = await openEmbeddedEngine({
    ...options,
    timing: { windowMs: 200, idleWindowMs: 200, proofDelayMs: 0 },
  });
  t.after(() => engine.close());
  const { txId } = await engine.submit(utf8('add a 1'));
  await assert.rejects(engine.waitCommit(txId, 1), (e) => isCoded(e, 'COMMIT_TIMEOUT'));
  assert.equal((await engine.waitCommit(txId, patience)).result.code, 0);
});

test('closing answers everybody who waits', async (t) => {
  const directory = temporaryLedger();
  t.after(() => rmSync(directory, { recursive: true }));
  const engine = await openEmbeddedEngine({
    ...counterLedger(directory),
    timing: { idleWindowMs: 60_000 },
    verifyVote,
  });
  const { txId } = await engine.submit(utf8('add a 1'));
  const waiting = assert.rejects(engine.waitCommit(txId, patience), (e) =>
    isCoded(e, 'LEDGER_CLOSED'),
  );
  await engine.close();
  await waiting;
  await assert.rejects(engine.submit(utf8('add a 1')), (e) => isCoded(e, 'LEDGER_CLOSED'));
});

test('a key that a crash cut off is made anew, and one that is there is never replaced', (t) => {
  const directory = temporaryLedger();
  t.after(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'validator.key');
  writeFileSync(`${path}.new`, '-----BEGIN PRI', { mode: 0o600 });
  const { publicKey } = validatorKeyOf(directory);
  assert.throws(() => createValidatorKey(path));
  assert.deepEqual(loadValidatorKey(path).publicKey, publicKey);
});
