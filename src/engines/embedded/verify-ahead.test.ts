import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { makeBody, makeGenesis, makePerson, signTx } from '../../../test/builders.ts';
import { temporaryLedger } from '../../../test/fakes/counter-ledger.ts';
import { sha256 } from '../../crypto/hash.ts';
import { encodeGenesis, parseGenesis } from '../../ledger/genesis.ts';
import type { Act } from '../../ledger/protocol.ts';
import { utf8 } from '../../primitives/bytes.ts';
import { isCoded } from '../../primitives/errors.ts';
import { BlockStore } from '../blocks/block-store.ts';
import { resultsHash } from '../blocks/roots.ts';
import type { LedgerVerdict } from '../blocks/verification.ts';
import { openLedgerApplication } from '../ledger-application/open.ts';
import type { SignatureChecks } from '../ledger-application/verify-tx.ts';
import { type Curves, ownThread } from '../threads/curves.ts';
import { VerifyPool } from '../threads/verify-pool.ts';
import { genesisTip } from './make-block.ts';
import { engineGenesis, openEmbeddedEngine, validatorKeyOf } from './open.ts';
import { defectOf, isSigned, readBlock, tipAfter } from './read-block.ts';
import { verifyLedger } from './verify.ts';

const startMs = 1_700_000_000_000;
const hospital = await makePerson('hospital', 'organisation');
const pool = new VerifyPool({ threads: 2, batches: 4 });
const dying = new VerifyPool({
  threads: 2,
  worker: new URL(
    "data:text/javascript,import { parentPort } from 'node:worker_threads'; parentPort.on('message', () => process.exit(1));",
  ),
});
const checksBy = (curves: Curves): SignatureChecks => ({
  signature: ({ publicKey, label, bytes, signature }) =>
    curves.verifyLabelled(publicKey, label, bytes, signature),
  pointProof: ({ point, context, proof }) => curves.verifyPointProof(point, context, proof),
});

let genesis: Uint8Array;
/** As an honest operator keeps it. */
const sound = temporaryLedger();
/** Of an operator who took in what nobody signed, at heights 4 and 8, and enrolled a false identity at 6. */
const forged = temporaryLedger();

const batch = (n: number): Act => ({
  kind: 'BatchAnchor',
  batch: 'refusal',
  root: sha256(utf8(`batch ${n}`)),
  count: 1,
  firstMs: startMs - 2,
  lastMs: startMs - 1,
});
const byHospital = (nonce: number, acts: readonly Act[], log: 'user' | 'doc') =>
  signTx({ ...makeBody(hospital.account, nonce, Date.now() + 3_600_000, acts), log }, hospital.key);

before(async () => {
  const validator = { publicKey: validatorKeyOf(sound).publicKey, power: 1 };
  cpSync(sound, forged, { recursive: true });
  const template = parseGenesis(await makeGenesis([hospital], startMs));
  genesis = encodeGenesis({ ...template, validators: [validator] });
  await fill(sound, checksBy(ownThread), new Set());
  await fill(forged, { signature: async () => true, pointProof: () => true }, new Set([4, 6, 8]));
});

after(async () => {
  await Promise.all([pool.close(), dying.close()]);
  for (const folder of [sound, forged]) rmSync(folder, { recursive: true });
});

/** Six blocks with transactions, each followed by an empty one: heights 2, 4 ... 12. */
async function fill(directory: string, verify: SignatureChecks, badAt: ReadonlySet<number>) {
  const engine = await openEmbeddedEngine({
    directory,
    genesis: engineGenesis(genesis),
    openApplication: () =>
      openLedgerApplication({ path: join(directory, 'state.db'), genesis, verify }),
    verifyVote: ownThread.verifyVote,
    timing: { windowMs: 2, idleWindowMs: 0, proofDelayMs: 0 },
  });
  for (let n = 1; n <= 6; n++) {
    const isBad = badAt.has(2 * n);
    const patient = await makePerson(`patient ${n}`, 'patient', hospital.account);
    const pointProof = isBad ? new Uint8Array(64).fill(3) : patient.identity.pointProof;
    const identity = { ...patient.identity, pointProof };
    const enrol: Act = { kind: 'Enrol', identity, role: 'patient', credentialHash: sha256() };
    const tx =
      n % 3 === 0 ? await byHospital(n, [enrol], 'user') : await byHospital(n, [batch(n)], 'doc');
    if (isBad && n % 3 !== 0) tx[tx.length - 1] = (tx.at(-1) ?? 0) ^ 1;
    const { txId } = await engine.submit(tx);
    const { height } = await engine.waitCommit(txId, 10_000);
    await engine.receipt(txId, 10_000);
    assert.equal(height, 2 * n);
  }
  await engine.close();
}

