import type { OrdinaryClass, RecordClass } from '../../api/classes.ts';
import { isRestricted } from './labels.ts';

export interface ClassFacts {
  /** The author's account is a device. */
  readonly byDevice: boolean;
  readonly mediaType: string;
  /** Undefined when the item is no FHIR resource. */
  readonly resourceType: string | undefined;
  /** Codes of `category`. */
  readonly categories: readonly string[];
  readonly bundleType: string | undefined;
}

type Test = (facts: ClassFacts) => boolean;

const typeIn =
  (...types: readonly string[]): Test =>
  ({ resourceType }) =>
    resourceType !== undefined && types.includes(resourceType);
const typeBegins =
  (prefix: string): Test =>
  ({ resourceType }) =>
    resourceType?.startsWith(prefix) === true;
const categoryIn =
  (resourceType: string, ...codes: readonly string[]): Test =>
  (facts) =>
    facts.resourceType === resourceType && facts.categories.some((code) => codes.includes(code));

/** GE: genetics in HL7 v2-0074; the words: what the genomics guides of HL7 and US Core use. */
const genomics = ['GE', 'genomics', 'genetics'] as const;

/** First match wins; what matches nothing is `other`. Source: docs/protocol/classes.md, rule K-1. */
const decision: readonly (readonly [OrdinaryClass, ...Test[]])[] = [
  ['iot', (facts) => facts.byDevice],
  [
    'genetic',
    typeIn('MolecularSequence'),
    categoryIn('Observation', ...genomics),
    categoryIn('DiagnosticReport', ...genomics),
  ],
  [
    'lab',
    categoryIn('Observation', 'laboratory'),
    categoryIn('DiagnosticReport', 'LAB', 'laboratory'),
    typeIn('Specimen'),
  ],
  ['vital', categoryIn('Observation', 'vital-signs')],
  ['medication', typeBegins('Medication')],
  ['diagnosis', typeIn('Condition', 'ClinicalImpression', 'DetectedIssue')],
  ['image', typeIn('ImagingStudy', 'Media'), (facts) => facts.mediaType === 'application/dicom'],
  [
    'insurance',
    typeBegins('Claim'),
    typeIn('ExplanationOfBenefit', 'Account'),
    typeBegins('Coverage'),
    typeBegins('Payment'),
  ],
  [
    'summary',
    typeIn('Patient', 'AllergyIntolerance', 'Immunization', 'Composition'),
    (facts) => facts.resourceType === 'Bundle' && facts.bundleType === 'document',
    typeIn('CareTeam', 'CarePlan', 'Goal'),
  ],
  [
    'note',
    typeIn('Encounter', 'Procedure', 'DocumentReference', 'Observation'),
    typeBegins('Questionnaire'),
  ],
];

/** The class an item falls in, unless its owner says otherwise. */
export function classOf(facts: ClassFacts): OrdinaryClass {
  for (const [recordClass, ...tests] of decision) {
    if (tests.some((test) => test(facts))) return recordClass;
  }
  return 'other';
}

/**
 * The class that an item is sealed in: `ordinary` is what its owner chose or `classOf` says. What a source marked as
 * restricted is judged before every other line, `--class` included (K-6).
 */
export function sealedClass(ordinary: OrdinaryClass, labels: readonly string[]): RecordClass {
  return isRestricted(labels) ? 'private' : ordinary;
}
