import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sha256 } from '../crypto/hash.ts';
import { isIncluded, merkleRoot, merkleTree } from './merkle.ts';

test('the root is the one of the definition, and every path leads to it, for every tree size', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 70 }), (count) => {
      const leaves = Array.from({ length: count }, (_, at) => sha256(Uint8Array.of(at)));
      const tree = merkleTree(leaves);
      assert.deepEqual(tree.root, merkleRoot(leaves));
      for (const [index, leaf] of leaves.entries()) {
        const path = tree.path(index);
        assert.ok(isIncluded(leaf, index, count, path, tree.root));
      }
    }),
  );
});
