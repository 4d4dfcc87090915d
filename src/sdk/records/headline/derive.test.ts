import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import test from 'node:test';
import fc from 'fast-check';
import { anyCharacter } from '../../../../test/any-character.ts';
import { utf8 } from '../../../primitives/bytes.ts';
import { cutFile } from '../fhir-file.ts';
import { deriveHeadline, type HeadlineSource } from './derive.ts';
import { type Headline, spokenName } from './headline.ts';

const mediaType = 'application/fhir+json';
const derive = (resource: object | string, more: Partial<HeadlineSource> = {}) =>
  deriveHeadline({
    bytes: utf8(typeof resource === 'string' ? resource : JSON.stringify(resource)),
    mediaType,
    ...more,
  });
const text = (words: string) => ({ text: words });
const coded = (code: string, system = 'http://x.example/codes', display?: string) => ({
  coding: [{ system, code, ...(display !== undefined && { display }) }],
});

const laboratory = {
  resourceType: 'Observation',
  status: 'final',
  code: {
    coding: [
      { system: 'urn:oid:1.2.3', code: 'HB', display: 'Haemoglobin' },
      { system: 'http://loinc.org', code: '718-7' },
    ],
  },
  effectiveDateTime: '2011-08-08T10:00:00+02:00',
};

test('a laboratory result is its name, LOINC code, date, value, unit and flag in one line', () => {
  const result = `{"resourceType":"Observation","status":"final",
    "code":${JSON.stringify(laboratory.code)},"effectiveDateTime":"2011-08-08T10:00:00+02:00",
    "valueQuantity":{"value":13.350,"unit":"g/dL"},
    "interpretation":[{"coding":[{"code":"L"}]}]}`;
  assert.deepEqual(derive(result), {
    type: 'Observation',
    code: 'loinc|718-7',
    name: 'Haemoglobin',
    clinicalDate: '2011-08-08T10:00:00+02:00',
    value: '13.350',
    unit: 'g/dL',
    flag: 'L',
    marks: [],
    nameIsFromOutside: false,
  });
});

for (const [spoken, mark, resource] of [
  [
    'Influenza, seasonal: NOT given',
    'not-done',
    {
      resourceType: 'Immunization',
      status: 'not-done',
      vaccineCode: text('Influenza, seasonal'),
    },
  ],
  [
    'Ibuprofen 400 MG: do NOT give',
    'do-not-perform',
    {
      resourceType: 'MedicationRequest',
      status: 'active',
      doNotPerform: true,
      medicationCodeableConcept: text('Ibuprofen 400 MG'),
    },
  ],
  [
    'Type 1 diabetes mellitus: entered in error',
    'entered-in-error',
    {
      resourceType: 'Condition',
      verificationStatus: coded('entered-in-error'),
      code: text('Type 1 diabetes mellitus'),
    },
  ],
  [
    'Epilepsy: refuted',
    'refuted',
    { resourceType: 'Condition', verificationStatus: coded('refuted'), code: text('Epilepsy') },
  ],
  [
    'Penicillin: entered in error',
    'entered-in-error',
    {
      resourceType: 'AllergyIntolerance',
      verificationStatus: coded('entered-in-error'),
      code: text('Penicillin'),
    },
  ],
  [
    'Colonoscopy: NOT done',
    'not-done',
    { resourceType: 'Procedure', status: 'not-done', code: text('Colonoscopy') },
  ],
  [
    'Warfarin: NOT taken',
    'not-taken',
    {
      resourceType: 'MedicationStatement',
      status: 'not-taken',
      medicationCodeableConcept: text('Warfarin'),
    },
  ],
  [
    'Troponin: entered in error',
    'entered-in-error',
    { resourceType: 'Observation', status: 'entered-in-error', code: text('Troponin') },
  ],
  [
    'MRSA found: read with care',
    'modified',
    {
      resourceType: 'Observation',
      status: 'final',
      modifierExtension: [{ url: 'http://example.org/isNegated', valueBoolean: true }],
      code: text('MRSA found'),
      valueBoolean: true,
    },
  ],
  [
    'Fever: read with care',
    'modified',
    { resourceType: 'Observation', implicitRules: 'http://example.org/rules', code: text('Fever') },
  ],
  [
    'Aspirin: read with care',
    'modified',
    {
      resourceType: 'MedicationRequest',
      medicationCodeableConcept: text('Aspirin'),
      dosageInstruction: [{ modifierExtension: [{ url: 'http://example.org/x' }] }],
    },
  ],
  [
    'Potassium: no result',
    'absent',
    {
      resourceType: 'Observation',
      code: text('Potassium'),
      dataAbsentReason: coded('not-performed'),
    },
  ],
  // DSTU2 and STU3 spelled the same in other fields.
  [
    'Measles: NOT given',
    'not-done',
    { resourceType: 'Immunization', wasNotGiven: true, vaccineCode: text('Measles') },
  ],
  [
    'Mumps: NOT given',
    'not-done',
    { resourceType: 'Immunization', notGiven: true, vaccineCode: text('Mumps') },
  ],
  [
    'Digoxin: NOT taken',
    'not-taken',
    {
      resourceType: 'MedicationStatement',
      wasNotTaken: true,
      medicationCodeableConcept: text('Digoxin'),
    },
  ],
  [
    'Latex: refuted',
    'refuted',
    { resourceType: 'AllergyIntolerance', verificationStatus: 'refuted', code: text('Latex') },
  ],
] as const) {
  test(`"${spoken}" carries what turns its meaning, and is marked ${mark}`, () => {
    const headline = derive(resource);
    assert.deepEqual(headline.marks, [mark]);
    assert.equal(spokenName(headline), spoken);
  });
}

