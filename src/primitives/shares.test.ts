import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Shares } from './shares.ts';

test('nobody holds more than his share, and what is given back can be taken again', () => {
  const shares = new Shares({ each: 4, all: 64 });
  const taken = [1, 2, 3, 4, 5].map(() => shares.take('eve'));
  assert.deepEqual(taken, [true, true, true, true, false]);
  shares.give('eve');
  assert.equal(shares.take('eve'), true);
  assert.equal(shares.taken, 4);
});

test('whatever a few callers take, one who holds nothing finds room', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 15 }), fc.boolean())), (steps) => {
      const shares = new Shares({ each: 4, all: 64 });
      for (const [who, takes] of steps) {
        if (takes) shares.take(`${who}`);
        else if (shares.heldBy(`${who}`) > 0) shares.give(`${who}`);
      }
      assert.equal(shares.take('ana'), true);
    }),
  );
});

test('however many take, all together never hold more than there is, and counts never go astray', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 99 }), fc.integer({ min: 1, max: 20 }))),
      (steps) => {
        const shares = new Shares({ each: 40, all: 100 });
        const held: [string, number][] = [];
        for (const [who, amount] of steps) {
          if (shares.take(`${who}`, amount)) held.push([`${who}`, amount]);
          assert.ok(shares.taken <= 100);
        }
        for (const [who, amount] of held) shares.give(who, amount);
        assert.equal(shares.taken, 0);
        assert.ok(held.every(([who]) => shares.heldBy(who) === 0));
      },
    ),
  );
});
