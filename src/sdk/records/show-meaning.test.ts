import assert from 'node:assert/strict';
import test from 'node:test';
import { utf8 } from '../../primitives/bytes.ts';
import { base64ToBytes, bytesToBase64 } from './base64.ts';
import { showItem } from './show-html.ts';
import { textOfItem } from './show-text.ts';

const item = (resource: object) => ({
  name: 'A record',
  mediaType: 'application/fhir+json',
  recordClass: 'note',
  writtenMs: 1_700_000_000_000,
  authorName: undefined,
  bytes: utf8(JSON.stringify(resource)),
});
const page = (resource: object): string => showItem(item(resource));
const text = (words: string) => ({ text: words });
const coded = (code: string) => ({ coding: [{ code }] });

for (const [heading, resource] of [
  [
    'Influenza, seasonal: NOT given',
    { resourceType: 'Immunization', status: 'not-done', vaccineCode: text('Influenza, seasonal') },
  ],
  [
    'Ibuprofen 400 MG: do NOT give',
    {
      resourceType: 'MedicationRequest',
      doNotPerform: true,
      medicationCodeableConcept: text('Ibuprofen 400 MG'),
    },
  ],
  [
    'Penicillin: entered in error',
    {
      resourceType: 'AllergyIntolerance',
      verificationStatus: coded('entered-in-error'),
      code: text('Penicillin'),
    },
  ],
  [
    'Epilepsy: refuted',
    { resourceType: 'Condition', verificationStatus: coded('refuted'), code: text('Epilepsy') },
  ],
  [
    'Warfarin: NOT taken',
    {
      resourceType: 'MedicationStatement',
      status: 'not-taken',
      medicationCodeableConcept: text('Warfarin'),
    },
  ],
  [
    'MRSA found: read with care',
    {
      resourceType: 'Observation',
      modifierExtension: [{ url: 'http://example.org/isNegated', valueBoolean: true }],
      code: text('MRSA found'),
    },
  ],
] as const) {
  test(`page, title and terminal say "${heading}"`, () => {
    const shown = page(resource);
    assert.ok(shown.includes(`<h1>${heading}</h1>`), shown);
    assert.ok(shown.includes(`<title>${heading}</title>`));
    assert.equal(textOfItem(item(resource)).title, heading);
  });
}

test('a name that only its file knew stands in the heading, and the type never does', () => {
  const request = {
    resourceType: 'MedicationRequest',
    medicationReference: { reference: 'urn:uuid:1' },
  };
  const named = { ...item(request), name: 'Lisinopril 10 MG' };
  assert.ok(showItem(named).includes('<h1>Lisinopril 10 MG</h1>'));
  assert.equal(textOfItem(named).title, 'Lisinopril 10 MG');
  const unnamed = { ...item(request), name: 'MedicationRequest' };
  assert.ok(showItem(unnamed).includes('<h1>Prescription</h1>'));
  assert.equal(textOfItem(unnamed).title, 'Prescription');
});

test('what was entered in error is asked for nothing, and what was not done not for its date', () => {
  const error = page({
    resourceType: 'AllergyIntolerance',
    verificationStatus: coded('entered-in-error'),
    code: text('Penicillin'),
  });
  assert.equal(error.includes('Is it active?'), false);
  assert.equal(error.includes('not recorded'), false);
  const undone = page({ resourceType: 'Procedure', status: 'not-done', code: text('Colonoscopy') });
  assert.equal(undone.includes('not recorded'), false);
  const done = page({ resourceType: 'Procedure', status: 'completed', code: text('Colonoscopy') });
  assert.ok(done.includes('not recorded'));
});

test('what turns the meaning is the first row of the page', () => {
  const shown = page({
    resourceType: 'MedicationRequest',
    status: 'active',
    medicationCodeableConcept: text('Ibuprofen'),
    doNotPerform: true,
  });
  assert.ok(shown.indexOf('Do not perform') < shown.indexOf('<dt>Status</dt>'));
});

test('a result is rounded in words, with range and judgement; the row below keeps its spelling', () => {
  const resource = {
    resourceType: 'Observation',
    code: text('Haemoglobin'),
    effectiveDateTime: '2011-08-08T10:00:00+02:00',
    valueQuantity: { value: 13.352847, unit: 'g/dL' },
    referenceRange: [{ low: { value: 14, unit: 'g/dL' }, high: { value: 17.5, unit: 'g/dL' } }],
  };
  const shown = page(resource);
  assert.ok(shown.includes('<p class="result">13.35 g/dL (low by its range)</p>'));
  assert.ok(shown.includes('<dt>Result</dt><dd>13.352847 g/dL</dd>'));
  assert.deepEqual(textOfItem(item(resource)).rows, [
    ['Result', '13.35 g/dL (low by its range)'],
    ['Usual range', '14 to 17.5 g/dL'],
    ['When', '2011-08-08 10:00:00+02:00'],
  ]);
});