test('a plain record has no mark and no word of one', () => {
  for (const resource of [
    { resourceType: 'Immunization', status: 'completed', vaccineCode: text('Influenza') },
    { resourceType: 'Condition', verificationStatus: coded('confirmed'), code: text('Influenza') },
    {
      resourceType: 'Observation',
      status: 'final',
      modifierExtension: [],
      code: text('Influenza'),
    },
    {
      resourceType: 'MedicationStatement',
      taken: 'y',
      medicationCodeableConcept: text('Influenza'),
    },
  ]) {
    assert.equal(spokenName(derive(resource)), 'Influenza');
  }
});

for (const [what, name, resource] of [
  [
    'a contained medicine',
    'Metformin 500 MG',
    {
      resourceType: 'MedicationRequest',
      contained: [{ resourceType: 'Medication', id: 'med1', code: text('Metformin 500 MG') }],
      medicationReference: { reference: '#med1' },
    },
  ],
  [
    'a medicine beside its reference',
    'Lisinopril 10 MG',
    {
      resourceType: 'MedicationRequest',
      medicationReference: { reference: 'Medication/m77', display: 'Lisinopril 10 MG' },
    },
  ],
  [
    'a medicine of R5',
    'Ramipril',
    { resourceType: 'MedicationRequest', medication: { concept: text('Ramipril') } },
  ],
  ['a medicine that nobody named', 'Prescription', { resourceType: 'MedicationRequest' }],
  [
    'a disease in the family',
    'mother: Breast cancer, Asthma',
    {
      resourceType: 'FamilyMemberHistory',
      relationship: text('mother'),
      condition: [{ code: text('Breast cancer') }, { code: text('Asthma') }],
    },
  ],
  ['a file', 'file: application/pdf', { resourceType: 'Binary', contentType: 'application/pdf' }],
  [
    'a message',
    'Message of the source: no access',
    { resourceType: 'OperationOutcome', issue: [{ diagnostics: 'no access' }] },
  ],
  [
    'parameters',
    'Parameters: return, count',
    { resourceType: 'Parameters', parameter: [{ name: 'return' }, { name: 'count' }] },
  ],
  [
    'a document',
    'Discharge summary',
    {
      resourceType: 'Bundle',
      type: 'document',
      entry: [{ resource: { resourceType: 'Composition', title: 'Discharge summary' } }],
    },
  ],
  [
    'another bundle',
    'Bundle of 2 records (searchset)',
    { resourceType: 'Bundle', type: 'searchset', entry: [{}, {}] },
  ],
  [
    'a person',
    'Anna Maria Roe',
    { resourceType: 'Patient', name: [{ given: ['Anna', 'Maria'], family: 'Roe' }] },
  ],
  [
    'an organisation, not its kind',
    'North Hospital',
    {
      resourceType: 'Organization',
      type: [text('Healthcare Provider')],
      name: 'North Hospital',
    },
  ],
  [
    'a bill, not its form',
    'Insurance payment: pharmacy',
    { resourceType: 'ExplanationOfBenefit', type: text('pharmacy') },
  ],
  ['a visit by its class', 'Visit: AMB', { resourceType: 'Encounter', class: { code: 'AMB' } }],
  [
    'a code without words',
    'snomed|38341003',
    { resourceType: 'Condition', code: coded('38341003', 'http://snomed.info/sct') },
  ],
] as const) {
  test(`the name of ${what}`, () => assert.equal(derive(resource).name, name));
}

