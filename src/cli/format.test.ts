import assert from 'node:assert/strict';
import { test } from 'node:test';
import { table, when } from './format.ts';

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

const rows = [
  ['record', 'what', 'by'],
  ['27203f85aa11bb22cc33dd44ee55ff66', 'Hemoglobin [Mass/volume] in Blood', 'Dr Abena Osei'],
];

test('A table is cut to the screen: ids keep a beginning that commands take, words end in …', () => {
  const shown = table(rows, 50).replace(/[\u2068\u2069]/gu, '');
  const [, row = ''] = shown.split('\n');
  assert.ok(row.length <= 50, row);
  assert.match(row, /^27203f85[0-9a-f]* {2}Hemoglobin.*… {2}Dr Abena Osei$/);
});

test('A table that goes to no screen is whole', () => {
  assert.ok(table(rows, undefined).includes(rows[1]?.join('  ') ?? ''));
});

test('A table is never cut to nothing', () => {
  for (const line of table(rows, 5).split('\n')) assert.ok(line.length > 8);
});
