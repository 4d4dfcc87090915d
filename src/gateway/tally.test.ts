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
