import assert from 'node:assert/strict';
import { test } from 'node:test';
import { when } from './format.ts';

for (const [ms, expected] of [
  [0, '-'],
  [1_000, '1970-01-01 00:00 UTC'],
  [8_640_000_000_000_000, '275760-09-13 00:00 UTC'],
  [Number.MAX_SAFE_INTEGER, 'after all dates'],
] as const) {
  test(`A moment of ${ms} ms, which somebody else wrote, is shown and breaks nothing`, () => {
    assert.ok(when(ms).startsWith(expected.slice(0, 9)));
  });
}
