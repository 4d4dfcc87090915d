import assert from 'node:assert/strict';
import { test } from 'node:test';
import { u32be } from '../../../../primitives/bytes.ts';
import { encodeCbor } from '../../../../primitives/cbor.ts';
import { isCoded } from '../../../../primitives/errors.ts';
import { keyOf, repeating } from '../../test/settings/paillier-keys.ts';
import { gcd, integerToBytes, jacobi } from './integers.ts';
import { openModexpKernel } from './kernel-arithmetic.ts';
import {
  decodeSecretKey,
  encodeSecretKey,
  modulusBytes,
  modulusToBytes,
  primeBytes,
  publicKeyOf,
  rootToBytes,
} from './keys.ts';
import { plainArithmetic } from './plain-arithmetic.ts';
import { isProbablePrime } from './primality.ts';

const kernel = await openModexpKernel();
const secretKey = await keyOf(1);
const { p, q, publicKey: key } = secretKey;

test('a key is what VD-1 and VD-2 say', () => {
  const by = { arithmetic: kernel, random: repeating(u32be(7)) };
  for (const prime of [p, q]) {
    assert.ok(isProbablePrime(prime, by));
    assert.equal(prime >> 1534n, 3n);
    assert.equal(prime % 4n, 3n);
  }
  assert.equal(key.modulus, p * q);
  assert.equal(key.modulus >> 3071n, 1n);
  assert.equal(gcd(p - 1n, q - 1n), 2n);
  assert.equal(gcd(key.modulus, (p - 1n) * (q - 1n)), 1n);
  const powers = plainArithmetic.powers(key.square);
  assert.equal(powers.power(key.base, ((p - 1n) * (q - 1n)) / 2n), 1n, 'an N-th power');
});

test('another draw gives another key', async () => {
  const other = await keyOf(2);
  assert.equal(gcd(other.publicKey.modulus, key.modulus), 1n);
});

test('a secret key is read as it was written', () => {
  assert.deepEqual(decodeSecretKey(encodeSecretKey(secretKey), kernel), secretKey);
});

const encode = (first: bigint, second: bigint, root: bigint): Uint8Array =>
  encodeCbor([
    integerToBytes(first, primeBytes),
    integerToBytes(second, primeBytes),
    integerToBytes(root, modulusBytes),
  ]);
const minusOne = key.modulus - 1n;

test('a secret key whose numbers do not belong together is refused', () => {
  const wrong: readonly Uint8Array[] = [
    encode(p, p, key.root),
    encode(p + 2n, q, key.root),
    encode(p >> 1n, q, key.root),
    encode(p, p + 4n, key.root),
    ...[0n, 1n, p, q, minusOne, withJacobi(-1)].map((root) => encode(p, q, root)),
  ];
  for (const it of wrong)
    assert.throws(
      () => decodeSecretKey(it, kernel),
      (error) => isCoded(error, 'KEY_INVALID'),
    );
  for (const it of [encodeCbor([new Uint8Array(192)]), encodeCbor(7)])
    assert.throws(
      () => decodeSecretKey(it, kernel),
      (error) => isCoded(error, 'CBOR_SHAPE'),
    );
});

const withJacobi = (symbol: number): bigint => {
  for (let n = 2n; ; n++) if (jacobi(n, key.modulus) === symbol) return n;
};

test('a public key of another form is refused', () => {
  const [modulus, root] = [modulusToBytes(key), rootToBytes(key)];
  assert.deepEqual(publicKeyOf(modulus, root, kernel), key);
  const long = (value: bigint): Uint8Array => integerToBytes(value, modulusBytes);
  const wrong: readonly (readonly [Uint8Array, Uint8Array])[] = [
    [modulus.subarray(1), root],
    [modulus, root.subarray(1)],
    [long(key.modulus >> 1n), root],
    [long(minusOne), root],
    ...[0n, 1n, p, minusOne, key.modulus, withJacobi(-1)].map((it) => [modulus, long(it)] as const),
  ];
  for (const [n, h] of wrong)
    assert.throws(
      () => publicKeyOf(n, h, kernel),
      (error) => isCoded(error, 'KEY_INVALID'),
    );
});
