import assert from 'node:assert/strict';
import test from 'node:test';
import { classOf } from './class-of.ts';
import { resourceTypes } from './resource-types.ts';

const plain = {
  byDevice: false,
  mediaType: 'application/fhir+json',
  resourceType: undefined,
  categories: [],
  bundleType: undefined,
};

for (const [resourceType, categories, expected] of [
  ['MolecularSequence', [], 'genetic'],
  ['Observation', ['GE'], 'genetic'],
  ['Observation', ['laboratory', 'GE'], 'genetic'],
  ['DiagnosticReport', ['LAB', 'GE'], 'genetic'],
  ['DiagnosticReport', ['genomics'], 'genetic'],
  ['Observation', ['laboratory'], 'lab'],
  ['Observation', ['vital-signs', 'laboratory'], 'lab'],
  ['DiagnosticReport', ['LAB'], 'lab'],
  ['DiagnosticReport', ['RAD'], 'other'],
  ['DiagnosticReport', [], 'other'],
  ['Specimen', [], 'lab'],
  ['Observation', ['vital-signs'], 'vital'],
  ['Observation', ['survey'], 'note'],
  ['Observation', [], 'note'],
  ['Medication', [], 'medication'],
  ['MedicationRequest', [], 'medication'],
  ['MedicationKnowledge', [], 'medication'],
  ['MedicinalProduct', [], 'other'],
  ['Condition', ['laboratory'], 'diagnosis'],
  ['ClinicalImpression', [], 'diagnosis'],
  ['DetectedIssue', [], 'diagnosis'],
  ['ImagingStudy', [], 'image'],
  ['Media', [], 'image'],
  ['Claim', [], 'insurance'],
  ['ClaimResponse', [], 'insurance'],
  ['ExplanationOfBenefit', [], 'insurance'],
  ['CoverageEligibilityRequest', [], 'insurance'],
  ['Account', [], 'insurance'],
  ['PaymentNotice', [], 'insurance'],
  ['Patient', [], 'summary'],
  ['AllergyIntolerance', [], 'summary'],
  ['Immunization', [], 'summary'],
  ['ImmunizationRecommendation', [], 'other'],
  ['Composition', [], 'summary'],
  ['CareTeam', [], 'summary'],
  ['CarePlan', [], 'summary'],
  ['Goal', [], 'summary'],
  ['Encounter', [], 'note'],
  ['Procedure', [], 'note'],
  ['DocumentReference', [], 'note'],
  ['QuestionnaireResponse', [], 'note'],
  ['Organization', [], 'other'],
  ['Bundle', [], 'other'],
] as const) {
  test(`${resourceType} [${categories.join(', ')}] is ${expected}`, () => {
    assert.ok(resourceTypes.has(resourceType));
    assert.equal(classOf({ ...plain, resourceType, categories }), expected);
  });
}

test('what a device signed is iot, whatever it is', () => {
  for (const resourceType of resourceTypes) {
    assert.equal(classOf({ ...plain, byDevice: true, resourceType, categories: ['GE'] }), 'iot');
  }
});

test('a document bundle is a summary, DICOM an image, any other file is other', () => {
  assert.equal(classOf({ ...plain, resourceType: 'Bundle', bundleType: 'document' }), 'summary');
  assert.equal(classOf({ ...plain, mediaType: 'application/dicom' }), 'image');
  assert.equal(classOf({ ...plain, mediaType: 'application/pdf' }), 'other');
});

test('FHIR R4 has 146 types that can be instantiated', () => assert.equal(resourceTypes.size, 146));
