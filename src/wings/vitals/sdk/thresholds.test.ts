import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crossingsOf, defaultRanges, seriesOf, trendOf } from './thresholds.ts';

const series = (...values: readonly number[]) =>
  values.map((value, startHour) => ({ startHour, value }));
const range = { low: 50, high: 120 };

const crossings: readonly (readonly [string, readonly number[], readonly unknown[]])[] = [
  ['all inside', [50, 80, 120, 99], []],
  ['one slipped value', [80, 300, 80, 80], []],
  ['two outside, one inside, two outside', [130, 130, 80, 130, 130], []],
  [
    'three above, and back',
    [80, 130, 150, 140, 80, 80, 80],
    [{ side: 'above', firstHour: 1, lastHour: 3, worst: 150, isOver: true }],
  ],
  [
    'three below, not back yet',
    [80, 40, 30, 45, 80],
    [{ side: 'below', firstHour: 1, lastHour: 3, worst: 30, isOver: false }],
  ],
  [
    'two inside do not end it',
    [130, 130, 130, 80, 80, 160],
    [{ side: 'above', firstHour: 0, lastHour: 5, worst: 160, isOver: false }],
  ],
  [
    'from above to below is two',
    [130, 130, 130, 40, 40, 40],
    [
      { side: 'above', firstHour: 0, lastHour: 2, worst: 130, isOver: true },
      { side: 'below', firstHour: 3, lastHour: 5, worst: 40, isOver: false },
    ],
  ],
];
for (const [what, values, expected] of crossings) {
  test(`outside a range: ${what}`, () => {
    assert.deepEqual(crossingsOf(series(...values), range), expected);
  });
}

test('a range without an upper bound knows nothing above it', () => {
  assert.deepEqual(crossingsOf(series(100, 100, 100), defaultRanges.oxygenSaturation), []);
});

test('one wild day does not turn the trend of a week, and three days have none', () => {
  const days = [70, 71, 72, 900, 74, 75, 76].map((value, day) => ({ startHour: 24 * day, value }));
  assert.equal(trendOf(days, 6).slope, 1);
  assert.equal(trendOf(days.slice(0, 3), 6).slope, undefined);
  // The eighth day back is of another week.
  assert.equal(trendOf(days, 7).days.length, 6);
});

test('a day has its least, median and greatest', () => {
  assert.deepEqual(trendOf(series(5, 1, 3, 100), 0).days, [
    { day: 0, least: 1, median: 4, greatest: 100 },
  ]);
});

test('a series is of one vital sign, and empty where the panel does not measure it', () => {
  const page = { panel: 2, startHour: 4, sequence: 0, sensor: undefined, from: 'servers' } as const;
  const pages = [
    {
      ...page,
      rows: [
        [120, 80],
        [121, 81],
      ],
    },
  ];
  assert.deepEqual(seriesOf(pages, 'diastolic'), [
    { startHour: 4, value: 80 },
    { startHour: 4, value: 81 },
  ]);
  assert.deepEqual(seriesOf(pages, 'glucose'), []);
});
