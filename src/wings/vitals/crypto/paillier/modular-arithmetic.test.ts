import assert from 'node:assert/strict';
import { test } from 'node:test';
import { u32be } from '../../../../primitives/bytes.ts';
import { isCoded } from '../../../../primitives/errors.ts';
import { repeating } from '../../test/settings/paillier-keys.ts';
import { randomBelow } from './integers.ts';
import { openModexpKernel } from './kernel-arithmetic.ts';
import { plainArithmetic } from './plain-arithmetic.ts';

const kernel = await openModexpKernel();
const all = [plainArithmetic, kernel];
const random = repeating(u32be(1));

/** Square and multiply, to read. */
function slowPower(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let [power, square] = [1n % modulus, base % modulus];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) power = (power * square) % modulus;
    square = (square * square) % modulus;
  }
  return power;
}

const moduli = [
  3n,
  2n ** 28n - 1n,
  2n ** 28n + 1n,
  2n ** 112n - 1n,
  2n ** 1536n - 1n,
  2n ** 3072n - 1n,
  2n ** 6143n + 1n,
  2n ** 6144n - 1n,
];

for (const arithmetic of all) {
  test(`${arithmetic.name}: powers are those of squaring and multiplying, at the edges too`, () => {
    for (const modulus of moduli) {
      const powers = arithmetic.powers(modulus);
      const drawn = randomBelow(modulus, random);
      for (const base of [0n, 1n, 2n, modulus - 1n, modulus, modulus + 1n, drawn]) {
        for (const exponent of [
          0n,
          1n,
          2n,
          15n,
          16n,
          2n ** 64n - 1n,
          randomBelow(2n ** 90n, random),
        ])
          assert.equal(
            powers.power(base, exponent),
            slowPower(base, exponent, modulus),
            `${base}^${exponent} mod ${modulus}`,
          );
      }
    }
  });

  test(`${arithmetic.name}: powers of one base are those of any, up to 1536 bits of exponent`, () => {
    for (const modulus of [3n, 2n ** 512n + 1n, 2n ** 1000n - 1n]) {
      const base = randomBelow(modulus, random) + modulus;
      const powers = arithmetic.fixedPowers(base, modulus);
      const most = 2n ** 1536n - 1n;
      for (const exponent of [
        0n,
        1n,
        2n,
        2n ** 24n,
        2n ** 192n,
        2n ** 1535n,
        most,
        randomBelow(most, random),
      ])
        assert.equal(powers.power(exponent), slowPower(base, exponent, modulus));
      for (const exponent of [-1n, most + 1n])
        assert.throws(
          () => powers.power(exponent),
          (it) => isCoded(it, 'INTERNAL'),
        );
    }
  });
}

test('long exponents after short ones, and several moduli side by side, do not disturb each other', () => {
  const [p, n] = [2n ** 200n + 357n, 2n ** 3000n + 1n];
  const [one, other] = [kernel.powers(p), kernel.powers(n)];
  for (const bits of [3n, 3000n, 7n, 5000n]) {
    const exponent = 2n ** bits - 1n;
    assert.equal(one.power(3n, exponent), slowPower(3n, exponent, p));
    assert.equal(other.power(5n, exponent), slowPower(5n, exponent, n));
  }
});

test('the kernel takes no even modulus and none longer than its columns hold', () => {
  for (const modulus of [2n ** 100n, 2n ** 7055n + 1n])
    assert.throws(
      () => kernel.powers(modulus),
      (it) => isCoded(it, 'INTERNAL'),
    );
  assert.equal(kernel.powers(2n ** 7054n - 1n).power(2n, 7054n), 1n);
});
