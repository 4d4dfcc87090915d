import { CodedError } from '../../../../primitives/errors.ts';
import { areDisjoint, type Cohort } from '../../api/cohort.ts';
import type { AnalysisOfVariance, WelchTest } from '../statistics/group-tests.ts';
import { type Answered, anovaOf, ttestOf } from './answered.ts';

/** Groups that were asked one after the other, and what tells them apart. Source: vitals-statistics.md, rule VQ-43. */
export interface Comparison {
  /** In the order in which they were asked; two or more. */
  readonly groups: readonly Answered[];
  /** Undefined: too few to tell. */
  readonly test:
    | (WelchTest & { readonly kind: 'ttest' })
    | (AnalysisOfVariance & { readonly kind: 'anova' })
    | undefined;
}

/** Throws GROUPS_OVERLAP: two of them may share a patient. */
export function requireDisjoint(groups: readonly Cohort[]): void {
  const overlap = groups.some((one, at) =>
    groups.slice(at + 1).some((other) => !areDisjoint(one, other)),
  );
  if (overlap) throw new CodedError('GROUPS_OVERLAP');
}

/** Oldest first. Rule VQ-43. */
export function comparisonsOf(answers: readonly Answered[]): readonly Comparison[] {
  const runs: Answered[][] = [];
  const variances = answers
    .filter(({ manifest }) => manifest.question.kind === 'variance')
    .toSorted((a, b) => a.manifest.issuedMs - b.manifest.issuedMs);
  for (const answer of variances) {
    const run = runs.at(-1);
    if (run?.every((it) => areOneComparison(it, answer))) run.push(answer);
    else runs.push([answer]);
  }
  return runs.filter((run) => run.length > 1).map((groups) => ({ groups, test: testOf(groups) }));
}

function areOneComparison({ manifest: a }: Answered, { manifest: b }: Answered): boolean {
  const terms = ({ question, permit, fromHour, untilHour, microRho }: typeof a) =>
    JSON.stringify([question, permit, fromHour, untilHour, microRho]);
  return terms(a) === terms(b) && areDisjoint(a.cohort, b.cohort);
}

function testOf(groups: readonly Answered[]): Comparison['test'] {
  const [one, two, more] = groups;
  if (one === undefined || two === undefined) return undefined;
  if (more === undefined) {
    const test = ttestOf(one, two);
    return test && { ...test, kind: 'ttest' };
  }
  const test = anovaOf(groups);
  return test && { ...test, kind: 'anova' };
}