async function verify(directory: string, curves: Curves): Promise<LedgerVerdict> {
  return verifyLedger({
    directory,
    verifyVote: (key, message, signature) => curves.verifyVote(key, message, signature),
    openApplication: (folder) =>
      openLedgerApplication({
        path: join(folder, 'state.db'),
        genesis,
        verify: checksBy(curves),
        // What is thrown away, and so little of it in memory that it is read back from the disk.
        isScratch: true,
        gathered: { stateLayer: 3 },
      }),
  });
}

/** B-9 as it reads: one block after the other, each looked at only when all before it hold, on this thread. */
async function inOrder(directory: string): Promise<LedgerVerdict> {
  const folder = mkdtempSync(join(tmpdir(), 'salus-in-order-'));
  const copy = join(folder, 'blocks.db');
  cpSync(join(directory, 'blocks.db'), copy);
  const store = new BlockStore(copy);
  const verify = checksBy(ownThread);
  const app = await openLedgerApplication({ path: join(folder, 'state.db'), genesis, verify });
  const broken = (what: string, height: number) => ({ ok: false, height, what }) as const;
  try {
    const identity = store.identity();
    if (identity === undefined) return broken('missing', 0);
    let tip = genesisTip(identity.genesisMs, app.info().appHash);
    const last = store.lastHeight();
    let txs = 0;
    for (let height = 1; height <= last; height++) {
      const stored = store.block(height);
      if (stored === undefined) return broken('missing', height);
      const block = readBlock(stored);
      const defect = defectOf(identity, tip, block);
      if (defect !== undefined) return broken(defect, height);
      if (!(await isSigned(identity, block, ownThread.verifyVote))) {
        return broken('signature', height);
      }
      for (const [index, txId] of block.txIds.entries()) {
        const place = store.find(txId);
        if (place?.height !== height || place.index !== index) return broken('index', height);
      }
      const { results, appHash } = await app.finalizeBlock(stored);
      if (!sameBytes(resultsHash(results), resultsHash(stored.results))) {
        return broken('result', height);
      }
      if (!sameBytes(appHash, stored.appHash)) return broken('state', height);
      app.commit();
      tip = tipAfter(block);
      txs += block.txIds.length;
    }
    if (store.indexedTxs() !== txs) return broken('index', last);
    return { ok: true, height: last, headerHash: Buffer.from(tip.blockId.hash).toString('hex') };
  } catch (error) {
    if (!isCoded(error, 'LEDGER_CORRUPT')) throw error;
    return broken(String(error.details.what), Number(error.details.height ?? 0));
  } finally {
    app.close();
    store.close();
    rmSync(folder, { recursive: true });
  }
}

const sameBytes = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;

/** A copy, changed by somebody with a database tool. */
function damaged(ledger: string, ...changes: readonly string[]): string {
  const copy = temporaryLedger();
  cpSync(join(ledger, 'blocks.db'), join(copy, 'blocks.db'));
  const db = new DatabaseSync(join(copy, 'blocks.db'));
  for (const table of ['identity', 'blocks', 'txs']) {
    db.exec(`DROP TRIGGER ${table}_update; DROP TRIGGER ${table}_delete`);
  }
  for (const sql of changes) db.exec(sql);
  db.close();
  return copy;
}

