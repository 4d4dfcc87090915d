import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accountIdOf } from '../../primitives/ids.ts';
import { historyName } from './move-records.ts';

test('Every file of a history has an id of its own, however many there are', () => {
  const account = accountIdOf(new Uint8Array(32).fill(7));
  const ids = Array.from({ length: 1_000 }, (_, part) => historyName(account, part));
  assert.equal(new Set(ids).size, ids.length);
});
