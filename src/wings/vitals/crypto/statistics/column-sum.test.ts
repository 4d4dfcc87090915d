import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isCoded } from '../../../../primitives/errors.ts';
import { elementsToBytes, field64, modulo } from '../field.ts';
import { ColumnSum } from './column-sum.ts';

const element = fc.bigInt({ min: 0n, max: field64.p - 1n });
const row = fc.array(element, { minLength: 3, maxLength: 3 });

test('columns add up as elements of the field do, in whatever pieces they come', () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 40 }), fc.nat(40), (rows, cut) => {
      const sum = new ColumnSum(3);
      sum.add(elementsToBytes(field64, rows.slice(0, cut).flat()));
      sum.totals();
      sum.add(elementsToBytes(field64, rows.slice(cut).flat()));
      const expected = [0, 1, 2].map((at) =>
        modulo(
          field64,
          rows.reduce((total, it) => total + (it[at] ?? 0n), 0n),
        ),
      );
      assert.deepEqual(sum.totals(), expected);
    }),
  );
});

test('no rows are zeros, and a part of a row is none: BODY_LENGTH', () => {
  const sum = new ColumnSum(2);
  assert.deepEqual(sum.totals(), [0n, 0n]);
  assert.throws(
    () => sum.add(new Uint8Array(8)),
    (error) => isCoded(error, 'BODY_LENGTH'),
  );
});
