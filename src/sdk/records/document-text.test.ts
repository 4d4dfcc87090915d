import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '../../primitives/bytes.ts';
import { showItem } from './show-html.ts';
import { textOfItem } from './show-text.ts';

const coded = (code: string, system = 'http://x', more: object = {}) => ({
  coding: [{ system, code }],
  ...more,
});
const text = (words: string) => ({ text: words });
const unknown = 'http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips';
const emptyReason = 'http://terminology.hl7.org/CodeSystem/list-empty-reason';

/** An International Patient Summary: one list, and each way of saying that there is none. */
const summary = (composition: object = {}, resources: readonly object[] = []) => ({
  resourceType: 'Bundle',
  type: 'document',
  entry: [
    {
      resourceType: 'Composition',
      title: 'Summary of Ana',
      type: coded('60591-5', 'http://loinc.org'),
      date: '2024-05-06',
      subject: { reference: 'Patient/p' },
      author: [{ reference: 'Practitioner/d' }],
      custodian: { reference: 'Organization/elsewhere', display: 'North Hospital' },
      section: [
        {
          title: 'Medicines',
          entry: ['MedicationStatement/m', 'MedicationStatement/none'].map((reference) => ({
            reference,
          })),
        },
        { title: 'Allergies', entry: [{ reference: 'AllergyIntolerance/a' }] },
        { title: 'Problems', entry: [{ reference: 'Condition/c' }] },
        { title: 'Devices', emptyReason: coded('nilknown', emptyReason) },
        { title: 'Procedures', emptyReason: coded('unavailable', emptyReason) },
        { title: 'Vaccinations' },
        {
          title: 'Results',
          entry: [
            { reference: 'Observation/panel/_history/2' },
            { reference: 'Observation/gone', display: 'Old scan' },
          ],
        },
      ],
      ...composition,
    },
    { resourceType: 'Patient', id: 'p', name: [{ family: 'Cruz', given: ['Ana'] }] },
    { resourceType: 'Practitioner', id: 'd', name: [{ family: 'Osei' }] },
    {
      resourceType: 'MedicationStatement',
      id: 'm',
      status: 'active',
      medicationReference: { reference: 'Medication/x' },
    },
    {
      resourceType: 'MedicationStatement',
      id: 'none',
      medicationCodeableConcept: coded('no-medication-info', unknown),
    },
    { resourceType: 'Medication', id: 'x', code: text('Anastrozole') },
    { resourceType: 'AllergyIntolerance', id: 'a', code: coded('no-known-allergies', unknown) },
    {
      resourceType: 'Condition',
      id: 'c',
      code: coded('no-known-problems', unknown),
      verificationStatus: coded('entered-in-error'),
    },
    {
      resourceType: 'Observation',
      id: 'panel',
      code: text('Blood group'),
      hasMember: [{ reference: 'Observation/abo' }],
    },
    { resourceType: 'Observation', id: 'abo', code: text('ABO'), valueString: 'A' },
    { resourceType: 'Observation', id: 'odd', code: text('HIV test'), valueString: 'positive' },
    ...resources,
  ].map((resource) => ({ resource })),
});

const item = (document: object) => ({
  bytes: utf8(JSON.stringify(document)),
  mediaType: 'application/fhir+json',
  name: 'summary',
});

test('a patient summary says what it is, by whom, and each section with its silence or its list', () => {
  const { title, kind, rows, paragraphs } = textOfItem(item(summary()));
  assert.deepEqual([title, kind], ['Summary of Ana', 'International Patient Summary']);
  assert.deepEqual(rows, [
    ['When', '2024-05-06'],
    ['About', 'Ana Cruz'],
    ['Author', 'Osei'],
    ['Custodian', 'North Hospital'],
  ]);
  assert.deepEqual(paragraphs.slice(0, -1), [
    'Medicines\n  Anastrozole: active\n  not recorded: no-medication-info',
    'Allergies\n  none known: no-known-allergies',
    'Problems\n  none known: no-known-problems: entered in error',
    'Devices\n  none known',
    'Procedures\n  not recorded',
    'Vaccinations\n  not recorded',
    'Results\n  Blood group\n    ABO: A\n  not in this document: Old scan',
  ]);
});

test('what no section names is shown at the end, in the terminal and on the page', () => {
  const paragraphs = textOfItem(item(summary())).paragraphs;
  assert.deepEqual(paragraphs.at(-1)?.split('\n'), [
    'Not named by a section',
    '  About the person: Ana Cruz',
    '  Health professional: Osei',
    '  Medication: Anastrozole',
    '  Measurement or finding: HIV test: positive',
  ]);
  const page = showItem({
    ...item(summary()),
    ...{ recordClass: 'summary', writtenMs: 0, authorName: undefined },
  });
  assert.ok(page.indexOf('<h2>Not named by a section</h2>') < page.indexOf('HIV test'));
  assert.ok(page.includes('Not in this document: Old scan'));
  assert.ok(page.includes('International Patient Summary'));
});

test('a document without author, date or custodian says that they are not recorded', () => {
  const bare = { author: undefined, date: undefined, custodian: undefined, section: undefined };
  const { rows } = textOfItem(item(summary(bare)));
  assert.deepEqual(
    rows.map(([, it]) => it),
    ['not recorded', 'Ana Cruz', 'not recorded', 'not recorded'],
  );
});

test('results that name each other end', () => {
  const ring = { resourceType: 'Observation', id: 'r', code: text('Ring') };
  const section = [{ title: 'Results', entry: [{ reference: 'Observation/r' }] }];
  const members = { hasMember: [{ reference: 'Observation/r' }] };
  const shown = textOfItem(item(summary({ section }, [{ ...ring, ...members }])));
  assert.equal(shown.paragraphs[0], 'Results\n  Ring\n    Ring');
});
