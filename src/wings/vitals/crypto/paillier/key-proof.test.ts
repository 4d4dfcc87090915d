import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sha256, shake256 } from '../../../../crypto/hash.ts';
import { concatBytes, u32be } from '../../../../primitives/bytes.ts';
import { isCoded } from '../../../../primitives/errors.ts';
import { decodeAs, encodeAs } from '../../../../primitives/shape.ts';
import { paillierKey } from '../../api/paillier-key.ts';
import { keyOf, repeating } from '../../test/settings/paillier-keys.ts';
import { bytesToInteger, integerToBytes, inverse, jacobi } from './integers.ts';
import { openModexpKernel } from './kernel-arithmetic.ts';
import { type KeyProof, proveKey, verifyKey } from './key-proof.ts';
import { modulusBytes, modulusToBytes, type PublicKey, publicKeyOf, rootToBytes } from './keys.ts';
import { isProbablePrime } from './primality.ts';

const arithmetic = await openModexpKernel();
const owner = new Uint8Array(32).fill(7);
const secretKey = await keyOf(1);
const { publicKey: key } = secretKey;
const by = { arithmetic, random: repeating(u32be(9)) };
const proof = proveKey(secretKey, owner, by);

const refuses = (what: string, statement: { key: PublicKey; owner: Uint8Array }, it: KeyProof) =>
  assert.throws(
    () => verifyKey(statement, it, arithmetic),
    (error) => isCoded(error, 'KEY_INVALID') && error.details.in === what,
    what,
  );

test('the proof of a key holds, and travels with it', () => {
  verifyKey({ key, owner }, proof, arithmetic);
  const written = encodeAs(paillierKey, {
    ...{ modulus: modulusToBytes(key), root: rootToBytes(key), proof },
  });
  assert.equal(written.length, 53_430);
  const read = decodeAs(paillierKey, written);
  verifyKey(
    { key: publicKeyOf(read.modulus, read.root, arithmetic), owner },
    read.proof,
    arithmetic,
  );
});

test('another owner, another key and another root are refused', async () => {
  refuses('roots', { key, owner: new Uint8Array(32) }, proof);
  const other = (await keyOf(2)).publicKey;
  assert.throws(
    () => verifyKey({ key: other, owner }, proof, arithmetic),
    (error) => isCoded(error, 'KEY_INVALID'),
  );
  const root = integerToBytes((key.root * 4n) % key.modulus, modulusBytes);
  refuses('roots', { key: publicKeyOf(modulusToBytes(key), root, arithmetic), owner }, proof);
});

const flipped = (bytes: Uint8Array, at: number): Uint8Array => {
  const changed = bytes.slice();
  changed[at] = (changed[at] ?? 0) ^ 1;
  return changed;
};
const negated = (bytes: Uint8Array): Uint8Array =>
  integerToBytes(key.modulus - bytesToInteger(bytes), modulusBytes);
const enlarged = (bytes: Uint8Array): Uint8Array =>
  integerToBytes(key.modulus + bytesToInteger(bytes), modulusBytes);

test('each part of a proof is looked at', () => {
  const statement = { key, owner };
  const { witness, roots, fourthRoots, signs } = proof;
  refuses('proof', statement, { ...proof, roots: roots.subarray(1) });
  refuses('proof', statement, { ...proof, fourthRoots: fourthRoots.subarray(384) });
  refuses('proof', statement, { ...proof, signs: signs.subarray(1) });
  refuses('proof', statement, { ...proof, witness: witness.subarray(1) });
  refuses('roots', statement, { ...proof, roots: flipped(roots, 8 * 384 - 1) });
  refuses('fourth roots', statement, {
    ...proof,
    fourthRoots: flipped(fourthRoots, 128 * 384 - 1),
  });
  refuses('fourth roots', statement, { ...proof, signs: flipped(signs, 31) });
  refuses('witness', statement, { ...proof, witness: rootToBytes(key) });
  refuses('witness', statement, { ...proof, witness: new Uint8Array(384).fill(255) });
  // (-w / N) is -1 too, and the challenges are others.
  refuses('roots', statement, { ...proof, witness: negated(witness) });
  const [last, before] = [roots.subarray(7 * 384), roots.subarray(0, 7 * 384)];
  if (bytesToInteger(last) + key.modulus < 2n ** 3072n)
    refuses('roots', statement, { ...proof, roots: concatBytes(before, enlarged(last)) });
});

test('the negative of a fourth root is one too: why a key is not known by the hash of its proof', () => {
  const rest = proof.fourthRoots.subarray(384);
  const first = negated(proof.fourthRoots.subarray(0, 384));
  verifyKey({ key, owner }, { ...proof, fourthRoots: concatBytes(first, rest) }, arithmetic);
});

test('the same challenge has the same answer, and answers do not say which root they are', () => {
  const again = proveKey(secretKey, owner, { arithmetic, random: repeating(u32be(9)) });
  assert.deepEqual(again, proof);
  const symbols = new Set<string>();
  for (let at = 0; at < 128; at++) {
    const root = bytesToInteger(proof.fourthRoots.subarray(at * 384, (at + 1) * 384));
    symbols.add(`${jacobi(root, secretKey.p)} ${jacobi(root, secretKey.q)}`);
  }
  assert.equal(symbols.size, 4);
});

