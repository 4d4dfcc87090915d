import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inSlices } from './slices.ts';

test('everything comes once, in order, and others get a turn between two slices', async () => {
  let turns = 0;
  let goesOn = true;
  const others = () => {
    turns += 1;
    if (goesOn) setImmediate(others);
  };
  setImmediate(others);
  const slices: number[][] = [];
  for await (const slice of inSlices(Array.from({ length: 10 }, (_, n) => n).values(), 4)) {
    slices.push([...slice]);
  }
  goesOn = false;
  assert.deepEqual(slices, [
    [0, 1, 2, 3],
    [4, 5, 6, 7],
    [8, 9],
  ]);
  assert.ok(turns >= 2);
});

test('what is yielded lazily is made slice by slice', async () => {
  let made = 0;
  const many = function* () {
    for (;;) yield ++made;
  };
  for await (const slice of inSlices(many(), 5)) {
    assert.equal(slice.length, 5);
    assert.equal(made, 5);
    break;
  }
});
