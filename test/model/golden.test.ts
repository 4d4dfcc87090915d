import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawnKinds } from './golden-chain.ts';
import { differencesFromFile, readGoldenFile, shortBlocks } from './golden-file.ts';
import { firstDifference, makeGolden, replayInMemory, replayOnDisk } from './golden-play.ts';

const golden = await makeGolden(shortBlocks);

test('the golden chain gives the app hashes and results that are kept, with every act in it that it draws', () => {
  assert.deepEqual(differencesFromFile(golden), []);
  assert.deepEqual(Object.keys(golden.accepted).sort(), [...new Set(drawnKinds)].sort());
  assert.ok(readGoldenFile().digests.some(({ blocks }) => blocks === shortBlocks));
});

test('replays in memory and on disk, with and without restarts, agree at every height', async () => {
  const { blocks } = golden;
  assert.equal(firstDifference(golden, await replayInMemory(blocks)), undefined);
  assert.equal(firstDifference(golden, await replayOnDisk(blocks)), undefined);
  assert.equal(firstDifference(golden, await replayOnDisk(blocks, 70)), undefined);
});

test('a chain that is one byte different is noticed at its height', async () => {
  const at = golden.blocks.findIndex(({ txs }, i) => i > 200 && txs.length > 0);
  const changed = golden.blocks.map((block, i) =>
    i === at ? { ...block, txs: block.txs.map((bytes) => bytes.slice(1)) } : block,
  );
  const played = await replayInMemory(changed);
  assert.equal(firstDifference(golden, played), at + 1);
  assert.notDeepEqual(differencesFromFile(played), []);
});
