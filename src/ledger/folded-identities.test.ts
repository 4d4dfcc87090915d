import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { identityOf } from '../../test/world.ts';
import { foldedLeaf, foldedTo, isFolded, proveFolded } from './folded-identities.ts';
import { type HeldIdentity, maxIdentities, neverChanged } from './tables/keys.ts';

const held = (n: number): HeldIdentity => ({
  identity: identityOf(`generation ${n}`),
  fromHeight: n,
  untilHeight: n + 1,
});
const all = Array.from({ length: 90 }, (_, n) => held(n));

/** One rotation after the other. */
function afterAll(count: number) {
  let row: ReturnType<typeof foldedTo> = { folded: neverChanged.folded, identities: [] };
  for (const one of all.slice(0, count)) row = foldedTo(row.folded, [...row.identities, one]);
  return row;
}

test('The newest 16 stand in the row, and every older one is proven by the tree that is left of them', () => {
  for (const count of [1, maxIdentities, maxIdentities + 1, 19, 24, 33, 79, 80]) {
    const { folded, identities } = afterAll(count);
    const old = all.slice(0, Math.max(0, count - maxIdentities));
    assert.deepEqual(identities, all.slice(old.length, count));
    assert.equal(folded.count, old.length);
    assert.ok(folded.peaks.length <= 7);
    for (const index of old.keys()) {
      const proof = proveFolded(old, index);
      assert.ok(proof !== undefined && isFolded(proof, folded));
    }
  }
});

test('Nothing else is proven: another identity, height, place, path, or tree', () => {
  const { folded } = afterAll(16 + 37);
  const old = all.slice(0, 37);
  fc.assert(
    fc.property(fc.nat(36), fc.nat(36), fc.nat(4), (index, other, change) => {
      const proof = proveFolded(old, index);
      assert.ok(proof !== undefined);
      const wrong = [
        { ...proof, held: { ...proof.held, untilHeight: proof.held.untilHeight + 1 } },
        { ...proof, held: { ...proof.held, identity: identityOf('thief') } },
        { ...proof, index: (index + 1 + (other % 36)) % 37 },
        { ...proof, path: proof.path.slice(1) },
        { ...proof, path: [...proof.path, foldedLeaf(held(other))] },
      ][change];
      assert.ok(wrong !== undefined && !isFolded(wrong, folded));
      assert.ok(isFolded(proof, folded));
      assert.ok(!isFolded(proof, afterAll(16 + 38).folded));
    }),
    { numRuns: 60 },
  );
  assert.ok(!isFolded({ held: held(0), index: 0, path: [] }, neverChanged.folded));
  assert.equal(proveFolded(old, 37), undefined);
});
