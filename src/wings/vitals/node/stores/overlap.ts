import { equalBytes } from '../../../../primitives/bytes.ts';
import { CodedError } from '../../../../primitives/errors.ts';
import { type PageSet, patientsApart, patientsIn } from './page-selection.ts';

/**
 * Whether the difference of two answers would be about fewer patients than a cohort may have: a question is refused
 * when it is so with any earlier one of the same researcher on the dataset. The same pages again are allowed.
 * Source: docs/protocol/vitals-statistics.md, rule VQ-8.
 */
export function overlaps(before: PageSet, now: PageSet, kMin: number): boolean {
  // Sizes that far apart differ by as many patients at least.
  if (Math.abs(patientsIn(before) - patientsIn(now)) >= kMin || equalBytes(before, now))
    return false;
  return patientsApart(before, now) < kMin;
}

/** Throws COHORT_OVERLAP. */
export function requireNoOverlap(before: PageSet, now: PageSet, kMin: number): void {
  if (overlaps(before, now, kMin)) throw new CodedError('COHORT_OVERLAP');
}
