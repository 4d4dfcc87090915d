import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Tally } from './tally.ts';

test('a tally forgets when its window has passed', () => {
  let now = 0;
  const tally = new Tally(() => now, 1_000);
  tally.add('a');
  now = 999;
  tally.add('a');
  assert.equal(tally.count('a'), 2);
  assert.equal(tally.count('b'), 0);
  now = 1_000;
  assert.equal(tally.count('a'), 0);
  tally.add('a');
  assert.equal(tally.count('a'), 1);
});

test('a tally takes as many as there may be, and anew in the next window', () => {
  let now = 0;
  const tally = new Tally(() => now, 1_000);
  assert.deepEqual(
    [1, 2, 3].map(() => tally.take('a', 2)),
    [true, true, false],
  );
  assert.equal(tally.count('a'), 2);
  assert.ok(tally.take('b', 2));
  now = 1_000;
  assert.ok(tally.take('a', 2));
});

test('where the clock was set back nobody waits for the old time, and what was counted then is let go', () => {
  let now = 1_000_000;
  const tally = new Tally(() => now, 1_000, 2);
  for (let i = 0; i < 3; i++) tally.take('a', 3);
  now = 1_000;
  assert.ok(tally.take('a', 3));
  assert.equal(tally.count('a'), 1);
  tally.add('b');
  tally.add('c');
  assert.equal(tally.count('c'), 1);
});