test('the parts of a result, and a medicine inside its prescription, are read out', () => {
  const pressure = {
    resourceType: 'Observation',
    code: text('Blood pressure'),
    component: [
      { code: text('Systolic'), valueQuantity: { value: 120.456, unit: 'mmHg' } },
      {
        code: text('Diastolic'),
        valueQuantity: { value: 95, unit: 'mmHg' },
        interpretation: [coded('H')],
      },
    ],
  };
  const { rows } = textOfItem(item(pressure));
  assert.deepEqual(rows.slice(1), [
    ['Systolic', '120.46 mmHg'],
    ['Diastolic', '95 mmHg (high)'],
  ]);
  const request = {
    resourceType: 'MedicationRequest',
    contained: [{ resourceType: 'Medication', id: 'med1', code: text('Metformin 500 MG') }],
    medicationReference: { reference: '#med1' },
    subject: { reference: 'Patient/p1' },
    dosageInstruction: [{ text: 'one in the morning' }],
  };
  assert.deepEqual(textOfItem(item(request)).rows, [
    ['Medicine', 'Metformin 500 MG'],
    ['How to take it', 'one in the morning'],
  ]);
});

test('a document is read out in its sections, and an empty one says what that means', () => {
  const document = {
    resourceType: 'Bundle',
    type: 'document',
    entry: [
      {
        resource: {
          resourceType: 'Composition',
          title: 'Patient summary',
          section: [
            { title: 'Problems', entry: [{ reference: 'Condition/c' }] },
            {
              title: 'Allergies',
              emptyReason: { coding: [{ system: 'http://x/list-empty-reason', code: 'nilknown' }] },
            },
            { title: 'Medicines' },
          ],
        },
      },
      {
        resource: {
          resourceType: 'Condition',
          id: 'c',
          code: text('Asthma'),
          onsetDateTime: '2001-02-03',
          clinicalStatus: coded('active'),
        },
      },
    ],
  };
  const { title, paragraphs } = textOfItem(item(document));
  assert.equal(title, 'Patient summary');
  assert.deepEqual(paragraphs, [
    'Problems\n  2001-02-03  Asthma: active',
    'Allergies\n  none known',
    'Medicines\n  not recorded',
  ]);
});

test('the patient is named on the page, for whoever prints it', () => {
  const resource = { resourceType: 'Basic' };
  assert.ok(
    showItem({ ...item(resource), patientName: 'Ana <Roe>' }).includes(
      '<p class="patient">Patient: <b>Ana &lt;Roe&gt;</b></p>',
    ),
  );
  assert.equal(page(resource).includes('class="patient"'), false);
});

const pdf = utf8('%PDF-1.4 and so on');
const withPdf = (title?: string) => ({
  resourceType: 'DocumentReference',
  type: text('Lab report'),
  content: [
    {
      attachment: {
        contentType: 'application/pdf',
        ...(title !== undefined && { title }),
        data: bytesToBase64(pdf),
      },
    },
  ],
});

test('a document inside a record has a link that saves its very bytes, of a type that nothing opens', () => {
  const shown = page(withPdf('../report.pdf'));
  const [, name, data] =
    /download="([^"]*)" href="data:application\/octet-stream;base64,([^"]*)"/.exec(shown) ?? [];
  assert.equal(name, '_report.pdf');
  assert.deepEqual(base64ToBytes(data ?? ''), pdf);
  assert.match(page(withPdf()), /download="attachment-1.pdf"/);
  assert.deepEqual(
    textOfItem(item(withPdf())).attachments.map((it) => ({ ...it })),
    [{ number: 1, fileName: 'attachment-1.pdf', contentType: 'application/pdf', bytes: 18 }],
  );
});

test('an HTML note inside a record is shown as text, and so is one in another encoding', () => {
  const note = (contentType: string, bytes: Uint8Array) =>
    page({
      resourceType: 'DocumentReference',
      content: [{ attachment: { contentType, data: bytesToBase64(bytes) } }],
    });
  const html = '<html><style>b{}</style><p>Seen <b>today</b></p><script>alert(1)</script>';
  assert.ok(note('text/html', utf8(html)).includes('<pre>Seen today</pre>'));
  const latin = Uint8Array.of(0x46, 0xfc, 0xdf, 0x65);
  assert.ok(note('text/plain; charset=ISO-8859-1', latin).includes('<pre>Füße</pre>'));
  assert.ok(note('text/plain', latin).includes('<pre>Füße</pre>'));
});

