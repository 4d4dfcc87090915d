import assert from 'node:assert/strict';
import { test } from 'node:test';
import { u32be } from '../../../primitives/bytes.ts';
import { openDecryption } from '../crypto/paillier/decryption.ts';
import { openEncryption } from '../crypto/paillier/encryption.ts';
import { randomBelow } from '../crypto/paillier/integers.ts';
import { openModexpKernel } from '../crypto/paillier/kernel-arithmetic.ts';
import type { ModularArithmetic } from '../crypto/paillier/modular-arithmetic.ts';
import { plainArithmetic } from '../crypto/paillier/plain-arithmetic.ts';
import { keyOf, repeating } from '../test/settings/paillier-keys.ts';
import { type NativePowers, opensslArithmetic } from './openssl-arithmetic.ts';

const kernel = await openModexpKernel();
const secretKey = await keyOf(1);
const { p, q, publicKey } = secretKey;
const random = repeating(u32be(8));

/** Counts what it is asked, so that a test sees who computed. */
function counting(arithmetic: ModularArithmetic): {
  readonly arithmetic: ModularArithmetic;
  readonly asked: () => number;
} {
  let asked = 0;
  const powers: ModularArithmetic['powers'] = (modulus) => {
    const inner = arithmetic.powers(modulus);
    return {
      ...inner,
      power(base, exponent) {
        asked++;
        return inner.power(base, exponent);
      },
    };
  };
  return { arithmetic: { ...arithmetic, powers }, asked: () => asked };
}

const lying: NativePowers = (modulus) => (base, exponent) =>
  plainArithmetic.powers(modulus).power(base, exponent) + 1n;
const absent: NativePowers = () => {
  throw new Error('not in this build');
};
/** Right when it is tested, and then no more. */
const failing: NativePowers = (modulus) => {
  let used = 0;
  return (base, exponent) => {
    if (used++ > 0) throw new Error('refused');
    return plainArithmetic.powers(modulus).power(base, exponent);
  };
};

test('OpenSSL computes the powers that BigInt computes', () => {
  for (const modulus of [p * p, q * q, p, publicKey.modulus, publicKey.square]) {
    const { arithmetic, asked } = counting(plainArithmetic);
    const powers = opensslArithmetic(arithmetic).powers(modulus);
    assert.equal(powers.hidesExponents, true);
    for (let i = 0; i < 3; i++) {
      const [base, exponent] = [randomBelow(modulus, random), randomBelow(2n ** 200n, random)];
      const expected = plainArithmetic.powers(modulus).power(base, exponent);
      assert.equal(powers.power(base, exponent), expected);
    }
    assert.equal(asked(), 0, 'by OpenSSL');
  }
});

test('what OpenSSL refuses is computed otherwise: results 0, 1 and -1, and bases and exponents that lead there', () => {
  const modulus = p * p;
  const powers = opensslArithmetic(kernel).powers(modulus);
  assert.equal(powers.power(0n, 5n), 0n);
  assert.equal(powers.power(p, 2n), 0n);
  assert.equal(powers.power(1n, 5n), 1n);
  assert.equal(powers.power(modulus - 1n, 5n), modulus - 1n);
  assert.equal(powers.power(modulus - 1n, 4n), 1n);
  assert.equal(powers.power(7n, 0n), 1n);
  assert.equal(powers.power(7n, 1n), 7n);
  assert.equal(powers.power(modulus + 7n, 2n), 49n);
  assert.equal(powers.power(7n, p * (p - 1n)), 1n);
  assert.equal(powers.power(powers.power(7n, p), (p - 1n) / 2n) ** 2n % modulus, 1n);
});

for (const [name, native] of Object.entries({ lying, absent, failing })) {
  test(`where the library is ${name}, the same powers come from elsewhere`, () => {
    const { arithmetic, asked } = counting(kernel);
    const powers = opensslArithmetic(arithmetic, native).powers(p * p);
    const expected = plainArithmetic.powers(p * p).power(5n, p - 1n);
    assert.equal(powers.power(5n, p - 1n), expected);
    assert.equal(asked(), 1);
    assert.equal(powers.hidesExponents, name === 'failing');
  });
}

test('an even modulus, a short one and one of more than 10,000 bits are taken by who takes them', () => {
  for (const modulus of [3n, 2n ** 100n - 1n, 2n ** 10_001n + 1n]) {
    const powers = opensslArithmetic(plainArithmetic).powers(modulus);
    assert.equal(powers.power(2n, 300n), plainArithmetic.powers(modulus).power(2n, 300n));
  }
});

test('messages are decrypted by OpenSSL as they are without, the message 0 too', () => {
  const arithmetic = opensslArithmetic(kernel);
  const encryption = openEncryption(publicKey, { arithmetic, random });
  const decryption = openDecryption(secretKey, { arithmetic, random });
  const messages = [0n, 1n, p, q, publicKey.modulus - 1n, randomBelow(publicKey.modulus, random)];
  for (const message of messages)
    assert.equal(decryption.decrypt(encryption.encrypt(message)), message);
});
