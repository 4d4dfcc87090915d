import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blobIdOf } from '../../storage/blob-id.ts';
import { timelineOf } from './timeline.ts';

const blob = blobIdOf(new Uint8Array(0));
const keySet = (
  after: number,
  timeMs: number,
  schedule: readonly (readonly [number, number])[],
) => ({
  after,
  previous: 0,
  salt: new Uint8Array(16).fill(after),
  schedule: schedule.map(([epoch, validFromMs]) => ({ epoch, validFromMs })),
  keySetBlob: blob,
  envelopeSetBlob: blob,
  height: timeMs,
  timeMs,
});

const first = keySet(0, 100, [
  [1, 100],
  [2, 500],
  [3, 900],
]);

for (const [name, keySets, nowMs, expected] of [
  ['no KeySet', [], 1_000, []],
  ['the first epoch runs', [first], 200, [[1, 100, undefined]]],
  [
    'a scheduled epoch began by itself',
    [first],
    600,
    [
      [1, 100, 500],
      [2, 500, undefined],
    ],
  ],
  [
    'a KeySet replaced what had not begun',
    [first, keySet(3, 300, [[4, 300]])],
    1_000,
    [
      [1, 100, 300],
      [4, 300, undefined],
    ],
  ],
  [
    'a KeySet that begins later leaves the running epoch until then',
    [first, keySet(3, 600, [[4, 800]])],
    1_000,
    [
      [1, 100, 500],
      [2, 500, 800],
      [4, 800, undefined],
    ],
  ],
] as const) {
  test(`The timeline when ${name}`, () => {
    const begun = timelineOf(keySets, nowMs);
    assert.deepEqual(
      begun.map((it) => [it.epoch, it.fromMs, it.toMs]),
      expected,
    );
  });
}

test('An epoch derives from the salt of the KeySet that scheduled it', () => {
  const begun = timelineOf([first, keySet(3, 600, [[4, 600]])], 1_000);
  assert.deepEqual(
    begun.map((it) => [it.epoch, it.keySet, it.salt[0]]),
    [
      [1, 0, 0],
      [2, 0, 0],
      [4, 3, 3],
    ],
  );
});
