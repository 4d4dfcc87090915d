import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { accountOf, bytesOf, t0 } from '../../../../test/world.ts';
import type { Code } from '../../../codes/index.ts';
import { decodeCbor, encodeCbor } from '../../../primitives/cbor.ts';
import { CodedError, isCoded } from '../../../primitives/errors.ts';
import { areDisjoint, isInCohort } from './cohort.ts';
import {
  encodeManifest,
  type QueryManifest,
  queryIdOf,
  readManifest,
  requireInTime,
} from './query-manifest.ts';
import { type Question, releasedBy, requireInPanel } from './question.ts';

const hexOf = (name: string, length: number) =>
  Buffer.from(bytesOf(name).slice(0, length)).toString('hex');
const manifest: QueryManifest = {
  ...{ chainId: 'salus-test-1', researcher: accountOf('rosa'), permit: hexOf('permit', 16) },
  ...{ dataset: hexOf('dataset', 16), purpose: 'research', asOfBatch: 3 },
  question: { kind: 'correlation', vital: 0, other: 1 },
  cohort: [
    { attribute: 'sex', from: 1, to: 1 },
    { attribute: 'age-band', from: 4, to: 6 },
  ],
  ...{ fromHour: 499_000, untilHour: 500_000, microRho: 50_000 },
  ...{ issuedMs: t0, expiresMs: t0 + 3_600_000, nonce: bytesOf('nonce').slice(0, 16) },
};
const questions: readonly Question[] = [
  { kind: 'mean', vital: 0 },
  { kind: 'variance', vital: 4 },
  { kind: 'sd', vital: 2 },
  { kind: 'covariance', vital: 1, other: 0 },
  { kind: 'correlation', vital: 0, other: 3 },
  { kind: 'regression', vital: 1, on: [0, 2, 4, 3] },
  { kind: 'percentile', vital: 0, perMille: 950 },
  { kind: 'prevalence', vital: 0, side: 'from', edge: 30 },
  { kind: 'histogram', vital: 0 },
];

test('a manifest is read as it was written, and one byte more is another query', () => {
  for (const question of questions) {
    const written = encodeManifest({ ...manifest, question });
    assert.deepEqual(readManifest(written), { ...manifest, question });
    assert.deepEqual(encodeManifest(readManifest(written)), written);
  }
  const other = { ...manifest, nonce: bytesOf('other').slice(0, 16) };
  assert.notEqual(queryIdOf(encodeManifest(manifest)), queryIdOf(encodeManifest(other)));
});

const refusedWith = (code: Code) => (error: unknown) => isCoded(error, code);
const wrong: readonly (readonly [string, Partial<QueryManifest>, Code])[] = [
  ['without noise', { microRho: 0 }, 'EXACT_REFUSED'],
  ['of no hour', { untilHour: 499_000 }, 'MANIFEST_MALFORMED'],
  ['that ends before it begins', { expiresMs: t0 }, 'MANIFEST_MALFORMED'],
  ['good for more than a day', { expiresMs: t0 + 86_400_001 }, 'MANIFEST_MALFORMED'],
  [
    'of one vital sign with itself',
    { question: { kind: 'covariance', vital: 1, other: 1 } },
    'QUESTION_IMPOSSIBLE',
  ],
  [
    'of an outcome on itself',
    { question: { kind: 'regression', vital: 1, on: [0, 1] } },
    'QUESTION_IMPOSSIBLE',
  ],
  [
    'of the percentile of nothing',
    { question: { kind: 'percentile', vital: 1, perMille: 0 } },
    'QUESTION_IMPOSSIBLE',
  ],
  [
    'of an edge that is none',
    { question: { kind: 'prevalence', vital: 1, side: 'from', edge: 31 } },
    'MANIFEST_MALFORMED',
  ],
  ['of a sixth vital sign', { question: { kind: 'mean', vital: 5 } }, 'MANIFEST_MALFORMED'],
  ['of another kind', { question: { kind: 'mode', vital: 1 } as never }, 'MANIFEST_MALFORMED'],
  ['of a name', { cohort: [{ attribute: 'name' as never, from: 1, to: 1 }] }, 'COHORT_GRAMMAR'],
  [
    'of ranges turned round',
    { cohort: [{ attribute: 'region', from: 2, to: 1 }] },
    'COHORT_GRAMMAR',
  ],
  [
    'of a region that is none',
    { cohort: [{ attribute: 'region', from: 2, to: 1_000 }] },
    'COHORT_GRAMMAR',
  ],
  [
    'of one attribute twice',
    { cohort: [1, 1].map((sex) => ({ attribute: 'sex', from: sex, to: sex })) },
    'COHORT_GRAMMAR',
  ],
  [
    'of attributes out of order',
    {
      cohort: [
        { attribute: 'arm', from: 1, to: 1 },
        { attribute: 'sex', from: 1, to: 1 },
      ],
    },
    'COHORT_GRAMMAR',
  ],
  [
    'of seven terms',
    { cohort: Array.from({ length: 7 }, () => ({ attribute: 'sex' as const, from: 1, to: 1 })) },
    'COHORT_GRAMMAR',
  ],
];
for (const [name, change, code] of wrong) {
  test(`a manifest ${name}: ${code}`, () => {
    const written = (() => {
      try {
        return encodeManifest({ ...manifest, ...change });
      } catch (error) {
        // A kind that there is not cannot even be written: put it there by hand.
        if (!isCoded(error, 'INTERNAL')) throw error;
        const fields = decodeCbor(encodeManifest(manifest)) as unknown[];
        fields[8] = ['mode', 1];
        return encodeCbor(fields as never);
      }
    })();
    assert.throws(() => readManifest(written), refusedWith(code));
  });
}