test('a Binary is its content type and a link, not its base64', () => {
  const data = bytesToBase64(pdf);
  const shown = page({ resourceType: 'Binary', contentType: 'application/pdf', data });
  assert.ok(shown.includes('<h1>file: application/pdf</h1>'));
  assert.equal(shown.split(data).length, 2, 'in the link alone');
});

test('a record with a document too large for a page is shown without it, and says how it is got', () => {
  const large = {
    resourceType: 'DocumentReference',
    type: text('Scan'),
    content: [{ attachment: { contentType: 'image/tiff', data: 'A'.repeat(8 * 1024 * 1024) } }],
  };
  const shown = page(large);
  assert.ok(shown.length < 20_000);
  assert.ok(shown.includes('<h1>Scan</h1>'));
  assert.ok(shown.includes('--attachment 1 --out FILE'));
});

test('letters that grow when they are written small do not shift what is hidden', () => {
  const html = utf8(`<p>${'İ'.repeat(40)}</p><STYLE>b{}</STYLE><p>Seen today</p>`);
  const file = { ...item({}), mediaType: 'text/html', bytes: html };
  assert.deepEqual(textOfItem(file).paragraphs, [`${'İ'.repeat(40)}\nSeen today`]);
});

test('a file of text is shown in the encoding that its media type names', () => {
  const latin = Uint8Array.of(0x46, 0xfc, 0xdf, 0x65);
  for (const [mediaType, bytes] of [
    ['text/csv;charset=windows-1252', latin],
    [
      'text/plain;charset=utf-16le;entered-by=patient',
      new Uint8Array(Buffer.from('Füße', 'utf16le')),
    ],
    ['text/plain', utf8('Füße')],
  ] as const) {
    const file = { ...item({}), mediaType, bytes };
    assert.ok(showItem(file).includes('<pre>Füße</pre>'), mediaType);
    assert.deepEqual(textOfItem(file).paragraphs, ['Füße'], mediaType);
  }
  const file = { ...item({}), mediaType: 'text/plain', bytes: latin };
  assert.deepEqual(textOfItem(file).paragraphs, []);
});

test('a name that many references lead to is said short', () => {
  const target = {
    resource: { resourceType: 'Location', id: 'l', name: 'x'.repeat(100_000) },
  };
  const visits = Array.from({ length: 200 }, () => ({
    resource: {
      resourceType: 'Encounter',
      location: [{ location: { reference: 'Location/l' }, status: 'completed' }],
    },
  }));
  const bundle = { resourceType: 'Bundle', type: 'collection', entry: [target, ...visits] };
  assert.ok(page(bundle).length < 1_000_000);
});

test('A result is given in its parts, each with its own unit, range, limits and judgement', () => {
  const unit = { unit: 'mmHg', code: 'mm[Hg]' };
  const part = (name: string, value: number, high: number) => ({
    code: text(name),
    valueQuantity: { value, ...unit },
    referenceRange: [{ high: { value: high, ...unit } }],
  });
  const { results } = textOfItem(
    item({
      resourceType: 'Observation',
      code: text('Blood pressure'),
      component: [part('Systolic', 151, 140), part('Diastolic', 80, 90)],
    }),
  );
  const [limits, range] = [{ low: undefined, unit: 'mmHg' }, 'up to '];
  assert.deepEqual(results, [
    {
      ...{ name: 'Systolic', value: '151', flag: 'range:H' },
      ...{ ...limits, high: '140', range: `${range}140 mmHg` },
    },
    {
      ...{ name: 'Diastolic', value: '80', flag: 'range:N' },
      ...{ ...limits, high: '90', range: `${range}90 mmHg` },
    },
  ]);
});

test('Of two ranges none is shaded, and what is no measurement has no result', () => {
  const range = (low: number) => ({ low: { value: low, unit: 'g/dL' } });
  const [result] = textOfItem(
    item({
      resourceType: 'Observation',
      code: text('Haemoglobin'),
      valueQuantity: { value: 11.2, unit: 'g/dL' },
      referenceRange: [range(12), range(13)],
    }),
  ).results;
  assert.deepEqual(
    [result?.name, result?.value, result?.low, result?.range],
    ['', '11.2', undefined, 'from 12 g/dL; from 13 g/dL'],
  );
  assert.deepEqual(textOfItem(item({ resourceType: 'Condition' })).results, []);
});
