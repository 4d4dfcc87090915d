import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isIncluded, leafHash, merkleTree } from './merkle.ts';
import { areIncluded, maxProvenLeaves, multiproof, type PlacedLeaf, pathIn } from './multiproof.ts';

const leavesOf = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, i) => leafHash(Uint8Array.of(i % 256, i >> 8)));

interface Shown {
  readonly count: number;
  readonly root: Uint8Array;
  readonly leaves: readonly PlacedLeaf[];
  readonly siblings: readonly Uint8Array[];
}

function shown(count: number, indexes: readonly number[]): Shown {
  const all = leavesOf(count);
  const tree = merkleTree(all);
  const leaves = indexes.map((index) => ({ index, leaf: tree.nodeAt(0, index) }));
  const siblings = multiproof(indexes, count, tree.nodeAt);
  return { count, root: tree.root, leaves, siblings };
}

const holds = (it: Shown): boolean => areIncluded(it.leaves, it.count, it.siblings, it.root);

const trees = fc.integer({ min: 1, max: 70 }).chain((count) =>
  fc.uniqueArray(fc.integer({ min: 0, max: count - 1 }), { minLength: 1 }).map((some) =>
    shown(
      count,
      some.toSorted((a, b) => a - b),
    ),
  ),
);

test('any leaves of any tree are proven together, and the path of RFC 9162 of each follows', () => {
  fc.assert(
    fc.property(trees, (it) => {
      assert.ok(holds(it));
      for (const { index, leaf } of it.leaves) {
        const path = pathIn(it, index);
        assert.ok(isIncluded(leaf, index, it.count, path, it.root));
        if (it.leaves.length === 1) assert.deepEqual(path, it.siblings);
      }
    }),
    { numRuns: 500 },
  );
});

test('all leaves need no sibling', () => {
  for (const count of [1, 2, 3, 7, 500]) {
    const it = shown(
      count,
      Array.from({ length: count }, (_, i) => i),
    );
    assert.equal(it.siblings.length, 0);
    assert.ok(holds(it));
  }
});

const lies: Readonly<Record<string, (it: Shown) => Shown>> = {
  'one sibling more': (it) => ({ ...it, siblings: [...it.siblings, it.root] }),
  'the last sibling left out': (it) => ({ ...it, siblings: it.siblings.slice(0, -1) }),
  'siblings in another order': (it) => ({ ...it, siblings: it.siblings.toReversed() }),
  'a short sibling': (it) => ({ ...it, siblings: it.siblings.map((hash) => hash.slice(1)) }),
  'leaves in another order': (it) => ({ ...it, leaves: it.leaves.toReversed() }),
  'one leaf twice': (it) => ({ ...it, leaves: [...it.leaves, ...it.leaves.slice(-1)] }),
  'a leaf left out': (it) => ({ ...it, leaves: it.leaves.slice(1) }),
  'a leaf at the place beside': (it) => ({
    ...it,
    leaves: it.leaves.map(({ index, leaf }) => ({ index: index + 1, leaf })),
  }),
  'another leaf': (it) => ({
    ...it,
    leaves: it.leaves.map(({ index }) => ({ index, leaf: it.root })),
  }),
  'a place outside': (it) => ({
    ...it,
    leaves: it.leaves.map(({ index, leaf }) => ({ index: index + it.count, leaf })),
  }),
  'half a place': (it) => ({
    ...it,
    leaves: it.leaves.map(({ index, leaf }) => ({ index: index + 0.5, leaf })),
  }),
  'no leaf': (it) => ({ ...it, leaves: [] }),
  'a tree of another size': (it) => ({ ...it, count: it.count * 2 }),
  'a tree of no size': (it) => ({ ...it, count: 0 }),
};

for (const [name, lie] of Object.entries(lies)) {
  test(`a multiproof with ${name} proves nothing`, () => {
    const it = shown(13, [2, 3, 7, 12]);
    assert.ok(holds(it));
    assert.equal(holds(lie(it)), false);
  });
}

test('more than 4,096 leaves are not proven together', () => {
  const count = maxProvenLeaves + 1;
  const all = leavesOf(count);
  const leaves = all.map((leaf, index) => ({ index, leaf }));
  assert.equal(areIncluded(leaves, count, [], merkleTree(all).root), false);
});