test('a name that only the file knows comes from outside, and says so', () => {
  const request = {
    resourceType: 'MedicationRequest',
    medicationReference: { reference: 'urn:uuid:5c1f4d4e-0000-4000-8000-000000000001' },
  };
  const brought = derive(request, { name: 'Lisinopril 10 MG' });
  const alone = derive(request);
  assert.deepEqual([brought.name, brought.nameIsFromOutside], ['Lisinopril 10 MG', true]);
  assert.deepEqual([alone.name, alone.nameIsFromOutside], ['Prescription', false]);
  const own = derive(laboratory, { name: 'something else' });
  assert.deepEqual([own.name, own.nameIsFromOutside], ['Haemoglobin', false]);
});

const observation = (rest: string) =>
  derive(`{"resourceType":"Observation","status":"final","code":{"text":"x"},${rest}}`);

for (const spelling of [
  '1.00',
  '1.2E+2',
  '0.00000001',
  '123456789012345678901234567890.10',
  '-0.0',
  '7e-1',
]) {
  test(`the number ${spelling} stays as it is spelled`, () => {
    const { value, unit } = observation(`"valueQuantity":{"value":${spelling},"unit":"x"}`);
    assert.deepEqual([value, unit], [spelling, 'x']);
  });
}

for (const [what, rest, value, unit, flag] of [
  [
    'a comparator',
    '"valueQuantity":{"value":0.5,"comparator":"<","unit":"mg/L"}',
    '<0.5',
    'mg/L',
    '',
  ],
  ['a finding', '"valueCodeableConcept":{"text":"Not detected"}', 'Not detected', '', ''],
  ['yes', '"valueBoolean":true', 'yes', '', ''],
  [
    'a titre',
    '"valueRatio":{"numerator":{"value":1},"denominator":{"value":128}}',
    '1:128',
    '',
    '',
  ],
  [
    'a rate',
    '"valueRatio":{"numerator":{"value":2.50,"unit":"mg"},"denominator":{"value":1,"unit":"mL"}}',
    '2.50',
    'mg/mL',
    '',
  ],
  [
    'a range',
    '"valueRange":{"low":{"value":4.0,"unit":"%"},"high":{"value":5.50,"unit":"%"}}',
    '4.0 to 5.50',
    '%',
    '',
  ],
  [
    'a blood pressure, whatever part comes first',
    `"component":[
      {"code":{"coding":[{"system":"http://loinc.org","code":"8462-4"}]},"valueQuantity":{"value":80,"unit":"mmHg"}},
      {"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"valueQuantity":{"value":120,"unit":"mmHg"}}]`,
    '120/80',
    'mmHg',
    '',
  ],
  [
    'parts by name',
    '"component":[{"code":{"text":"Pulse"},"valueInteger":2},{"code":{"text":"Effort"},"valueString":"good"}]',
    'Pulse 2; Effort good',
    '',
    '',
  ],
  [
    'a judgement of the source before the range',
    `"valueQuantity":{"value":9,"unit":"g"},"interpretation":[{"coding":[{"code":"N"}]}],
      "referenceRange":[{"low":{"value":1,"unit":"g"},"high":{"value":2,"unit":"g"}}]`,
    '9',
    'g',
    'N',
  ],
  [
    'the range alone, and says so',
    `"valueQuantity":{"value":1.0e1,"unit":"g"},
      "referenceRange":[{"low":{"value":1,"unit":"g"},"high":{"value":9.99,"unit":"g"}}]`,
    '1.0e1',
    'g',
    'range:H',
  ],
  [
    'no range in another unit',
    '"valueQuantity":{"value":9,"unit":"g"},"referenceRange":[{"high":{"value":2,"unit":"mg"}}]',
    '9',
    'g',
    '',
  ],
  [
    'no range of several',
    '"valueQuantity":{"value":9},"referenceRange":[{"high":{"value":2}},{"high":{"value":20}}]',
    '9',
    '',
    '',
  ],
  [
    'no range for an age',
    '"valueQuantity":{"value":9},"referenceRange":[{"high":{"value":2},"age":{"high":{"value":1}}}]',
    '9',
    '',
    '',
  ],
  [
    'nothing of what a comparator leaves open',
    '"valueQuantity":{"value":5,"comparator":"<"},"referenceRange":[{"low":{"value":1}}]',
    '<5',
    '',
    '',
  ],
  [
    'the reason why there is none',
    '"dataAbsentReason":{"text":"haemolysed"}',
    'haemolysed',
    '',
    '',
  ],
] as const) {
  test(`the value of an observation: ${what}`, () => {
    const headline = observation(rest);
    assert.deepEqual([headline.value, headline.unit, headline.flag], [value, unit, flag]);
  });
}

