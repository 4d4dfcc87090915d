import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sha256 } from '../../crypto/hash.ts';
import { u32be } from '../../primitives/bytes.ts';
import { type AccountId, accountIdOf } from '../../primitives/ids.ts';
import { blobIdOf } from '../blob-id.ts';
import { holdersOf, leavesDrawn, rankedFor } from './placement.ts';

const member = (n: number): AccountId => accountIdOf(sha256(u32be(n)));
const blob = (n: number) => blobIdOf(u32be(n));
const range = (n: number) => Array.from({ length: n }, (_, i) => i);

test('the holders of a blob do not depend on the order in which members are listed', () => {
  fc.assert(
    fc.property(fc.shuffledSubarray(range(9).map(member), { minLength: 9 }), (members) => {
      assert.deepEqual(holdersOf(blob(1), members), holdersOf(blob(1), range(9).map(member)));
    }),
  );
});

test('a member that comes moves only blobs that it gets, and one that goes only those that it had', () => {
  const before = range(6).map(member);
  const after = [...before, member(6)];
  let moved = 0;
  for (const n of range(1_000)) {
    const [old, now] = [holdersOf(blob(n), before), holdersOf(blob(n), after)];
    if (!now.includes(member(6))) assert.deepEqual(now, old);
    else {
      moved += 1;
      assert.deepEqual(
        now.filter((it) => it !== member(6)),
        old.slice(0, 2),
      );
    }
  }
  // 3 of 7: a fifth of the spread of 1,000 draws to either side would be far outside of chance.
  assert.ok(moved > 350 && moved < 510, `${moved} of 1,000`);
});

test('blobs are spread evenly', () => {
  const members = range(5).map(member);
  const held = new Map<AccountId, number>();
  for (const n of range(2_000)) {
    for (const it of holdersOf(blob(n), members)) held.set(it, (held.get(it) ?? 0) + 1);
  }
  for (const it of members) {
    const share = (held.get(it) ?? 0) / 2_000;
    assert.ok(share > 0.54 && share < 0.66, `${share}`);
  }
});

test('with fewer members than copies all hold it', () => {
  assert.equal(holdersOf(blob(1), [member(1), member(2)]).length, 2);
  assert.deepEqual(holdersOf(blob(1), []), []);
  assert.equal(rankedFor(blob(1), range(4).map(member)).length, 4);
});

test('which leaves are asked for follows from the block, the holder and the blob, and lies inside', () => {
  const draw = { blockHash: sha256(u32be(7)), holder: member(1), blobId: blob(1) };
  for (const count of [1, 2, 4, 5, 17_000]) {
    const drawn = leavesDrawn(draw, count);
    assert.ok(drawn.length >= 1 && drawn.length <= 4);
    assert.ok(drawn.every((it) => it >= 0 && it < count));
    assert.deepEqual(leavesDrawn(draw, count), drawn);
  }
  const other = { ...draw, blockHash: sha256(u32be(8)) };
  assert.notDeepEqual(leavesDrawn(other, 17_000), leavesDrawn(draw, 17_000));
  assert.notDeepEqual(
    leavesDrawn({ ...draw, holder: member(2) }, 17_000),
    leavesDrawn(draw, 17_000),
  );
});
