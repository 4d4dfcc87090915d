import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { chainId, makeBody, makeGenesis, makePerson, signTx } from '../../../../test/builders.ts';
import { consentOf, day, keySetAct, t0 } from '../../../../test/world.ts';
import { sha256 } from '../../../crypto/hash.ts';
import { isConsistent } from '../../../ledger/merkle.ts';
import type { Act } from '../../../ledger/protocol.ts';
import { bytesToHex, concatBytes, equalBytes, utf8 } from '../../../primitives/bytes.ts';
import { idBytes } from '../../../primitives/ids.ts';
import { type LedgerApplication, openLedgerApplication } from '../open.ts';
import type { SignatureChecks } from '../verify-tx.ts';
import {
  decodeChunk,
  decodeMetadata,
  encodeChunk,
  encodeMetadata,
  snapshotHash,
} from './format.ts';
import type { OfferedSnapshot } from './snapshots.ts';

const hospital = await makePerson('hospital', 'organisation');
const people = await Promise.all(
  Array.from({ length: 12 }, (_, at) => makePerson(`p${at}`, 'patient', hospital.account)),
);
const genesis = await makeGenesis([hospital], t0);
const root = mkdtempSync(join(tmpdir(), 'salus-snapshots-'));
after(() => rmSync(root, { recursive: true, force: true }));
/** Who signed is another test's question. */
const unasked: SignatureChecks = { signature: async () => true, pointProof: () => true };

let folders = 0;
interface Ledger {
  readonly app: LedgerApplication;
  readonly folder: string;
}
/** A ledger that makes a snapshot after every second block, in small chunks and small layers. */
async function open(
  of: { readonly chunkBytes?: number; readonly every?: number } = {},
): Promise<Ledger> {
  const folder = join(root, String(folders++));
  const { chunkBytes = 600, every = 2 } = of;
  const app = await openLedgerApplication({
    path: `${folder}.db`,
    ...{ genesis, verify: unasked, gathered: { stateLayer: 5 } },
    snapshots: { folder, every, chunkBytes },
  });
  return { app, folder };
}

let nonce = 0;
const enrol = (at: number): Promise<Uint8Array> => {
  const { identity } = people[at % people.length] ?? assert.fail();
  const act: Act = { kind: 'Enrol', identity, role: 'patient', credentialHash: new Uint8Array(32) };
  nonce += 1;
  return signTx(makeBody(hospital.account, nonce, t0 + day, [act]), hospital.key);
};
const grantBy = (at: number, name: string): Promise<Uint8Array> => {
  const { account, key } = people[at % people.length] ?? assert.fail();
  const grant: Act = {
    ...{ kind: 'ConsentGrant', consent: consentOf(name), bodyHash: sha256() },
    ...{ notBeforeMs: t0, notAfterMs: t0 + day, writeKey: new Uint8Array(0) },
  };
  nonce += 1;
  return signTx(makeBody(account, nonce, t0 + day, [grant, keySetAct(0)]), key);
};

async function run(app: LedgerApplication, txs: readonly Uint8Array[]) {
  const height = app.info().height + 1;
  const output = await app.finalizeBlock({ height, timeMs: t0 + height * 1_000, txs });
  app.commit();
  return output;
}

/** Its newest snapshot as a light client's node offers it. */
function newest({ app }: Ledger, appHash = app.info().appHash) {
  const [kept] = app.snapshots();
  assert.ok(kept !== undefined);
  const { metadata, encodedMetadata, hash } = kept;
  const { height, format } = metadata;
  const chunks = metadata.chunks.map(
    (_, at) => app.snapshotChunk(height, format, at) ?? assert.fail(),
  );
  const offered: OfferedSnapshot = {
    ...{ height, format, hash, appHash, metadata: encodedMetadata, chunks: chunks.length },
  };
  return { offered, chunks };
}

function take({ app }: Ledger, { offered, chunks }: ReturnType<typeof newest>): string {
  const verdict = app.offerSnapshot(offered);
  if (verdict !== 'accept') return verdict;
  for (const [at, chunk] of chunks.entries()) {
    const { result } = app.applyChunk(at, chunk, 'peer');
    if (result !== 'accept') return result;
  }
  return 'arrived';
}

