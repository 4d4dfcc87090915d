import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PublicKey as PeerKey, PrivateKey } from 'paillier-bigint';
import { u32be } from '../../../../primitives/bytes.ts';
import { isCoded } from '../../../../primitives/errors.ts';
import { keyOf, repeating } from '../../test/settings/paillier-keys.ts';
import { addCiphertexts, ciphertextToBytes, parseCiphertext } from './ciphertext.ts';
import { openDecryption } from './decryption.ts';
import { openEncryption } from './encryption.ts';
import { integerToBytes } from './integers.ts';
import { openModexpKernel } from './kernel-arithmetic.ts';
import { squareBytes } from './keys.ts';
import type { ModularArithmetic } from './modular-arithmetic.ts';
import { plainArithmetic } from './plain-arithmetic.ts';

const kernel = await openModexpKernel();
const secretKey = await keyOf(1);
const { publicKey: key, p, q } = secretKey;
const by = { arithmetic: kernel, random: repeating(u32be(5)) };
const encryption = openEncryption(key, by);
const decryption = openDecryption(secretKey, by);
const message = fc.bigInt({ min: 0n, max: key.modulus - 1n });
const runs = { numRuns: 12 };

test('what is encrypted is decrypted, at the ends of the range too', () => {
  for (const it of [0n, 1n, p, q, key.modulus - 1n])
    assert.equal(decryption.decrypt(encryption.encrypt(it)), it);
  fc.assert(
    fc.property(message, (it) => decryption.decrypt(encryption.encrypt(it)) === it),
    runs,
  );
});

test('plain and kernel arithmetic make the same ciphertext of the same chance, and open each other’s', () => {
  const plain = { arithmetic: plainArithmetic, random: repeating(u32be(6)) };
  const fromPlain = openEncryption(key, plain).encrypt(77n);
  const same = openEncryption(key, { ...by, random: repeating(u32be(6)) }).encrypt(77n);
  assert.deepEqual(fromPlain, same);
  assert.equal(openDecryption(secretKey, plain).decrypt(same), 77n);
});

test('products hold sums and powers multiples, modulo N', () => {
  fc.assert(
    fc.property(message, message, fc.bigInt({ min: 1n, max: key.modulus - 1n }), (a, b, factor) => {
      const sum = addCiphertexts(key, [encryption.encrypt(a), encryption.encrypt(b)]);
      assert.equal(decryption.decrypt(sum), (a + b) % key.modulus);
      const multiple = encryption.multiply(sum, factor);
      assert.equal(decryption.decrypt(multiple), ((a + b) * factor) % key.modulus);
    }),
    { numRuns: 5 },
  );
});

test('a ciphertext masked anew is another with the same content', () => {
  const ciphertext = encryption.encrypt(5n);
  const masked = encryption.mask(ciphertext);
  assert.notDeepEqual(masked, ciphertext);
  assert.equal(decryption.decrypt(masked), 5n);
});

test('the same message is never the same ciphertext', () => {
  assert.notDeepEqual(encryption.encrypt(5n), encryption.encrypt(5n));
});

test('a message outside 0 to N - 1 and a factor outside 1 to N - 1 are refused', () => {
  for (const it of [-1n, key.modulus])
    assert.throws(
      () => encryption.encrypt(it),
      (error) => isCoded(error, 'SLOT_OVERFLOW'),
    );
  for (const it of [0n, -1n, key.modulus])
    assert.throws(
      () => encryption.multiply(encryption.encrypt(1n), it),
      (error) => isCoded(error, 'INTERNAL'),
    );
});

test('a ciphertext is 768 bytes, and what is none is refused', () => {
  const ciphertext = encryption.encrypt(9n);
  const bytes = ciphertextToBytes(ciphertext);
  assert.equal(bytes.length, 768);
  assert.deepEqual(parseCiphertext(key, bytes), ciphertext);
  const numbers = [0n, 1n, p, q * 5n, key.modulus, key.square - key.modulus, key.square];
  const wrong = [
    ...numbers.map((it) => integerToBytes(it, squareBytes)),
    bytes.subarray(1),
    Uint8Array.of(0, ...bytes),
    new Uint8Array(squareBytes).fill(255),
  ];
  for (const it of wrong)
    assert.throws(
      () => parseCiphertext(key, it),
      (error) => isCoded(error, 'CIPHERTEXT_INVALID'),
    );
});

test('what was not parsed is refused by who decrypts', () => {
  const value = parseCiphertext(key, ciphertextToBytes(encryption.encrypt(9n))).value * p;
  const forged = { ...encryption.encrypt(1n), value };
  assert.throws(
    () => decryption.decrypt(forged),
    (it) => isCoded(it, 'CIPHERTEXT_INVALID'),
  );
});

test('paillier-bigint opens our ciphertexts and sums, and we open its', () => {
  const peerKey = new PeerKey(key.modulus, key.modulus + 1n);
  const lambda = (p - 1n) * (q - 1n);
  const peer = new PrivateKey(lambda, inverseOf(lambda, key.modulus), peerKey, p, q);
  const withoutPrimes = new PrivateKey(lambda, inverseOf(lambda, key.modulus), peerKey);
  const ours = encryption.encrypt(2n ** 3000n + 5n);
  const theirs = parseCiphertext(key, integerToBytes(peerKey.encrypt(2n ** 2999n), squareBytes));
  assert.equal(peer.decrypt(ours.value), 2n ** 3000n + 5n);
  assert.equal(withoutPrimes.decrypt(ours.value), 2n ** 3000n + 5n);
  assert.equal(decryption.decrypt(theirs), 2n ** 2999n);
  const mixed = 2n ** 3000n + 2n ** 2999n + 5n;
  assert.equal(decryption.decrypt(addCiphertexts(key, [ours, theirs])), mixed);
  assert.equal(peer.decrypt(peerKey.addition(ours.value, theirs.value)), mixed);
  assert.equal(peer.decrypt(encryption.multiply(theirs, 3n).value), 3n * 2n ** 2999n);
});

const inverseOf = (a: bigint, n: bigint): bigint => {
  const [phiOfP, phiOfQ] = [p * (p - 1n), q * (q - 1n)];
  assert.equal(n, key.modulus);
  // a^(phi(N) - 1) mod N, phi(N) = (p - 1)(q - 1): by Euler, not by the inverse that the product has.
  return plainArithmetic.powers(n).power(a, (phiOfP / p) * (phiOfQ / q) - 1n);
};

test('where exponents show, what a secret power is of is nobody’s choice', () => {
  const bases: bigint[] = [];
  const watched: ModularArithmetic = {
    ...plainArithmetic,
    powers(modulus) {
      const powers = plainArithmetic.powers(modulus);
      const power = (base: bigint, exponent: bigint): bigint => {
        if (exponent === p - 1n) bases.push(base);
        return powers.power(base, exponent);
      };
      return { hidesExponents: false, power };
    },
  };
  const hiding: ModularArithmetic = {
    ...watched,
    powers: (modulus) => ({ ...watched.powers(modulus), hidesExponents: true }),
  };
  const ciphertext = encryption.encrypt(6n);
  for (const [arithmetic, isShown] of [
    [watched, false],
    [hiding, true],
  ] as const) {
    bases.length = 0;
    const opened = openDecryption(secretKey, { arithmetic, random: by.random });
    assert.equal(opened.decrypt(ciphertext), 6n);
    assert.equal(opened.decrypt(ciphertext), 6n);
    assert.equal(bases[0] === ciphertext.value % (p * p), isShown);
    assert.equal(bases[0] === bases[1], isShown);
  }
});
