import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { temporaryLedger } from '../../../test/fakes/counter-ledger.ts';
import { BlockStore } from '../blocks/block-store.ts';
import { OldBlocks } from './retain.ts';

const folder = temporaryLedger();
after(() => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, 'blocks.db');
const none = new Uint8Array(0);
const secondMs = 1_000;

/** A block a second, as the gateway keeps them. */
function keep(store: BlockStore, from: number, to: number): void {
  for (let height = from; height <= to; height++) {
    const block = { height, timeMs: height * secondMs, header: none, commit: none, appHash: none };
    store.append({ ...block, txs: [], results: [] }, []);
  }
}

test('a node keeps what evidence, other members, our blocks or the state on disk need, and never takes back', () => {
  let written = 1_000;
  const old = new OldBlocks(path, { heights: 100, ms: 300 * secondMs }, () => written);
  const retained = (height: number) => old.retainHeight(height, height * secondMs);
  assert.equal(retained(500), 0, 'nothing is kept by us yet');
  const store = new BlockStore(path);
  keep(store, 1, 400);
  assert.equal(retained(1_000), 400, 'the newest that we keep stays');
  keep(store, 401, 1_200);
  assert.equal(retained(1_001), 400, 'looked at now and then');
  assert.equal(retained(1_200), 900, 'younger than it may be given up');
  assert.equal(retained(1_000), 900, 'never back');
  const few = new OldBlocks(path, { heights: 100, ms: 0 }, () => written);
  assert.equal(
    few.retainHeight(1_200, 1_200 * secondMs),
    1_001,
    'the state on disk is of height 1,000',
  );
  written = 1_190;
  assert.equal(few.retainHeight(1_200, 1_200 * secondMs), 1_100, 'so many heights stay');
  old.close();
  few.close();
  store.close();
});
