import { CodedError } from '../../../primitives/errors.ts';
import type { PatientPages } from './page-selection.ts';

/** Of how many patients two questions count other pages. */
export function patientsApart(a: PatientPages, b: PatientPages): number {
  const changed = [...a].filter(([patient, pages]) => b.get(patient) !== pages).length;
  const added = [...b.keys()].filter((patient) => !a.has(patient)).length;
  return changed + added;
}

/**
 * Whether the difference of two answers would be about fewer patients than a cohort may have: a question is refused
 * when it is so with any earlier one of the same researcher on the dataset. The same pages again are allowed.
 * Source: docs/protocol/vitals-statistics.md, rule VQ-8.
 */
export function overlaps(
  earlier: Iterable<PatientPages>,
  now: PatientPages,
  kMin: number,
): boolean {
  for (const before of earlier) {
    // Sizes that far apart differ by as many patients at least.
    if (Math.abs(before.size - now.size) >= kMin) continue;
    const apart = patientsApart(before, now);
    if (apart > 0 && apart < kMin) return true;
  }
  return false;
}

/** Throws COHORT_OVERLAP. */
export function requireNoOverlap(
  earlier: Iterable<PatientPages>,
  now: PatientPages,
  kMin: number,
): void {
  if (overlaps(earlier, now, kMin)) throw new CodedError('COHORT_OVERLAP');
}
