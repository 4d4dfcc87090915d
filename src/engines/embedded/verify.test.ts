import assert from 'node:assert/strict';
import { chmodSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { CounterApplication } from '../../../test/fakes/counter-application.ts';
import { counterLedger, temporaryLedger } from '../../../test/fakes/counter-ledger.ts';
import { verifyVote } from '../../../test/fakes/verify-vote.ts';
import type { TrustRoot } from '../../ledger/chain/trust-root.ts';
import { utf8 } from '../../primitives/bytes.ts';
import { isCoded } from '../../primitives/errors.ts';
import { openEmbeddedEngine } from './open.ts';
import { verifyLedger } from './verify.ts';

const sound = temporaryLedger();
let trustRoot: TrustRoot;
let height = 0;

before(async () => {
  const engine = await openEmbeddedEngine(counterLedger(sound));
  for (const n of [0, 1, 2]) {
    const { txId } = await engine.submit(utf8(`add a ${n}`));
    await engine.waitCommit(txId, 10_000);
    await engine.receipt(txId, 10_000);
  }
  trustRoot = await engine.trustRoot();
  await engine.close();
  const again = await openEmbeddedEngine(counterLedger(sound));
  height = again.status().height;
  await again.close();
});

after(() => rmSync(sound, { recursive: true }));

const verify = (directory: string, root: TrustRoot = trustRoot) =>
  verifyLedger({
    directory,
    verifyVote,
    trustRoot: root,
    openApplication: (folder) => new CounterApplication(join(folder, 'state.db')),
  });

/** A copy of the sound ledger, changed by somebody with a database tool. */
function tampered(sql: string): string {
  const copy = temporaryLedger();
  cpSync(sound, copy, { recursive: true });
  const db = new DatabaseSync(join(copy, 'blocks.db'));
  for (const table of ['identity', 'blocks', 'txs']) {
    db.exec(`DROP TRIGGER ${table}_update; DROP TRIGGER ${table}_delete`);
  }
  assert.ok(Number(db.prepare(sql).run().changes) > 0);
  db.close();
  return copy;
}

test('a sound ledger verifies, also a copy that may only be read', async () => {
  const verdict = await verify(sound);
  assert.deepEqual([verdict.ok, verdict.height], [true, height]);
  const copy = temporaryLedger();
  cpSync(join(sound, 'blocks.db'), join(copy, 'blocks.db'));
  chmodSync(join(copy, 'blocks.db'), 0o400);
  chmodSync(copy, 0o500);
  assert.equal((await verify(copy)).ok, true);
  chmodSync(copy, 0o700);
  rmSync(copy, { recursive: true });
});

/** Changes the byte at `at` (from 1) of a column of block 2, whatever it was, to 0xee. */
/** Another byte, whatever it was: signatures have any. */
const byteOf = (column: string, at: number, where = 'height = 2') =>
  `UPDATE blocks SET ${column} = CAST(substr(${column}, 1, ${at - 1})
    || iif(substr(${column}, ${at}, 1) = x'ee', x'11', x'ee')
    || substr(${column}, ${at + 1}) AS BLOB) WHERE ${where}`;

for (const [name, sql, what, at] of [
  ['a byte of a header', byteOf('header', 30), 'header', 2],
  ['the app hash in a header', byteOf('header', 290), 'header', 2],
  ['a byte of a vote', byteOf('votes', 120), 'signature', 2],
  ['a byte of a transaction', byteOf('txs', 6), 'data', 2],
  ['a byte of a result', byteOf('results', 4, 'height = 4'), 'result', 4],
  ['a result code', "UPDATE blocks SET results = x'0a020805' WHERE height = 2", 'result', 2],
  ['an app hash', byteOf('app_hash', 1), 'state', 2],
  ['a block time', 'UPDATE blocks SET time_ms = time_ms + 1 WHERE height = 2', 'chain', 2],
  ['a missing block', 'DELETE FROM blocks WHERE height = 3', 'missing', 3],
  ['a transaction missing from the index', 'DELETE FROM txs WHERE height = 2', 'index', 2],
  ['one too many in the index', "INSERT INTO txs VALUES (x'00', 1, 0)", 'index', 0],
  ['a missing identity', 'DELETE FROM identity', 'missing', 0],
] as const) {
  test(`a ledger with ${name} changed does not verify: ${what}`, async () => {
    const copy = tampered(sql);
    const expected = name.startsWith('one too many') ? height : at;
    assert.deepEqual(await verify(copy), { ok: false, height: expected, what });
    rmSync(copy, { recursive: true });
  });
}

test('the newest blocks are checked at every start too', async () => {
  for (const sql of [byteOf('header', 30), byteOf('votes', 120), byteOf('txs', 6)]) {
    const copy = tampered(sql);
    await assert.rejects(
      openEmbeddedEngine(counterLedger(copy)),
      (e) => isCoded(e, 'LEDGER_CORRUPT') && e.details.height === 2,
    );
    rmSync(copy, { recursive: true });
  }
});

test('a ledger that was written anew does not verify against the trust root', async () => {
  const other = temporaryLedger();
  cpSync(join(sound, 'validator.key'), join(other, 'validator.key'));
  const engine = await openEmbeddedEngine(counterLedger(other));
  await engine.close();
  assert.deepEqual(await verify(other), { ok: false, height: 1, what: 'trust-root' });
  const itself = await verifyLedger({
    directory: other,
    verifyVote,
    openApplication: (folder) => new CounterApplication(join(folder, 'state.db')),
  });
  assert.equal(itself.ok, true);
  rmSync(other, { recursive: true });
});

test('a ledger that was cut off below the trust root does not verify', async () => {
  const verdict = await verify(sound, { ...trustRoot, height: height + 5 });
  assert.deepEqual(verdict, { ok: false, height: height + 1, what: 'missing' });
});

test('a file that is no database does not verify', async () => {
  const copy = temporaryLedger();
  const bytes = readFileSync(join(sound, 'blocks.db'));
  writeFileSync(join(copy, 'blocks.db'), bytes.subarray(0, 5000));
  assert.deepEqual(await verify(copy), { ok: false, height: 0, what: 'storage' });
  rmSync(copy, { recursive: true });
});

test('blocks cannot be changed or removed through the database itself', () => {
  const copy = temporaryLedger();
  cpSync(sound, copy, { recursive: true });
  const db = new DatabaseSync(join(copy, 'blocks.db'));
  for (const sql of ['UPDATE blocks SET time_ms = 0', 'DELETE FROM blocks', 'DELETE FROM txs']) {
    assert.throws(() => db.exec(sql), /append only/);
  }
  db.close();
  rmSync(copy, { recursive: true });
});
