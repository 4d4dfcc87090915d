import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { u32be } from '../../../../primitives/bytes.ts';
import { repeating } from '../../test/settings/paillier-keys.ts';
import { openModexpKernel } from './kernel-arithmetic.ts';
import { plainArithmetic } from './plain-arithmetic.ts';
import { isPrimeWithoutSmallFactors, isProbablePrime, smallFactor } from './primality.ts';
import { findBlumPrime } from './primes.ts';

const kernel = await openModexpKernel();
const by = { arithmetic: kernel, random: repeating(u32be(2)) };
const root = new URL('../../../../../', import.meta.url);

interface Case {
  readonly tcId: number;
  readonly comment: string;
  readonly value: string;
  readonly result: 'valid' | 'invalid' | 'acceptable';
}

test('the verdicts are those of Project Wycheproof', () => {
  const path = new URL('test/vectors/published/wycheproof/primality_test.json', root);
  const { testGroups, numberOfTests }: { testGroups: { tests: Case[] }[]; numberOfTests: number } =
    JSON.parse(readFileSync(path, 'utf8'));
  const cases = testGroups.flatMap(({ tests }) => tests);
  assert.equal(cases.length, numberOfTests);
  for (const { tcId, comment, value, result } of cases) {
    // "acceptable" are negative numbers, written in two's complement: they are not prime here.
    const number = value === '' ? 0n : BigInt.asIntN(4 * value.length, BigInt(`0x${value}`));
    assert.equal(isProbablePrime(number, by), result === 'valid', `${tcId} ${comment}`);
  }
});

test('each half of Baillie-PSW finds what the other lets pass', () => {
  // Strong pseudoprimes to base 2, and strong Lucas pseudoprimes (OEIS A001262, A217255), without the sieve before.
  const numbers = [2047n, 3277n, 4033n, 4681n, 8321n, 5459n, 5777n, 10877n, 16109n, 18971n];
  for (const number of [...numbers, 65537n * 65539n, 65537n ** 2n])
    for (const arithmetic of [kernel, plainArithmetic])
      assert.equal(isPrimeWithoutSmallFactors(number, { ...by, arithmetic }), false, `${number}`);
  for (const prime of [65537n, 65539n, 2n ** 61n - 1n, 2n ** 521n - 1n])
    assert.equal(isPrimeWithoutSmallFactors(prime, by), true, `${prime}`);
});

test('below 100,000 exactly the primes are prime', () => {
  const composite = new Uint8Array(100_000);
  for (let n = 2; n < composite.length; n++) {
    for (let multiple = 2 * n; multiple < composite.length; multiple += n) composite[multiple] = 1;
    if (n < 2_000 || n > 65_000)
      assert.equal(
        isProbablePrime(BigInt(n), { ...by, arithmetic: plainArithmetic }),
        composite[n] === 0,
        `${n}`,
      );
  }
});

test('a drawn prime has its length, its two highest bits and is 3 modulo 4', () => {
  for (const length of [3, 16, 64]) {
    const prime = findBlumPrime(length, by);
    assert.equal(prime >> BigInt(8 * length - 2), 3n);
    assert.equal(prime % 4n, 3n);
    assert.equal(isProbablePrime(prime, by), true);
  }
});

test('drawing goes on where no prime follows within the bits asked for', () => {
  // 0xffffff = 3 5 13 ... and nothing above it has three bytes; then a number from which a prime is near.
  const drawn = [new Uint8Array(3).fill(255), Uint8Array.of(0xc0, 0, 3)];
  const then = repeating(u32be(4));
  const random = (length: number): Uint8Array => drawn.shift() ?? then(length);
  const prime = findBlumPrime(3, { arithmetic: kernel, random });
  assert.equal(smallFactor(prime), undefined);
  assert.ok(prime >= 0xc00003n && prime < 0xc10003n);
});