const rowOf = ({ app }: Ledger, table: string, id: Uint8Array) =>
  app.query(table, id, true).value ?? new Uint8Array(0);

async function grown(blocks: readonly (readonly number[])[], chunkBytes?: number): Promise<Ledger> {
  const ledger = await open(chunkBytes === undefined ? {} : { chunkBytes });
  for (const [at, block] of blocks.entries()) {
    const txs = block.map((n) => (n < 40 ? enrol(n) : grantBy(n, `${at}-${n}`)));
    await run(ledger.app, await Promise.all(txs));
    await ledger.app.snapshotsIdle();
  }
  return ledger;
}

const block = fc.array(fc.integer({ min: 0, max: 99 }), { maxLength: 8 });

test('any state arrives with the same root, and goes on as the first one does', async () => {
  const history = fc.array(block, { minLength: 1, maxLength: 5 });
  const cut = fc.integer({ min: 1, max: 5_000 });
  await fc.assert(
    fc.asyncProperty(history, block, cut, async (blocks, next, chunkBytes) => {
      const even = blocks.length % 2 === 0 ? blocks : [...blocks, []];
      const first = await grown([[0, 1, 2, 3], [40, 41], ...even], chunkBytes);
      const second = await open();
      assert.equal(take(second, newest(first)), 'arrived');
      assert.deepEqual(second.app.info(), first.app.info());
      assert.deepEqual(second.app.heads(), first.app.heads());
      const txs = await Promise.all(next.map((n) => (n < 40 ? enrol(n) : grantBy(n, `next-${n}`))));
      assert.deepEqual(await run(second.app, txs), await run(first.app, txs));
      const { user } = second.app.heads().logs;
      const { size, root: userRoot } = user;
      const part = second.app.logConsistency('user', 1, size);
      const whole = first.app.logConsistency('user', 1, size);
      assert.deepEqual(part.map(bytesToHex), whole.map(bytesToHex));
      assert.equal(userRoot.length, 32);
      for (const { app } of [first, second]) app.close();
    }),
    { numRuns: 12 },
  );
});

test('a snapshot is the same bytes on every node, whatever of the state was on its disk', async () => {
  const blocks = [[0, 1, 2], [40], [3, 41, 42], [43, 4]];
  const before = nonce;
  const one = await grown(blocks);
  nonce = before;
  const other = await openLedgerApplication({
    path: join(root, 'large-layers.db'),
    ...{ genesis, verify: unasked },
    snapshots: { folder: join(root, 'large-layers'), every: 2, chunkBytes: 600 },
  });
  for (const [at, each] of blocks.entries()) {
    const txs = each.map((n) => (n < 40 ? enrol(n) : grantBy(n, `${at}-${n}`)));
    await run(other, await Promise.all(txs));
    await other.snapshotsIdle();
  }
  const second = { app: other, folder: '' };
  assert.deepEqual(newest(second), newest(one));
  assert.ok(newest(one).chunks.length > 3);
  one.app.close();
  other.close();
});

test('after a restart the state that arrived is there; its rows and both logs are proven', async () => {
  const first = await grown([
    [0, 1],
    [40, 41],
  ]);
  const second = await open();
  assert.equal(take(second, newest(first)), 'arrived');
  const path = `${second.folder}.db`;
  second.app.close();
  assert.equal(existsSync(`${path}.arriving`), false);
  const again = await openLedgerApplication({ path, genesis, verify: unasked });
  assert.deepEqual(again.info(), first.app.info());
  const ana = people[0] ?? assert.fail();
  const row = rowOf(first, 'accounts', idBytes(ana.account));
  assert.ok(row.length > 0);
  assert.deepEqual(again.query('accounts', idBytes(ana.account), true).value, row);
  const { user } = again.heads().logs;
  assert.equal(user.size, 2);
  const proof = again.logConsistency('user', 1, user.size);
  // What lies beside the second leaf is the first, which is all of the log when it had one.
  const [one] = first.app.logInclusion('user', 1, user.size);
  assert.ok(one !== undefined);
  assert.ok(isConsistent({ size: 1, root: one }, user, proof));
  again.close();
  first.app.close();
});