for (const [what, value, resource] of [
  [
    'a medicine that was stopped',
    'stopped',
    { resourceType: 'MedicationRequest', status: 'stopped' },
  ],
  [
    'a diagnosis',
    'active, provisional',
    {
      resourceType: 'Condition',
      clinicalStatus: coded('active'),
      verificationStatus: coded('provisional'),
    },
  ],
  [
    'why it was not given',
    'patient objection',
    {
      resourceType: 'Immunization',
      status: 'not-done',
      statusReason: coded('PATOBJ', 'http://x.example/codes', 'patient objection'),
    },
  ],
  [
    'a report',
    'no sign of infection',
    { resourceType: 'DiagnosticReport', conclusion: 'no sign\n of infection' },
  ],
  ['a person', 'born 1970-01', { resourceType: 'Patient', birthDate: '1970-01' }],
] as const) {
  test(`the short text of ${what}`, () => assert.equal(derive(resource).value, value));
}

for (const [date, resource] of [
  ['2019', { resourceType: 'Observation', effectiveDateTime: '2019', issued: '2020-01-01' }],
  [
    '2016-12-31T23:59:60Z',
    { resourceType: 'Observation', effectiveDateTime: '2016-12-31T23:59:60Z' },
  ],
  ['2021-13-45', { resourceType: 'Observation', effectiveDateTime: '2021-13-45' }],
  ['2020-01', { resourceType: 'Encounter', period: { start: '2020-01', end: '2020-02' } }],
  ['2001', { resourceType: 'Condition', onsetDateTime: '2001', recordedDate: '2020-02-02' }],
  ['2020-05-05', { resourceType: 'MedicationRequest', authoredOn: '2020-05-05' }],
  ['2021-10-01', { resourceType: 'Immunization', occurrenceDateTime: '2021-10-01' }],
  ['', { resourceType: 'Patient', birthDate: '1970-01-01' }],
  ['', { resourceType: 'Condition', onsetString: 'in childhood' }],
] as const) {
  test(`the clinical date ${date === '' ? 'that is not there' : date} of ${resource.resourceType}`, () => {
    assert.equal(derive(resource).clinicalDate, date);
  });
}

test('what is no FHIR resource is a file with the name it was brought with', () => {
  for (const [bytes, mediaType] of [
    ['%PDF-1.4', 'application/pdf'],
    ['{"verifiableCredential":["a"]}', 'application/json'],
    ['{"resourceType":"Observation",', 'application/fhir+json'],
    ['[1]', 'application/fhir+json'],
  ] as const) {
    const headline = derive(bytes, { mediaType, name: 'letter of \n May.pdf' });
    assert.deepEqual(
      [headline.type, headline.name, headline.nameIsFromOutside],
      ['', 'letter of May.pdf', true],
    );
  }
});

test('a headline comes of any bytes, in lines of bounded length, without controls', () => {
  const name = fc.string({ unit: anyCharacter, maxLength: 2000 });
  const json = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      name,
      fc.double().map(String),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('value'), { maxLength: 3 }),
      tie('object'),
    ),
    object: fc.dictionary(
      fc.constantFrom(
        ...['code', 'text', 'coding', 'display', 'value', 'valueQuantity', 'component', 'status'],
        ...['medicationReference', 'reference', 'contained', 'id', 'entry', 'resource', 'type'],
        ...['modifierExtension', 'period', 'start', 'interpretation', 'referenceRange', 'low'],
      ),
      tie('value'),
      { maxKeys: 8 },
    ),
  })).object;
  const type = fc.constantFrom('Observation', 'Bundle', 'MedicationRequest', 'Goal', 'Condition');
  fc.assert(
    fc.property(type, json, (resourceType, object) => {
      const headline: Headline = derive({ ...(object as object), resourceType });
      for (const text of [headline.name, headline.value, headline.unit, headline.flag]) {
        assert.ok([...text].length <= 160);
        assert.doesNotMatch(text, /\p{Cc}/u);
      }
    }),
  );
});

test('every record of the example patients has a name that is no type, and all of a kind have a date', () => {
  const folder = new URL('../../../../examples/patients/', import.meta.url);
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
    const bytes = new Uint8Array(readFileSync(new URL(file, folder)));
    for (const { offset, length, facts } of cutFile(file, bytes).parts) {
      const part = bytes.subarray(offset, offset + length);
      const headline = deriveHeadline({ bytes: part, mediaType });
      assert.equal(headline.type, facts?.resourceType);
      assert.notEqual(headline.name, headline.type, headline.type);
      const dated = ['Observation', 'Condition', 'Procedure', 'Encounter', 'Immunization'];
      if (dated.includes(headline.type)) assert.notEqual(headline.clinicalDate, '', headline.name);
      if (headline.type === 'Observation') assert.notEqual(headline.value, '', headline.name);
    }
  }
});
