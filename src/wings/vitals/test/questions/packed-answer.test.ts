import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sha256 } from '../../../../crypto/hash.ts';
import { xwingKeyFromSeed } from '../../../../crypto/kem.ts';
import { u32be, utf8 } from '../../../../primitives/bytes.ts';
import { isCoded } from '../../../../primitives/errors.ts';
import { type Question, releasedBy } from '../../api/question.ts';
import { field64, modulo } from '../../crypto/field.ts';
import { addCiphertexts, type Ciphertext } from '../../crypto/paillier/ciphertext.ts';
import { openDecryption } from '../../crypto/paillier/decryption.ts';
import { openEncryption } from '../../crypto/paillier/encryption.ts';
import { bytesToInteger } from '../../crypto/paillier/integers.ts';
import { openModexpKernel } from '../../crypto/paillier/kernel-arithmetic.ts';
import { encryptPart, openPartSum } from '../../crypto/paillier/packed-answer.ts';
import { openShares } from '../../crypto/statistics/answer-masks.ts';
import { openAnswer, sealAnswer } from '../../crypto/statistics/answer-seal.ts';
import { answerShare } from '../../node/questions/answer-share.ts';
import { opensslArithmetic } from '../../server/openssl-arithmetic.ts';
import { keyOf, repeating } from '../settings/paillier-keys.ts';

const secretKey = await keyOf(1);
const { publicKey: key } = secretKey;
const kernel = await openModexpKernel();
const by = { arithmetic: opensslArithmetic(kernel), random: repeating(u32be(10)) };
const encryption = openEncryption(key, by);
const decryption = openDecryption(secretKey, by);
const overflow = (it: unknown): boolean => isCoded(it, 'SLOT_OVERFLOW');

const bytesOf = (name: string): Uint8Array => sha256(utf8(name));
const element = (name: string): bigint => modulo(field64, bytesToInteger(bytesOf(name)));
const ring = [bytesOf('1-2'), bytesOf('2-3'), bytesOf('3-1')] as const;
const maskKeys = [
  { next: ring[0], previous: ring[2] },
  { next: ring[1], previous: ring[0] },
  { next: ring[2], previous: ring[1] },
] as const;
const query = bytesOf('query');

/** Of each server: 5 sums, 15 products and 160 counters, shared so that they are small numbers together. */
function partsOf(question: Question): readonly (readonly bigint[])[] {
  const shared = (name: string, count: number, place: number): bigint[] =>
    Array.from({ length: count }, (_, at) => {
      const others = element(`${name} ${at} 1`) + element(`${name} ${at} 2`);
      return place < 3
        ? element(`${name} ${at} ${place}`)
        : modulo(field64, BigInt(977 * at) - others);
    });
  return maskKeys.map((keys, at) =>
    answerShare({
      coordinates: releasedBy(question),
      shares: {
        sums: shared('sum', 5, at + 1),
        products: shared('product', 15, at + 1),
        counters: shared('counter', 160, at + 1),
      },
      counts: { patients: 60, readings: 3840 },
      server: ([1, 2, 3] as const)[at] ?? 1,
      maskKeys: keys,
      noiseKey: bytesOf(`noise ${at}`),
      query,
      spending: { microRho: 50, pagesPerPatient: 24 },
    }),
  );
}

const questions: readonly Question[] = [
  { kind: 'mean', vital: 0 },
  { kind: 'sd', vital: 1 },
  { kind: 'correlation', vital: 3, other: 1 },
  { kind: 'regression', vital: 1, on: [0, 2, 3, 4] },
  { kind: 'percentile', vital: 0, perMille: 950 },
  { kind: 'histogram', vital: 4 },
];

const product = ([first, ...rest]: readonly Ciphertext[]): Ciphertext => {
  assert.ok(first);
  return addCiphertexts(key, [first, ...rest]);
};

for (const question of questions) {
  test(`one ciphertext holds the answer that three sealed parts hold: ${question.kind}`, async () => {
    const parts = partsOf(question);
    const researcher = await xwingKeyFromSeed(bytesOf('researcher'));
    const opened = await Promise.all(
      parts.map(async (part, at) => {
        const of = { query, context: u32be(at) };
        return openAnswer(researcher, of, await sealAnswer(researcher.publicKey, of, part));
      }),
    );
    const sealed = openShares(opened);
    const one = product(parts.map((part) => encryptPart(encryption, part)));
    const { length } = releasedBy(question);
    assert.deepEqual(openShares([openPartSum(decryption, one, length)]), sealed);
    // Counters are small and their noise is not: some are negative.
    if (question.kind === 'histogram') assert.ok(sealed.some((value) => value < 0n));
  });
}

test('42 elements of any size come through, the largest three times too', () => {
  const any = fc.bigInt({ min: 0n, max: field64.p - 1n });
  const vector = fc.array(any, { minLength: 42, maxLength: 42 });
  const check = (parts: readonly (readonly bigint[])[]): void => {
    const one = product(parts.map((part) => encryptPart(encryption, part)));
    const expected = Array.from({ length: 42 }, (_, at) =>
      modulo(
        field64,
        parts.reduce((sum, part) => sum + (part[at] ?? 0n), 0n),
      ),
    );
    assert.deepEqual(openPartSum(decryption, one, 42), expected);
  };
  fc.assert(
    fc.property(vector, vector, vector, (...parts) => check(parts)),
    { numRuns: 4 },
  );
  const largest = new Array<bigint>(42).fill(field64.p - 1n);
  check([largest, largest, largest]);
  check([largest, new Array<bigint>(42).fill(0n), largest]);
});

test('a part that is no vector of elements, or too long, is not encrypted', () => {
  for (const part of [[field64.p], [-1n], new Array<bigint>(43).fill(0n)])
    assert.throws(() => encryptPart(encryption, part), overflow);
});

test('a sum that three parts cannot be is refused: one too many, one multiplied, one longer, one moved up', () => {
  const largest = new Array<bigint>(5).fill(field64.p - 1n);
  const part = encryptPart(encryption, largest);
  const longer = encryptPart(encryption, [...largest, 1n]);
  const moved = encryption.multiply(part, 2n ** 36n);
  const negative = encryption.multiply(part, key.modulus - 1n);
  for (const parts of [
    [part, part, part, part],
    [part, part, longer],
    [part, moved, part],
    [negative],
  ])
    assert.throws(() => openPartSum(decryption, product(parts), 5), overflow);
  assert.throws(() => openPartSum(decryption, part, 4), overflow);
  for (const length of [0, 43])
    assert.throws(() => openPartSum(decryption, part, length), overflow);
});

test('two of three parts tell nothing: the third’s mask is missing', () => {
  const parts = partsOf({ kind: 'mean', vital: 0 }).map((part) => encryptPart(encryption, part));
  const some = openPartSum(decryption, product(parts.slice(0, 2)), 3);
  for (const value of openShares([some])) assert.ok(value > 2n ** 40n || value < -(2n ** 40n));
});
