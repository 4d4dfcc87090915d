import assert from 'node:assert/strict';
import { test } from 'node:test';
import { curvesOf } from './curves.ts';
import type { VitalsPage } from './reading/joined-pages.ts';

const hourMs = 3_600_000;
const heart = (startHour: number, values: readonly number[], also: Partial<VitalsPage> = {}) => ({
  ...{ panel: 5, startHour, sequence: startHour, sensor: 'aa', from: 'servers' as const },
  rows: values.map((it) => [it]),
  ...also,
});

test('the readings of an hour are spread over it in their order', () => {
  const [curve] = curvesOf([heart(10, [60, 62, 64, 66])], 'reading');
  assert.deepEqual(
    curve?.steps.map(({ ms, median }) => [ms / hourMs, median]),
    [
      [10.125, 60],
      [10.375, 62],
      [10.625, 64],
      [10.875, 66],
    ],
  );
  assert.deepEqual(curve?.newest, { ms: 10.875 * hourMs, value: 66 });
});

test('two pages of one hour follow each other, and another sensor lies between', () => {
  const pages = [
    heart(10, [1, 2]),
    heart(10, [3, 4], { sequence: 11 }),
    heart(10, [9], { sensor: 'bb' }),
  ];
  const [curve] = curvesOf(pages, 'reading');
  assert.deepEqual(
    curve?.steps.map(({ median }) => median),
    [1, 2, 9, 3, 4],
  );
});

for (const by of ['reading', 'hour'] as const) {
  test(`a whole hour without a value is a gap, by ${by}`, () => {
    const [curve] = curvesOf([heart(10, [60]), heart(11, [61]), heart(13, [62])], by);
    assert.deepEqual(
      curve?.steps.map(({ isAfterGap }) => isAfterGap),
      [false, false, true],
    );
  });
}

test('an hour has its least, its median and its greatest', () => {
  const [curve] = curvesOf([heart(10, [70, 50, 90, 60])], 'hour');
  const [step] = curve?.steps ?? [];
  assert.deepEqual([step?.least, step?.median, step?.greatest, step?.count], [50, 65, 90, 4]);
});

test('a vital sign of two panels is one curve, and one without a value is none', () => {
  const pressure = heart(9, [], { panel: 2, rows: [[120, 80]] });
  const signs = heart(10, [], { panel: 1, rows: [[70, 130, 36.6, 97, 14]] });
  const curves = curvesOf([signs, pressure], 'reading');
  const of = (name: string) => curves.find(({ vital }) => vital === name);
  assert.deepEqual(
    of('systolic')?.steps.map(({ median }) => median),
    [120, 130],
  );
  assert.equal(of('diastolic')?.steps.length, 1);
  assert.equal(of('glucose'), undefined);
});

test('values outside the range are told as crossings', () => {
  const [curve] = curvesOf([heart(10, [130, 131, 132, 70])], 'hour');
  assert.deepEqual(
    curve?.crossings.map(({ side, worst, isOver }) => [side, worst, isOver]),
    [['above', 132, false]],
  );
});
