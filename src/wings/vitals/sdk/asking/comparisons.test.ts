import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isCoded } from '../../../../primitives/errors.ts';
import type { QueryManifest } from '../../api/query-manifest.ts';
import type { Figure } from '../statistics/answer.ts';
import { type Answered, anovaOf, ttestOf } from './answered.ts';
import { comparisonsOf, requireDisjoint } from './comparisons.ts';

const sex = (of: number) => [{ attribute: 'sex' as const, from: of, to: of }];
const value = (it: number): Figure => ({
  ...{ kind: 'value', value: it, raw: it, noise: 0.1 },
  ...{ noiseInterval: [it - 0.2, it + 0.2], interval: [it - 1, it + 1] },
});

/** One answer about a group, asked at `issuedMs`. */
const answer = (
  issuedMs: number,
  change: Partial<QueryManifest>,
  figures: Answered['figures'] = { mean: value(70 + issuedMs), variance: value(25) },
): Answered =>
  ({
    ...{ query: `${issuedMs}`, patients: 40, readings: 900, figures, tx: '', seals: [] },
    manifest: {
      ...{ permit: 'p', question: { kind: 'variance', vital: 0 }, microRho: 100 },
      ...{ fromHour: 1, untilHour: 9, issuedMs, cohort: [] },
      ...change,
    },
  }) as unknown as Answered;

const women = answer(1, { cohort: sex(1) });
const men = answer(2, { cohort: sex(2) });
const others = answer(3, { cohort: sex(3) });
const mean = { question: { kind: 'mean', vital: 0 } } as const;
const namesOf = (answers: readonly Answered[]) =>
  comparisonsOf(answers).map(({ groups }) => groups.map(({ query }) => query).join());

test('two groups that were asked one after the other are a t-test, three an ANOVA, in any order of the list', () => {
  const [two] = comparisonsOf([men, women]);
  assert.deepEqual(two?.groups, [women, men]);
  assert.deepEqual(two?.test, { ...ttestOf(women, men), kind: 'ttest' });
  const [three] = comparisonsOf([others, men, women]);
  assert.deepEqual(three?.test, { ...anovaOf([women, men, others]), kind: 'anova' });
});

const runs: readonly (readonly [string, readonly Answered[], readonly string[]])[] = [
  ['one group', [women], []],
  ['another kind between them', [women, men, answer(1.5, { ...mean, cohort: sex(2) })], ['1,2']],
  ['a group of everybody', [women, answer(2, {})], []],
  ['the same groups again', [women, men, answer(4, { cohort: sex(1) })], ['1,2']],
  [
    'the same two groups twice',
    [women, men, answer(4, { cohort: sex(1) }), answer(5, { cohort: sex(2) })],
    ['1,2', '4,5'],
  ],
  ['of other hours', [women, answer(2, { cohort: sex(2), fromHour: 2 })], []],
  ['under another permit', [women, answer(2, { cohort: sex(2), permit: 'q' })], []],
  ['for more', [women, answer(2, { cohort: sex(2), microRho: 101 })], []],
  [
    'of another vital sign',
    [women, answer(2, { cohort: sex(2), question: { kind: 'variance', vital: 1 } })],
    [],
  ],
];
for (const [what, answers, expected] of runs) {
  test(`compared: ${what}`, () => {
    assert.deepEqual(namesOf(answers), expected);
  });
}

test('a group of which too little could be told leaves the comparison without a test', () => {
  const told = { mean: value(70), variance: { kind: 'too few to tell' } } as const;
  const few = answer(2, { cohort: sex(2) }, told);
  assert.equal(comparisonsOf([women, few])[0]?.test, undefined);
});

test('groups that may share somebody are refused before anything is asked: GROUPS_OVERLAP', () => {
  requireDisjoint([sex(1), sex(2), sex(3)]);
  const decade = [{ attribute: 'age-band' as const, from: 4, to: 4 }];
  for (const groups of [
    [sex(1), decade],
    [sex(1), sex(2), sex(1)],
    [[], sex(1)],
  ]) {
    assert.throws(
      () => requireDisjoint(groups),
      (error) => isCoded(error, 'GROUPS_OVERLAP'),
    );
  }
});