test('any flipped byte is refused, and nothing of it is kept', async () => {
  const first = await grown([
    [0, 1, 2],
    [40, 41, 42],
  ]);
  const good = newest(first);
  const second = await open();
  const before = second.app.info();
  const total = good.chunks.reduce((sum, { length }) => sum + length, 0);
  fc.assert(
    fc.property(fc.nat(total - 1), fc.integer({ min: 1, max: 255 }), (place, flip) => {
      let at = place;
      const chunks = good.chunks.map((chunk) => {
        const copy = chunk.slice();
        const old = copy[at];
        if (at >= 0 && old !== undefined) copy[at] = old ^ flip;
        at -= chunk.length;
        return copy;
      });
      assert.equal(take(second, { ...good, chunks }), 'retry');
      assert.deepEqual(second.app.info(), before);
    }),
    { numRuns: 60 },
  );
  fc.assert(
    fc.property(fc.nat(good.offered.metadata.length - 1), (place) => {
      const metadata = good.offered.metadata.slice();
      metadata[place] = (metadata[place] ?? 0) ^ 1;
      const offered = { ...good.offered, metadata };
      assert.equal(take(second, { ...good, offered }), 'reject-sender');
    }),
    { numRuns: 60 },
  );
  // It can still take the one that is true.
  assert.equal(take(second, good), 'arrived');
  first.app.close();
  second.app.close();
});

/** The same snapshot with its chunks changed by a liar who names their hashes as they are. */
function forged(
  good: ReturnType<typeof newest>,
  change: (chunks: ReturnType<typeof decodeChunk>[]) => Uint8Array[],
  named: Partial<ReturnType<typeof decodeMetadata>> = {},
): ReturnType<typeof newest> {
  const chunks = change(good.chunks.map(decodeChunk));
  const before = decodeMetadata(good.offered.metadata);
  const metadata = encodeMetadata({ ...before, chunks: chunks.map((it) => sha256(it)), ...named });
  const hash = snapshotHash(metadata);
  return { chunks, offered: { ...good.offered, chunks: chunks.length, metadata, hash } };
}

test('a state that a liar put together is refused by its root, its order or its size', async () => {
  const first = await grown([
    [0, 1, 2],
    [40, 41, 42],
  ]);
  const good = newest(first);
  const second = await open();
  const before = second.app.info();
  type Chunks = ReturnType<typeof decodeChunk>[];
  const withRows =
    (change: (rows: Chunks[number]['rows']) => Chunks[number]['rows']) => (all: Chunks) =>
      all.map((it, at) => encodeChunk(at === 0 ? { ...it, rows: change(it.rows) } : it));
  const last = new Uint8Array(32).fill(7);
  const cases: readonly (readonly [string, ReturnType<typeof newest>])[] = [
    [
      'reject',
      forged(
        good,
        withRows((rows) => rows.slice(1)),
      ),
    ],
    [
      'reject',
      forged(
        good,
        withRows((rows) => rows.slice(1)),
        { rows: 1 },
      ),
    ],
    [
      'reject',
      forged(
        good,
        withRows((rows) => [...rows].reverse()),
      ),
    ],
    [
      'reject',
      forged(
        good,
        withRows((rows) => [...rows, ...rows.slice(-1)]),
      ),
    ],
    [
      'reject',
      forged(
        good,
        withRows((rows) => rows.map((it) => ({ ...it, key: last }))),
      ),
    ],
    [
      'reject',
      forged(
        good,
        withRows((rows) => rows.map((it) => ({ ...it, value: last }))),
      ),
    ],
    ['reject', forged(good, (all) => all.map((it) => encodeChunk({ ...it, user: last.slice(1) })))],
    [
      'reject',
      forged(good, (all) =>
        [...all, { rows: [], user: last, doc: last.slice(32) }].map(encodeChunk),
      ),
    ],
    ['reject', forged(good, () => [new Uint8Array([0xff, 0, 1])])],
    ['reject-sender', forged(good, (all) => all.map(encodeChunk), { chainId: `${chainId}x` })],
    ['reject-sender', forged(good, (all) => all.map(encodeChunk), { genesisHash: last })],
    ['reject-sender', forged(good, (all) => all.map(encodeChunk), { height: 1 })],
    ['reject-format', { ...good, offered: { ...good.offered, format: 2 } }],
    ['reject', { ...good, offered: { ...good.offered, appHash: last } }],
  ];
  for (const [at, [verdict, lie]] of cases.entries()) {
    assert.equal(take(second, lie), verdict, String(at));
    assert.deepEqual(second.app.info(), before);
    assert.equal(existsSync(`${second.folder}.db.arriving`), false, String(at));
  }
  assert.equal(take(second, good), 'arrived');
  assert.ok(equalBytes(second.app.info().appHash, first.app.info().appHash));
  first.app.close();
  second.app.close();
});