/** The byte at `at` (from 1) of a column of a block becomes 0xee. */
const byteOf = (column: string, at: number, height: number) =>
  `UPDATE blocks SET ${column} = coalesce(CAST(substr(${column}, 1, ${at - 1}) || x'ee' || substr(${column}, ${at + 1}) AS BLOB), x'ee') WHERE height = ${height}`;

const tables: readonly (readonly [name: string, expected: string, ...changes: string[]])[] = [
  ['nothing', 'ok'],
  ['a header', '5 header', byteOf('header', 30, 5)],
  ['no header at all', '5 header', "UPDATE blocks SET header = x'ff' WHERE height = 5"],
  ['a vote', '4 signature', byteOf('votes', 120, 4)],
  ['a transaction', '6 data', byteOf('txs', 90, 6)],
  ['transactions that are none', '6 data', "UPDATE blocks SET txs = x'07' WHERE height = 6"],
  ['results that are none', '6 result', "UPDATE blocks SET results = x'07' WHERE height = 6"],
  ['a result', '4 result', "UPDATE blocks SET results = x'0a020805' WHERE height = 4"],
  ['an app hash', '6 state', byteOf('app_hash', 1, 6)],
  ['a time', '3 chain', 'UPDATE blocks SET time_ms = time_ms + 1 WHERE height = 3'],
  ['a missing block', '7 missing', 'DELETE FROM blocks WHERE height = 7'],
  ['a missing end', '11 index', 'DELETE FROM blocks WHERE height > 11'],
  ['the index', '8 index', 'DELETE FROM txs WHERE height = 8'],
  ['one too many in the index', '13 index', "INSERT INTO txs VALUES (x'00', 1, 0)"],
  ['no identity', '0 missing', 'DELETE FROM identity'],
  [
    'two things, the later one dearer',
    '4 result',
    byteOf('results', 4, 4),
    byteOf('votes', 120, 6),
  ],
  [
    'two things, the later one not readable',
    '9 signature',
    byteOf('votes', 120, 9),
    "UPDATE blocks SET txs = x'07' WHERE height = 10",
  ],
  [
    'two things, the later one missing',
    '8 index',
    'DELETE FROM txs WHERE height = 8',
    'DELETE FROM blocks WHERE height = 9',
  ],
];

for (const [name, expected, ...changes] of tables) {
  test(`damage to ${name}: ${expected}, on any number of threads`, async () => {
    const copy = damaged(sound, ...changes);
    const verdict = await inOrder(copy);
    assert.equal(verdict.ok ? 'ok' : `${verdict.height} ${verdict.what}`, expected);
    for (const curves of [ownThread, pool, dying]) {
      assert.deepEqual(await verify(copy, curves), verdict);
    }
    rmSync(copy, { recursive: true });
  });
}

test('what an operator took in unsigned is named by its first height, on any number of threads', async () => {
  const expected = { ok: false, height: 4, what: 'result' };
  assert.deepEqual(await inOrder(forged), expected);
  for (const curves of [ownThread, pool, dying]) {
    assert.deepEqual(await verify(forged, curves), expected);
  }
});

test('whatever is changed, threads find what one alone finds, block by block', async () => {
  const runs = process.env.SLOW === '1' ? 2_000 : 20;
  const column = fc.constantFrom('header', 'votes', 'txs', 'results', 'app_hash');
  const change = fc.record({
    column,
    height: fc.integer({ min: 1, max: 13 }),
    at: fc.integer({ min: 1, max: 300 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
      const copy = damaged(
        sound,
        ...changes.map(({ column, height, at }) => byteOf(column, at, height)),
      );
      assert.deepEqual(await verify(copy, pool), await inOrder(copy));
      rmSync(copy, { recursive: true });
    }),
    { numRuns: runs },
  );
});

test('a signal stops it between two blocks', async () => {
  const signal = AbortSignal.abort();
  const stopped = verifyLedger({
    directory: sound,
    signal,
    verifyVote: ownThread.verifyVote,
    openApplication: (folder) =>
      openLedgerApplication({
        path: join(folder, 'state.db'),
        genesis,
        verify: checksBy(ownThread),
      }),
  });
  await assert.rejects(stopped, (error) => isCoded(error, 'INTERRUPTED'));
});
