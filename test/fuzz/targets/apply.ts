import assert from 'node:assert/strict';
import { sha256 } from '../../../src/crypto/hash.ts';
import { encodeTx } from '../../../src/ledger/codec.ts';
import { readIncomingTx, type VerifiedTx } from '../../../src/ledger/incoming.ts';
import { executeBlock } from '../../../src/ledger/ledger.ts';
import { tables } from '../../../src/ledger/protocol.ts';
import { treeRoot, updateTree } from '../../../src/ledger/state-tree.ts';
import { decodeRow, encodeRow } from '../../../src/ledger/table.ts';
import { bytesToHex, hexToBytes } from '../../../src/primitives/bytes.ts';
import {
  decodeCbor,
  encodeCbor,
  readArray,
  readBoolean,
  readUint,
} from '../../../src/primitives/cbor.ts';
import { MemoryStore } from '../../memory-store.ts';
import { setting } from '../../setting.ts';
import type { World } from '../../world.ts';
import type { Target, TargetModule } from '../target.ts';
import { mustEqual } from './codec.ts';
import { idWords, sentActs } from './ledger-world.ts';

const maxTxs = 64;

/** `[milliseconds since the last one (0: same block), signatures hold, identities hold, tx]...` */
interface Step {
  readonly laterMs: number;
  readonly incoming: VerifiedTx;
}

/**
 * Blocks of changed transactions, their signatures judged by decree, over a small ledger. The rules never throw
 * and give the same results on another copy, and the state tree is the one that all its rows make.
 */
export const apply: TargetModule = {
  open(): Target {
    const world = setting();
    const one = sentActs.map((sent) => [1_000, true, true, decodeCbor(encodeTx(world.tx(sent)))]);
    const seeds = [
      ...one.map((step) => encodeCbor([step])),
      // Nonces rise, so that one sender's acts follow each other within a block or over several.
      encodeCbor(inOrder(world, 0)),
      encodeCbor(inOrder(world, 60_000)),
    ];
    return {
      ...{ name: 'apply', shape: 'cbor', seeds, words: idWords() },
      allows: ['CBOR_INVALID', 'CBOR_SHAPE'],
      run: (input) => {
        const steps = readArray(decodeCbor(input), 'steps').slice(0, maxTxs).map(stepOf);
        const [first, second] = [copyOf(world.store), copyOf(world.store)];
        const hashes = [play(world, first, steps), play(world, second, steps)];
        assert.equal(hashes[0], hashes[1], 'two copies differ');
        checkRows(first);
        checkTree(first);
      },
    };
  },
};

function inOrder(world: World, laterMs: number) {
  const nonces = new Map<string, number>();
  return sentActs.map((sent) => {
    const first = world.tx(sent).body.nonce;
    const nonce = sent.nonce ?? nonces.get(sent.from) ?? first;
    if (sent.nonce === undefined) nonces.set(sent.from, nonce + 1);
    return [laterMs, true, true, decodeCbor(encodeTx(world.tx({ ...sent, nonce })))];
  });
}

function stepOf(value: Parameters<typeof readArray>[0]): Step {
  const fields = readArray(value, 'step', 4);
  const laterMs = readUint(fields[0], 'later', 40 * 86_400_000);
  const isSigned = readBoolean(fields[1], 'signed');
  const holds = readBoolean(fields[2], 'identities');
  const incoming = readIncomingTx(encodeCbor(fields[3] ?? null), 65_536);
  if (!('tx' in incoming)) return { laterMs, incoming };
  const proven = new Set(holds ? incoming.tx.body.acts.keys() : []);
  return { laterMs, incoming: { ...incoming, verdict: { isSigned, proven } } };
}

/** Runs the steps, a block for each that comes later, and answers a hash over all that came out. */
function play(world: World, store: MemoryStore, steps: readonly Step[]): string {
  let { height, timeMs } = world;
  const trail: Uint8Array[] = [];
  for (let at = 0; at < steps.length; ) {
    const block: VerifiedTx[] = [];
    timeMs += Math.max(1, steps[at]?.laterMs ?? 1);
    do {
      const step = steps[at++];
      if (step !== undefined) block.push(step.incoming);
    } while (at < steps.length && steps[at]?.laterMs === 0);
    height += 1;
    const executed = executeBlock(store, world.genesis, block, { height, timeMs });
    assert.equal(executed.results.length, block.length);
    store.apply(executed.writes);
    trail.push(executed.appHash);
    for (const { code, data } of executed.results) trail.push(Uint8Array.of(code & 255), data);
    for (const { data } of executed.results) decodeCbor(data);
  }
  return bytesToHex(sha256(encodeCbor(trail)));
}

/** What the pages grew to, block by block, is what all rows make at once. */
function checkTree(store: MemoryStore): void {
  const changes = [...store.rows].map(([key, value]) => ({
    keyHash: sha256(hexToBytes(key) ?? new Uint8Array(0)),
    valueHash: sha256(value),
  }));
  const { root } = updateTree(() => undefined, changes);
  mustEqual(
    treeRoot((path) => store.page(path)),
    root,
    'the tree is not that of its rows',
  );
}

/** Every row that the rules wrote can be read again. */
function checkRows(store: MemoryStore): void {
  for (const [key, value] of store.rows) {
    const text = Buffer.from(key, 'hex').toString('latin1');
    const table = tables.find(({ name }) => text.startsWith(`${name}/`));
    assert.ok(table !== undefined, 'a row of no table');
    mustEqual(encodeRow(table, decodeRow(table, value)), value, `row of ${table.name}`);
  }
}

function copyOf(store: MemoryStore): MemoryStore {
  const copy = new MemoryStore();
  for (const [key, value] of store.rows) copy.rows.set(key, value);
  for (const [key, value] of store.pages) copy.pages.set(key, value);
  for (const [key, value] of store.tiles) copy.tiles.set(key, value);
  const logs = { user: store.logHead('user'), doc: store.logHead('doc') };
  copy.apply({ rows: [], pages: new Map(), tiles: [], logs });
  return copy;
}