test('bytes that are no manifest: MANIFEST_MALFORMED, and never another error', () => {
  const written = encodeManifest(manifest);
  const flips = fc.record({ at: fc.nat(written.length - 1), to: fc.nat(255) });
  fc.assert(
    fc.property(fc.array(flips, { minLength: 1, maxLength: 3 }), (changes) => {
      const bytes = written.slice();
      for (const { at, to } of changes) bytes[at] = to;
      try {
        assert.deepEqual(encodeManifest(readManifest(bytes)), bytes);
      } catch (error) {
        assert.ok(error instanceof CodedError, String(error));
        const codes = [
          'MANIFEST_MALFORMED',
          'COHORT_GRAMMAR',
          'QUESTION_IMPOSSIBLE',
          'EXACT_REFUSED',
        ];
        assert.ok(codes.includes(error.code), error.code);
      }
    }),
    { numRuns: 300 },
  );
  assert.throws(() => readManifest(new Uint8Array(0)), refusedWith('MANIFEST_MALFORMED'));
});

for (const [nowMs, isRefused] of [
  [t0 - 60_001, true],
  [t0 - 60_000, false],
  [t0 + 3_599_999, false],
  [t0 + 3_600_000, true],
] as const) {
  test(`a question ${nowMs - t0} ms after it was written: ${isRefused ? 'QUERY_EXPIRED' : 'in time'}`, () => {
    const ask = () => requireInTime(manifest, nowMs);
    if (isRefused) assert.throws(ask, refusedWith('QUERY_EXPIRED'));
    else ask();
  });
}

test('a question about what the panel does not measure: QUESTION_IMPOSSIBLE', () => {
  requireInPanel({ kind: 'mean', vital: 1 }, 2);
  const ask = () => requireInPanel({ kind: 'correlation', vital: 1, other: 2 }, 2);
  assert.throws(ask, refusedWith('QUESTION_IMPOSSIBLE'));
});

test('a question releases what it needs and no more', () => {
  const lengths = questions.map((question) => releasedBy(question).length);
  assert.deepEqual(lengths, [3, 4, 4, 7, 7, 22, 33, 33, 33]);
});

test('who is in a cohort fits all its terms, both ends included; the empty one is everybody', () => {
  const ana = { sex: 1, 'age-band': 4, region: 7, arm: 0 };
  assert.ok(isInCohort([], ana));
  assert.ok(isInCohort(manifest.cohort, ana));
  assert.ok(isInCohort(manifest.cohort, { ...ana, 'age-band': 6 }));
  assert.ok(!isInCohort(manifest.cohort, { ...ana, 'age-band': 7 }));
  assert.ok(!isInCohort(manifest.cohort, { ...ana, sex: 2 }));
});

test('two cohorts share nobody where one attribute lies apart', () => {
  const arm = (from: number, to: number) => [{ attribute: 'arm', from, to } as const];
  assert.ok(areDisjoint(arm(0, 0), arm(1, 2)));
  assert.ok(!areDisjoint(arm(0, 1), arm(1, 2)));
  assert.ok(!areDisjoint(arm(0, 0), [{ attribute: 'sex', from: 1, to: 1 }]));
  assert.ok(!areDisjoint([], arm(1, 1)));
});
