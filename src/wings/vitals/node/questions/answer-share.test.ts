import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sha256 } from '../../../../crypto/hash.ts';
import { utf8 } from '../../../../primitives/bytes.ts';
import { isCoded } from '../../../../primitives/errors.ts';
import { type Question, releasedBy } from '../../api/question.ts';
import { field64, modulo } from '../../crypto/field.ts';
import { noiseOf, openShares, zeroMask } from '../../crypto/statistics/answer-masks.ts';
import { noiseVariances } from '../../crypto/statistics/privacy.ts';
import { answerShare, centredShare, productPlace } from './answer-share.ts';

const keyOf = (name: string): Uint8Array => sha256(utf8(name));
const query = keyOf('query');
/** Of the masks, by the place of a server in the ring. */
const ring = [keyOf('1-2'), keyOf('2-3'), keyOf('3-1')] as const;
const maskKeys = [
  { next: ring[0], previous: ring[2] },
  { next: ring[1], previous: ring[0] },
  { next: ring[2], previous: ring[1] },
] as const;
const places = [1, 2, 3] as const;

/** Rows of codes as three shares of their sums, products and counters. */
function shared(rows: readonly (readonly number[])[]) {
  const sums = Array.from({ length: 5 }, (_, u) => rows.reduce((s, row) => s + (row[u] ?? 0), 0));
  const products: number[] = [];
  for (let a = 0; a < 5; a++) {
    for (let b = a; b < 5; b++) {
      assert.equal(products.length, productPlace(a, b));
      products.push(rows.reduce((s, row) => s + (row[a] ?? 0) * (row[b] ?? 0), 0));
    }
  }
  const split = (values: readonly number[], name: string) => {
    const two = [0, 1].map((part) =>
      values.map((_, at) =>
        BigInt(`0x${Buffer.from(keyOf(`${name} ${part} ${at}`)).toString('hex')}`),
      ),
    );
    const rest = values.map((it, at) =>
      modulo(field64, BigInt(it) - (two[0]?.[at] ?? 0n) - (two[1]?.[at] ?? 0n)),
    );
    return [...two.map((part) => part.map((value) => modulo(field64, value))), rest];
  };
  const [s, p] = [split(sums, 'sums'), split(products, 'products')];
  return places.map((place) => ({ sums: s[place - 1] ?? [], products: p[place - 1] ?? [] }));
}

const rows = Array.from({ length: 300 }, (_, i) => [
  100 + (i % 50),
  90 + (i % 70),
  0,
  255,
  i % 256,
]);
const counts = { patients: 30, readings: rows.length };
const question: Question = { kind: 'regression', vital: 1, on: [0, 4] };
const coordinates = releasedBy(question);

function exact(): readonly bigint[] {
  const y = (row: readonly number[], u: number) => (row[u] ?? 0) - 128;
  return coordinates.map((it) => {
    if (it.kind === 'patients') return BigInt(counts.patients);
    if (it.kind === 'readings') return BigInt(counts.readings);
    if (it.kind === 'sum') return BigInt(rows.reduce((s, row) => s + y(row, it.vital), 0));
    if (it.kind === 'product')
      return BigInt(rows.reduce((s, row) => s + y(row, it.a) * y(row, it.b), 0));
    return assert.fail();
  });
}

test('centring on shares is centring of what they share', () => {
  const shares = shared(rows).map((own, i) =>
    centredShare(coordinates, own, counts, places[i] ?? 1),
  );
  assert.deepEqual(openShares(shares), exact());
});

test('three masks add up to zero, and each looks like nothing', () => {
  const masks = maskKeys.map((keys) => zeroMask(keys, query, 40));
  assert.deepEqual(
    openShares(masks),
    Array.from({ length: 40 }, () => 0n),
  );
  for (const mask of masks) assert.equal(new Set(mask).size, 40);
  const others = maskKeys.map((keys) => zeroMask(keys, keyOf('another query'), 40));
  assert.ok(others[0]?.every((value, at) => value !== masks[0]?.[at]));
});

const spending = { pagesPerPatient: 1, microRho: 400_000 };
const answers = (noise: string, of = query) =>
  shared(rows).map((own, i) =>
    answerShare({
      ...{ coordinates, shares: own, counts, spending, query: of },
      ...{ server: places[i] ?? 1, maskKeys: maskKeys[i] ?? maskKeys[0] },
      noiseKey: keyOf(`${noise} ${i}`),
    }),
  );

test('three parts open to the exact numbers and the noise of all three', () => {
  const variances = noiseVariances(coordinates, spending);
  const noises = places.map((_, i) => noiseOf(keyOf(`noise ${i}`), query, variances));
  const expected = exact().map((value, at) =>
    noises.reduce((sum, noise) => sum + (noise[at] ?? 0n), value),
  );
  assert.deepEqual(openShares(answers('noise')), expected);
});

test('a retry gives the same bytes, so that averaging gives nothing (pitfall 4)', () => {
  assert.deepEqual(answers('noise'), answers('noise'));
  assert.notDeepEqual(openShares(answers('noise')), openShares(answers('other noise')));
  assert.notDeepEqual(openShares(answers('noise')), openShares(answers('noise', keyOf('next'))));
});

test('one part of three tells nothing: it is spread over the whole field', () => {
  const [first = []] = answers('noise');
  for (const value of first) assert.ok(value >= 0n && value < field64.p);
  assert.ok(first.filter((value) => value > field64.p >> 8n).length > first.length - 2);
});

test('pages that one server lacks make an answer of garbage, not a wrong one: queries pin their batch (pitfall 1)', () => {
  const [one = [], two = []] = shared(rows).map((own, i) =>
    centredShare(coordinates, own, counts, places[i] ?? 1),
  );
  const fewer = shared(rows.slice(1))[2];
  assert.ok(fewer !== undefined);
  // Other pages are shared with other seeds.
  const moved = {
    sums: fewer.sums.map((it) => modulo(field64, it * 3n + 1n)),
    products: fewer.products,
  };
  const opened = openShares([one, two, centredShare(coordinates, moved, counts, 3)]);
  assert.ok(opened.some((value) => value > 1n << 40n || value < -(1n << 40n)));
});

test('parts of different lengths are no answer: BODY_LENGTH', () => {
  assert.throws(
    () => openShares([[1n], [1n, 2n], [1n]]),
    (error) => isCoded(error, 'BODY_LENGTH'),
  );
});