/** What somebody gets through who made N otherwise, and does his best. */
function forge(
  primes: readonly bigint[],
  /** What is looked at after that which refuses him may be anything. */
  until: 'roots' | 'all' = 'all',
): { readonly key: PublicKey; readonly proof: KeyProof } {
  const modulus = primes.reduce((product, prime) => product * prime, 1n);
  const wrong = publicKeyOf(long(modulus), long(4n), arithmetic);
  let witness = 2n;
  while (jacobi(witness, modulus) !== -1) witness++;
  // VD-15 once more, as it is written.
  const label = new TextEncoder().encode('salus/1/stat/key-proof\0');
  const seed = sha256(label, long(modulus), long(4n), owner, long(witness));
  const challenge = (i: number): bigint =>
    bytesToInteger(shake256(concatBytes(seed, u32be(i)), 400)) % modulus;
  const order = primes.reduce((product, prime) => product * (prime - 1n), 1n);
  const powers = arithmetic.powers(modulus);
  const exponent = inverse(modulus, order) ?? 1n;
  const roots = Array.from({ length: 8 }, (_, i) => powers.power(challenge(i), exponent));
  const signs = new Uint8Array(32);
  const fourthRoot = until === 'all' ? fourthRoots(primes) : () => undefined;
  const answers = Array.from({ length: 128 }, (_, at) => {
    const y = challenge(8 + at);
    for (const sign of [0, 1, 2, 3]) {
      const withWitness = (sign & 2) === 2 ? (y * witness) % modulus : y;
      const value = (sign & 1) === 1 ? modulus - withWitness : withWitness;
      const root = fourthRoot(value);
      if (root === undefined) continue;
      signs[at >> 2] = (signs[at >> 2] ?? 0) | (sign << (2 * (at % 4)));
      return root;
    }
    return undefined;
  });
  answered = answers.filter((root) => root !== undefined).length;
  const proof = {
    ...{ witness: long(witness), roots: concatBytes(...roots.map(long)), signs },
    fourthRoots: concatBytes(...answers.map((root) => long(root ?? 1n))),
  };
  return { key: wrong, proof };
}
let answered = 0;

const long = (value: bigint): Uint8Array => integerToBytes(value, modulusBytes);

/** Fourth roots by the Chinese remainder theorem, of primes that are 3 modulo 4 or 5 modulo 8; undefined: there is none. */
function fourthRoots(primes: readonly bigint[]): (value: bigint) => bigint | undefined {
  let product = 1n;
  const parts = primes.map((prime) => {
    const odd = prime % 4n === 3n ? (prime - 1n) / 2n : (prime - 1n) / 4n;
    const before = product;
    product *= prime;
    const scale = inverse(before, prime) ?? 0n;
    return { prime, odd, before, scale, powers: arithmetic.powers(prime) };
  });
  return (value) => {
    if (primes.some((prime) => jacobi(value, prime) !== 1)) return undefined;
    let joined = 0n;
    for (const { prime, odd, before, scale, powers } of parts) {
      if (powers.power(value, odd) !== 1n) return undefined;
      const root = powers.power(value, inverse(4n, odd) ?? 0n);
      const step = ((root - joined) * scale) % prime;
      joined += before * ((step + prime) % prime);
    }
    return joined;
  };
}

/** The prime that lies so far above 3 2^(bits - 2): found once, and looked at again here. */
function primeAt(bits: bigint, offset: bigint): bigint {
  const prime = (3n << (bits - 2n)) + offset;
  assert.ok(isProbablePrime(prime, by));
  return prime;
}

test('who does his best with an honest N gets through', () => {
  const { key: same, proof: made } = forge([secretKey.p, secretKey.q]);
  assert.equal(answered, 128);
  verifyKey({ key: same, owner }, made, arithmetic);
});

test('N of three primes, or with a prime that is 1 modulo 4, answers half of the challenges and is refused', () => {
  const three = [primeAt(768n, 779n), primeAt(768n, 871n), secretKey.q];
  for (const primes of [three, [primeAt(1536n, 1837n), secretKey.q]]) {
    const { key: wrong, proof: made } = forge(primes);
    assert.ok(answered > 30 && answered < 98, `${answered}`);
    refuses('fourth roots', { key: wrong, owner }, made);
  }
});

test('N with a square in it, or of which one prime divides another less 1, lacks N-th roots and is refused', () => {
  const squared = forge([primeAt(768n, 779n), primeAt(768n, 779n), secretKey.q], 'roots');
  refuses('roots', { key: squared.key, owner }, squared.proof);
  const small = primeAt(1400n, 191n);
  const large = ((3n << 1670n) / small + 755n) * small + 1n;
  assert.ok(isProbablePrime(large, by));
  const { key: wrong, proof: made } = forge([small, large], 'roots');
  refuses('roots', { key: wrong, owner }, made);
});

test('N that is a prime, or has a small one, is refused', () => {
  const prime = forge([primeAt(3072n, 1319n)], 'roots');
  refuses('prime', { key: prime.key, owner }, prime.proof);
  // What is divided first has not been looked at further.
  const small = publicKeyOf(long(65_519n * ((3n << 3054n) + 1819n)), long(4n), arithmetic);
  refuses('factor', { key: small, owner }, proof);
});
