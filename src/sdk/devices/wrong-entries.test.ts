import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isCoded } from '../../primitives/errors.ts';
import { countingEntry, triesLeft } from './wrong-entries.ts';

const minute = 60_000;
const now = 100 * 60 * minute;
/** Wrong entries so many minutes ago, the oldest first; how many are left, or minutes until adding goes on. */
const table: readonly (readonly [string, readonly number[], number | 'stopped', number])[] = [
  ['none', [], 3, 0],
  ['one now', [0], 2, 0],
  ['two within the hour', [59, 1], 1, 0],
  ['three within the hour', [59, 30, 0], 'stopped', 60],
  ['three, the last almost an hour ago', [100, 80, 59], 'stopped', 1],
  ['three, the last an hour ago', [100, 80, 60], 3, 0],
  ['three, over more than an hour', [75, 30, 10], 1, 0],
  ['one from yesterday and two now', [1_440, 1, 0], 1, 0],
  ['twenty, all long ago', Array.from({ length: 20 }, (_, i) => 2_000 - i), 3, 0],
  ['three at a time that the clock has not reached', [-30, -31, -32], 'stopped', 92],
  ['two by a clock that was far ahead, and one now', [-600, -599, 0], 2, 0],
];
for (const [what, minutesAgo, expected, waits] of table) {
  test(`wrong entries: ${what}: ${expected} ${expected === 'stopped' ? `for ${waits} minutes` : 'left'}`, () => {
    const timesMs = minutesAgo.map((it) => now - it * minute);
    if (expected !== 'stopped') {
      assert.equal(triesLeft(timesMs, now), expected);
      return;
    }
    const untilMs = now + waits * minute;
    const isStopped = (error: unknown) =>
      isCoded(error, 'DEVICE_ADDING_STOPPED') && error.details.untilMs === untilMs;
    assert.throws(() => triesLeft(timesMs, now), isStopped);
    assert.throws(() => triesLeft(timesMs, untilMs - 1), isStopped);
    assert.equal(triesLeft(timesMs, untilMs), 3);
  });
}

function kept(timesMs: readonly number[]) {
  const written: (readonly number[])[] = [];
  return {
    written,
    read: async () => written.at(-1) ?? timesMs,
    write: async (times: readonly number[]) => {
      written.push(times);
    },
  };
}

test('an entry stands as wrong before it is judged, and is taken back when it was right', async () => {
  const entries = kept([1]);
  const judged = await countingEntry(entries, now, () => {
    assert.deepEqual(entries.written, [[1, now]]);
    return 'right';
  });
  assert.equal(judged, 'right');
  assert.deepEqual(entries.written, [[1, now], [1]]);
});

test('a wrong entry stays, and no entry is judged while adding is stopped', async () => {
  const entries = kept([now, now]);
  const wrong = () => {
    throw new Error('wrong');
  };
  await assert.rejects(countingEntry(entries, now, wrong), { message: 'wrong' });
  assert.deepEqual(await entries.read(), [now, now, now]);
  const judge = () => assert.fail('judged');
  await assert.rejects(countingEntry(entries, now, judge), { code: 'DEVICE_ADDING_STOPPED' });
  assert.equal(entries.written.length, 1);
});

test('twenty entries are kept', async () => {
  const entries = kept(Array.from({ length: 20 }, (_, i) => i));
  await assert.rejects(
    countingEntry(entries, now, () => {
      throw new Error('wrong');
    }),
  );
  const times = await entries.read();
  assert.equal(times.length, 20);
  assert.equal(times[0], 1);
});