test('whatever bytes a liar puts in the place of a key or a row, it is refused and not a fault of this machine', async () => {
  const first = await grown([
    [0, 1],
    [40, 41],
  ]);
  const good = newest(first);
  const second = await open();
  const someBytes = fc.uint8Array({ maxLength: 40 });
  const key = fc.oneof(
    someBytes,
    // Text that is none before the slash; a table and an id of any length.
    fc.constant(Uint8Array.of(0xff, 0xfe, 0x2f, 1)),
    fc
      .constantFrom('accounts/', 'keys/', 'members/', '/')
      .chain((begin) => someBytes.map((end) => concatBytes(utf8(begin), end))),
  );
  fc.assert(
    fc.property(key, fc.option(someBytes), fc.nat(3), (liesKey, liesValue, at) => {
      const lie = forged(good, (all) =>
        all.map((it, chunk) =>
          encodeChunk({
            ...it,
            rows: it.rows.map((row, n) =>
              chunk === 0 && n === Math.min(at, it.rows.length - 1)
                ? { key: liesKey, value: liesValue ?? row.value }
                : row,
            ),
          }),
        ),
      );
      assert.equal(take(second, lie), 'reject');
      assert.equal(existsSync(`${second.folder}.db.arriving`), false);
    }),
    {
      numRuns: 100,
      examples: [[Uint8Array.of(0xff, 0xfe, 0x2f, 1), null, 0]],
    },
  );
  assert.equal(take(second, good), 'arrived');
  first.app.close();
  second.app.close();
});

test('the newest two are kept, and blocks go on while one is written', async () => {
  const ledger = await open();
  for (let height = 1; height <= 9; height++) {
    await run(ledger.app, [await enrol(height)]);
    if (height % 2 === 0) await ledger.app.snapshotsIdle();
  }
  assert.deepEqual(readdirSync(ledger.folder).sort(), ['6', '8']);
  assert.deepEqual(
    ledger.app.snapshots().map(({ metadata }) => metadata.height),
    [8, 6],
  );
  // Nobody waits for the one of height 10: what is written is the state after it, not after 14.
  const { appHash } = await run(ledger.app, [await enrol(10)]);
  for (let n = 11; n <= 13; n++) await run(ledger.app, [await enrol(n), await enrol(n + 20)]);
  await ledger.app.snapshotsIdle();
  const second = await open();
  const made = newest(ledger, appHash);
  assert.equal(made.offered.height, 10);
  assert.equal(take(second, made), 'arrived');
  ledger.app.close();
  second.app.close();
});

test('a ledger that has executed a block takes over no state, and a chunk without an offer is none', async () => {
  const first = await grown([[0], [1]]);
  const second = await open();
  assert.equal(second.app.applyChunk(0, new Uint8Array(0), 'peer').result, 'abort');
  await run(second.app, []);
  assert.equal(second.app.offerSnapshot(newest(first).offered), 'reject');
  first.app.close();
  second.app.close();
});
