import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isConsistent, isIncluded, leafHash, merkleRoot, merkleTree } from './merkle.ts';

const leaves = Array.from({ length: 70 }, (_, i) => leafHash(Uint8Array.of(i)));
const head = (size: number) => ({ size, root: merkleRoot(leaves.slice(0, size)) });
const size = fc.integer({ min: 1, max: leaves.length });
const flipped = (path: readonly Uint8Array[], at: number): Uint8Array[] =>
  path.map((hash, i) => (i === at ? hash.map((byte, j) => (j === 0 ? byte ^ 1 : byte)) : hash));

/** Proof that the first `size` of these leaves are a tree that grew into all of them (RFC 9162 section 2.1.4.1). */
function consistencyPath(leaves: readonly Uint8Array[], size: number): Uint8Array[] {
  return size <= 0 || size >= leaves.length ? [] : subProof(leaves, size, true);
}

/** `whole`: the old tree's root is the one the verifier has, so it is not repeated. */
function subProof(leaves: readonly Uint8Array[], size: number, whole: boolean): Uint8Array[] {
  if (size === leaves.length) return whole ? [] : [merkleRoot(leaves)];
  const split = splitOf(leaves.length);
  const left = leaves.slice(0, split);
  const right = leaves.slice(split);
  return size <= split
    ? [...subProof(left, size, whole), merkleRoot(right)]
    : [...subProof(right, size - split, false), merkleRoot(left)];
}

const splitOf = (count: number): number => 2 ** Math.ceil(Math.log2(count) - 1);

test('every leaf of every tree is included at its place, and at no other', () => {
  fc.assert(
    fc.property(size, fc.nat(), fc.nat(), (count, some, other) => {
      const [index, wrong] = [some % count, other % count];
      const tree = leaves.slice(0, count);
      const path = merkleTree(tree).path(index);
      const leaf = leaves[index] ?? new Uint8Array(0);
      assert.ok(isIncluded(leaf, index, count, path, merkleRoot(tree)));
      assert.equal(isIncluded(leaf, wrong, count, path, merkleRoot(tree)), wrong === index);
      assert.equal(isIncluded(leaf, index, count + 64, path, merkleRoot(tree)), false);
      for (let at = 0; at < path.length; at++) {
        assert.equal(isIncluded(leaf, index, count, flipped(path, at), merkleRoot(tree)), false);
      }
    }),
  );
});

test('a tree is consistent with every tree it grew from', () => {
  for (let newer = 1; newer <= leaves.length; newer++) {
    for (let older = 1; older <= newer; older++) {
      const path = consistencyPath(leaves.slice(0, newer), older);
      assert.ok(isConsistent(head(older), head(newer), path), `${older} to ${newer}`);
    }
  }
});

test('a tree whose past was changed is consistent with nothing', () => {
  fc.assert(
    fc.property(size, size, fc.nat(), (a, b, at) => {
      const [older, newer] = [Math.min(a, b), Math.max(a, b)];
      const rewritten = leaves.slice(0, newer);
      rewritten[at % older] = leafHash(Uint8Array.of(255));
      const claim = { size: newer, root: merkleRoot(rewritten) };
      assert.equal(isConsistent(head(older), claim, consistencyPath(rewritten, older)), false);
      assert.equal(
        isConsistent(head(older), claim, consistencyPath(leaves.slice(0, newer), older)),
        false,
      );
    }),
  );
});

test('a path with a hash changed, missing or too many shows nothing', () => {
  fc.assert(
    fc.property(size, size, (a, b) => {
      fc.pre(a !== b);
      const [older, newer] = [Math.min(a, b), Math.max(a, b)];
      const path = consistencyPath(leaves.slice(0, newer), older);
      const show = (shown: readonly Uint8Array[]) => isConsistent(head(older), head(newer), shown);
      for (let at = 0; at < path.length; at++) assert.equal(show(flipped(path, at)), false);
      assert.equal(show(path.slice(1)), false);
      assert.equal(show(path.slice(0, -1)), false);
      assert.equal(show([...path, leafHash(new Uint8Array(0))]), false);
      assert.equal(isConsistent(head(newer), head(older), path), false);
    }),
  );
});

test('growth from nothing says nothing; nothing equals nothing', () => {
  assert.equal(isConsistent(head(0), head(5), []), false);
  assert.equal(isConsistent(head(0), head(0), []), true);
  assert.equal(isConsistent({ size: 0, root: new Uint8Array(32) }, head(0), []), false);
});

test('hashes of other lengths are no hashes', () => {
  const [first = new Uint8Array(0), second = new Uint8Array(0)] = leaves;
  const root = merkleRoot([first, second]);
  assert.ok(isIncluded(first, 0, 2, [second], root));
  const shifted = Uint8Array.of(...first, second[0] ?? 0);
  assert.equal(isIncluded(shifted, 0, 2, [second.subarray(1)], root), false);
});
