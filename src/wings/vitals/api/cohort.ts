import { CodedError } from '../../../primitives/errors.ts';
import { checked, list, type Of, oneOf, struct, uint } from '../../../primitives/shape.ts';

/**
 * What a question may say of whom it is about: ranges of public attributes, all of which must fit. Source:
 * docs/protocol/vitals-statistics.md, rule VQ-3.
 */

/** In the order in which a cohort names them. */
export const attributeNames = ['sex', 'age-band', 'region', 'arm'] as const;
export type AttributeName = (typeof attributeNames)[number];

/** Sex: 0 unknown, 1 female, 2 male, 3 other. Age band: the decade. Region and arm of a study: numbers that it gives. */
export const attributeLimits: Readonly<Record<AttributeName, number>> = {
  ...{ sex: 3, 'age-band': 12, region: 999, arm: 15 },
};
/** A patient's public attributes. */
export type Attributes = Readonly<Record<AttributeName, number>>;

export const mostTerms = 6;

const term = struct({
  attribute: oneOf(attributeNames, 'COHORT_GRAMMAR'),
  from: uint,
  /** Included. */
  to: uint,
});
export type CohortTerm = Of<typeof term>;
/** Throws COHORT_GRAMMAR and CBOR_SHAPE. */
export const cohort = checked(list(term, { most: mostTerms, tooMany: 'COHORT_GRAMMAR' }), check);
/** All of them fit; the empty one is everybody. */
export type Cohort = readonly CohortTerm[];

function check(terms: Cohort): void {
  let place = -1;
  for (const { attribute, from, to } of terms) {
    const here = attributeNames.indexOf(attribute);
    // Each once and in order: one cohort has one encoding, and nothing can be hidden in a second range.
    const isInOrder = here > place;
    if (!isInOrder || from > to || to > attributeLimits[attribute])
      throw new CodedError('COHORT_GRAMMAR', { attribute });
    place = here;
  }
}

export function isInCohort(terms: Cohort, attributes: Attributes): boolean {
  return terms.every(
    ({ attribute, from, to }) => from <= attributes[attribute] && attributes[attribute] <= to,
  );
}

/** Whether nobody is in both: two groups of a test must not share a patient. */
export function areDisjoint(a: Cohort, b: Cohort): boolean {
  return a.some((one) => {
    const other = b.find(({ attribute }) => attribute === one.attribute);
    return other !== undefined && (one.to < other.from || other.to < one.from);
  });
}
