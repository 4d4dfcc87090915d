import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sha256 } from '../crypto/hash.ts';
import { inclusionPath, isIncluded, merkleRoot } from '../ledger/merkle.ts';
import { MerkleLevels } from './merkle-levels.ts';

test('root and paths are those of the slow definition, for every tree size', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 70 }), (count) => {
      const leaves = Array.from({ length: count }, (_, at) => sha256(Uint8Array.of(at)));
      const levels = new MerkleLevels(leaves);
      assert.deepEqual(levels.root, merkleRoot(leaves));
      for (const [index, leaf] of leaves.entries()) {
        const path = levels.path(index);
        assert.deepEqual(path, inclusionPath(leaves, index));
        assert.ok(isIncluded(leaf, index, count, path, levels.root));
      }
    }),
  );
});
