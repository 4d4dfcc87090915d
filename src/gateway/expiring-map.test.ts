import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ExpiringMap } from './expiring-map.ts';

test('an entry ends at its time, and is taken once', () => {
  let now = 0;
  const map = new ExpiringMap<string>(() => now, 10);
  map.set('a', 'one', 100);
  assert.equal(map.get('a'), 'one');
  now = 100;
  assert.equal(map.get('a'), undefined);
  map.set('b', 'two', 200);
  assert.equal(map.take('b'), 'two');
  assert.equal(map.take('b'), undefined);
});

test('when it is full the oldest goes, and what has ended goes first', () => {
  let now = 0;
  const map = new ExpiringMap<number>(() => now, 3);
  for (const at of [1, 2, 3]) map.set(`k${at}`, at, at * 100);
  map.set('k4', 4, 400);
  assert.deepEqual([map.get('k1'), map.get('k2'), map.size], [undefined, 2, 3]);
  now = 350;
  map.set('k5', 5, 500);
  assert.equal(map.size, 2);
});
