import assert from 'node:assert/strict';
import { test } from 'node:test';
import { giveBack } from './give-back.ts';

test('what is given back is empty, and of a view nothing is taken', () => {
  const whole = new Uint8Array([1, 2, 3, 4]);
  giveBack(whole.subarray(1, 3));
  assert.deepEqual(whole, Uint8Array.of(1, 2, 3, 4));
  giveBack(whole);
  assert.equal(whole.length, 0);
});
