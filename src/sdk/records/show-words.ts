import type { HeadlineMark } from './headline/headline.ts';

/** Plain words for what records call their parts; what is not listed is spelled from its own name. */

const resourceWords: Readonly<Record<string, string>> = {
  AllergyIntolerance: 'Allergy or intolerance',
  CarePlan: 'Care plan',
  CareTeam: 'Care team',
  Claim: 'Bill to the insurance',
  Composition: 'Document',
  Condition: 'Diagnosis or problem',
  Coverage: 'Insurance',
  DiagnosticReport: 'Report of results',
  DocumentReference: 'Document',
  Encounter: 'Visit',
  ExplanationOfBenefit: 'What the insurance paid',
  Goal: 'Goal',
  ImagingStudy: 'Images',
  Immunization: 'Vaccination',
  MedicationAdministration: 'Medicine that was given',
  MedicationDispense: 'Medicine that was handed out',
  MedicationRequest: 'Prescription',
  MedicationStatement: 'Medicine that is taken',
  Observation: 'Measurement or finding',
  Organization: 'Organisation',
  Patient: 'About the person',
  Practitioner: 'Health professional',
  Procedure: 'Treatment',
  QuestionnaireResponse: 'Answers to questions',
  ServiceRequest: 'Order',
};

/** A page in another language has its own words for these. */
export const fieldWords: Readonly<Record<string, string>> = {
  abatement: 'Ended',
  authoredOn: 'Written',
  birthDate: 'Born',
  category: 'Kind',
  clinicalStatus: 'Is it active?',
  code: 'What',
  component: 'Parts',
  criticality: 'How dangerous',
  deceased: 'Died',
  dosageInstruction: 'How to take it',
  effective: 'When',
  encounter: 'Visit',
  interpretation: 'Judgement',
  issued: 'Published',
  maritalStatus: 'Married?',
  medication: 'Medicine',
  multipleBirth: 'Twin or more',
  name: 'Name',
  note: 'Notes',
  occurrence: 'When',
  onset: 'Began',
  performed: 'When',
  performer: 'Done by',
  period: 'When',
  reaction: 'What happens',
  reasonCode: 'Why',
  recordedDate: 'Written down',
  recorder: 'Written down by',
  referenceRange: 'Usual range',
  requester: 'Ordered by',
  result: 'Results',
  subject: 'About',
  telecom: 'Phone and e-mail',
  vaccineCode: 'Vaccine',
  value: 'Result',
  verificationStatus: 'How sure',
};

/** What a reader looks for: when it is missing, the page says so. A name stands for all its choices. */
const expectedFields: Readonly<Record<string, readonly string[]>> = {
  AllergyIntolerance: ['code', 'clinicalStatus', 'criticality', 'reaction'],
  Condition: ['code', 'clinicalStatus', 'onset'],
  DiagnosticReport: ['code', 'effective', 'result'],
  Encounter: ['type', 'period', 'reasonCode'],
  Immunization: ['vaccineCode', 'occurrence'],
  MedicationRequest: ['medication', 'dosageInstruction', 'authoredOn'],
  MedicationStatement: ['medication', 'dosage', 'effective'],
  Observation: ['code', 'value', 'effective'],
  Patient: ['name', 'birthDate', 'gender', 'telecom', 'address'],
  Procedure: ['code', 'performed'],
};

/** Nobody can say when or with what result something was that did not happen. */
const done = new Set(['effective', 'occurrence', 'performed', 'result', 'value']);

/** Fields that may hold one of several types have the type in their name: `valueQuantity`. */
const choices = [
  'abatement',
  'deceased',
  'effective',
  'medication',
  'multipleBirth',
  'occurrence',
  'onset',
  'performed',
  'value',
] as const;

/** A patient’s words for a type of resource; a type without them is spelled out. */
export function wordsOfResource(resourceType: string): string {
  return resourceWords[resourceType] ?? spelled(resourceType);
}

/** `valueQuantity` is `value`; other names are themselves. */
export function choiceOf(field: string): string {
  return choices.find((choice) => choiceMatches(field, choice)) ?? field;
}

function choiceMatches(field: string, choice: string): boolean {
  return field.startsWith(choice) && /^[A-Z]/.test(field.slice(choice.length));
}

/** A patient’s words for a field; a field without them is spelled out. */
export function wordsOfField(field: string): string {
  const name = choiceOf(field);
  return (Object.hasOwn(fieldWords, name) ? fieldWords[name] : undefined) ?? spelled(name);
}

/** Expected names that the resource has in no form. A result may stand in parts or members instead. */
export function missingFields(
  resourceType: string,
  fields: readonly string[],
  marks: readonly HeadlineMark[] = [],
): readonly string[] {
  // FHIR forbids a clinical status there, and what was an error is not asked for its details.
  if (marks.includes('entered-in-error')) return [];
  const expected = Object.hasOwn(expectedFields, resourceType) ? expectedFields[resourceType] : [];
  const present = new Set(fields.map(choiceOf));
  const hasParts =
    present.has('component') || present.has('hasMember') || present.has('dataAbsentReason');
  const isOpen = (name: string): boolean =>
    !present.has(name) &&
    !(name === 'value' && hasParts) &&
    !(marks.includes('not-done') && done.has(name));
  return (expected ?? []).filter(isOpen);
}

/** `dosageInstruction` becomes `Dosage instruction`. */
function spelled(name: string): string {
  const words = name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export interface Coding {
  readonly system: string | undefined;
  readonly code: string | undefined;
}

/** SNOMED CT: no known allergy, drug, environmental and food allergy, no current problems. */
const noneKnownCodes = new Set(['716186003', '409137002', '428607008', '429625007', '160245001']);
/** The code systems whose only purpose is to say why something is missing. */
const absenceSystem = /data-absent-reason|absent-unknown|list-empty-reason|NullFlavor/i;

/**
 * Whether codes say "there is none" or "nobody wrote it down": two things never to be mixed up. A reason
 * that says neither for certain counts as the second.
 */
export function absenceOf(codings: readonly Coding[]): Absence | undefined {
  let found: Absence | undefined;
  for (const { system, code } of codings) {
    if (code === undefined) continue;
    if (noneKnownCodes.has(code)) return 'none known';
    if (system === undefined || !absenceSystem.test(system)) continue;
    if (code === 'nilknown' || code.startsWith('no-known-')) return 'none known';
    found = 'not recorded';
  }
  return found;
}

export type Absence = 'none known' | 'not recorded';
