import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { assertGrowsAlong } from '../../../../test/growth.ts';
import { compareDecimals, valueForPeople } from './decimal.ts';

for (const [a, b, sign] of [
  ['1.0', '1', 0],
  ['1e1', '10.00', 0],
  ['-0.0', '0', 0],
  ['0.1e-3', '0.0001', 0],
  ['9', '10', -1],
  ['-9', '-10', 1],
  ['-1', '1', -1],
  ['0', '0.0001', -1],
  ['12345678901234567890.2', '12345678901234567890.1', 1],
  ['1e999999', '2', 1],
] as const) {
  test(`${a} compared with ${b}`, () => {
    assert.equal(Math.sign(compareDecimals(a, b) ?? Number.NaN), sign);
  });
}

test('what is no number, or has an exponent beyond any measurement, is not compared', () => {
  for (const text of ['', '1.', '.5', 'x', '1e9999999', '<5'])
    assert.equal(compareDecimals(text, '1'), undefined);
});

test('decimals are in the order of their numbers', () => {
  const spelled = fc
    .tuple(fc.integer(), fc.integer({ min: -8, max: 8 }))
    .map(([n, e]) => `${n}e${e}`);
  fc.assert(
    fc.property(spelled, spelled, (a, b) => {
      const [x, y] = [Number(a), Number(b)];
      if (x !== y) assert.equal(Math.sign(compareDecimals(a, b) ?? 0), Math.sign(x - y));
    }),
  );
});

for (const [spelled, shown] of [
  ['13.352847', '13.35'],
  ['1.005', '1.01'],
  ['-1.005', '-1.01'],
  ['9.999', '10.00'],
  ['0.012345', '0.0123'],
  ['0.0009996', '0.001000'],
  ['139.98', '139.98'],
  ['1.10', '1.10'],
  ['7', '7'],
  ['0.000000', '0.000000'],
  ['1.2E+2', '1.2E+2'],
  ['<0.54321', '<0.543'],
  ['117.84567/84.85292', '117.85/84.85'],
  ['126.5215/86.0133354…', '126.52/86.01'],
  ['126.5215/8601333…', '126.52/8601333…'],
  ['version 1.23456', 'version 1.23456'],
  ['120/80', '120/80'],
] as const) {
  test(`${spelled} reads ${shown}`, () => assert.equal(valueForPeople(spelled), shown));
}

test('a number of many zeros is compared in one pass', () => {
  assertGrowsAlong(60_000, (size) => {
    const zeros = '0'.repeat(size);
    assert.equal(compareDecimals(`1${zeros}1`, `1${zeros}2`), -1);
    assert.equal(compareDecimals(`1${zeros}`, `1.${zeros}`), size);
  });
});
