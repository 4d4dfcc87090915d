import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isCoded } from '../../../../primitives/errors.ts';
import { packSlots, unpackSlots } from './slots.ts';

const slots = { count: 5, bits: 20 };
const below = 1000n;
const overflow = (it: unknown): boolean => isCoded(it, 'SLOT_OVERFLOW');
const vector = fc.array(fc.bigInt({ min: 0n, max: below - 1n }), { minLength: 5, maxLength: 5 });

test('the sum of packed vectors unpacks to the sums', () => {
  fc.assert(
    fc.property(fc.array(vector, { minLength: 1, maxLength: 9 }), (vectors) => {
      const packed = vectors.reduce((sum, it) => sum + packSlots(slots, it, below), 0n);
      const expected = [0, 1, 2, 3, 4].map((place) =>
        vectors.reduce((sum, it) => sum + (it[place] ?? 0n), 0n),
      );
      const bound = below * BigInt(vectors.length);
      assert.deepEqual(unpackSlots(slots, packed, { wanted: 5, below: bound }), expected);
    }),
  );
});

test('a number outside its bound, and one number too many, are refused when packed', () => {
  for (const values of [[1000n], [0n, -1n], [1n, 2n, 3n, 4n, 5n, 6n]])
    assert.throws(() => packSlots(slots, values, below), overflow);
  assert.throws(() => packSlots(slots, [1n], 2n ** 20n + 1n), overflow, 'wider than a slot');
});

test('what cannot be a sum of packed vectors is refused when unpacked, and never wraps', () => {
  const packed = packSlots(slots, [1n, 2n, 3n, 4n, 999n], below);
  const wanted = { wanted: 5, below };
  for (const wrong of [
    packed + 1000n,
    packed + (1000n << 20n),
    packed + (1n << 80n),
    packed + (1n << 100n),
    packed - (2n << 80n) - (998n << 80n) + ((2n ** 20n) << 80n),
    -1n,
  ])
    assert.throws(() => unpackSlots(slots, wrong, wanted), overflow, `${wrong}`);
  assert.throws(
    () => unpackSlots(slots, packed, { wanted: 4, below }),
    overflow,
    'more than wanted',
  );
  assert.throws(() => unpackSlots(slots, 0n, { wanted: 6, below }), overflow);
});
