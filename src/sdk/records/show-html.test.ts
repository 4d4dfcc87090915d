import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { anyCharacter } from '../../../test/any-character.ts';
import { sha256 } from '../../crypto/hash.ts';
import { utf8 } from '../../primitives/bytes.ts';
import { recordIdOf } from '../../primitives/ids.ts';
import { base64ToBytes, bytesToBase64 } from './base64.ts';
import { type ItemToShow, showItem } from './show-html.ts';
import { encodeSkeleton, skeletonMediaType } from './skeleton.ts';

const item = (bytes: Uint8Array, change: Partial<ItemToShow> = {}): ItemToShow => ({
  name: 'A record',
  mediaType: 'application/fhir+json',
  recordClass: 'lab',
  writtenMs: 1_700_000_000_000,
  authorName: 'Dr. Weber',
  bytes,
  ...change,
});
const show = (resource: object | string, change: Partial<ItemToShow> = {}) =>
  showItem(item(utf8(typeof resource === 'string' ? resource : JSON.stringify(resource)), change));
const absent = '<span class="absent">not recorded</span>';
const none = '<span class="none">none known</span>';
const row = (name: string, value: string) => `<dt>${name}</dt><dd>${value}</dd>`;

test('a measurement is shown in plain words, its number as it was spelled', () => {
  const page = show(`{"resourceType":"Observation","status":"final",
    "code":{"coding":[{"system":"http://loinc.org","code":"29463-7","display":"Body Weight"}]},
    "effectiveDateTime":"2016-03-28T10:11:12+01:00",
    "valueQuantity":{"value":70.50,"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"}}`);
  assert.ok(page.includes('<h1>Body Weight</h1>'));
  assert.ok(page.includes('Measurement or finding'));
  assert.ok(page.includes(row('Result', '70.50 kg')));
  assert.ok(page.includes(row('When', '2016-03-28 10:11:12+01:00')));
  assert.ok(page.includes('Body Weight <span class="code">(29463-7, loinc.org)</span>'));
  assert.ok(page.includes(row('Written by', 'Dr. Weber')));
  assert.ok(page.includes(row('Written', '2023-11-14 22:13 UTC')));
});

test('what is missing, what is known to be none, and a list are three different things', () => {
  const allergy = (code: object) => show({ resourceType: 'AllergyIntolerance', ...code });
  const missing = allergy({});
  assert.ok(missing.includes(row('What', absent)));
  assert.equal(missing.includes(none), false);

  const coding = [
    { system: 'http://snomed.info/sct', code: '716186003', display: 'No known allergy' },
  ];
  const nothing = allergy({ code: { coding } });
  assert.ok(
    nothing.includes(`<dt>What</dt><dd>${none} <span class="code">No known allergy</span>`),
  );
  assert.equal(nothing.includes('<h1>No known allergy'), false);

  const list = allergy({ reaction: [{ manifestation: [{ text: 'Hives' }, { text: 'Cough' }] }] });
  assert.ok(list.includes('<ul><li>Hives</li><li>Cough</li></ul>'));
});

for (const [name, coding, expected] of [
  [
    'no known problems (IPS)',
    { system: 'http://hl7.org/x/absent-unknown-uv-ips', code: 'no-known-problems' },
    none,
  ],
  [
    'no information (IPS)',
    { system: 'http://hl7.org/x/absent-unknown-uv-ips', code: 'no-problem-info' },
    absent,
  ],
  [
    'a reason of absence',
    { system: 'http://x/data-absent-reason', code: 'asked-declined' },
    absent,
  ],
] as const) {
  test(`a diagnosis coded as ${name} says so`, () => {
    assert.ok(show({ resourceType: 'Condition', code: { coding: [coding] } }).includes(expected));
  });
}

test('the word "unknown" of another code system is a value', () => {
  const page = show({
    resourceType: 'Basic',
    code: { coding: [{ system: 'http://x', code: 'unknown' }] },
  });
  assert.equal(page.includes(absent), false);
});

test('a date that is missing for a reason is not recorded, with the reason', () => {
  const url = 'http://hl7.org/fhir/StructureDefinition/data-absent-reason';
  const page = show({
    resourceType: 'Patient',
    _birthDate: { extension: [{ url, valueCode: 'asked-unknown' }] },
  });
  assert.ok(page.includes(row('Born', `${absent} <span class="code">asked-unknown</span>`)));
});

test('a document is shown in its sections, each with its parts or what their absence means', () => {
  const section = (title: string, more: object) => ({ title, ...more });
  const page = show({
    resourceType: 'Bundle',
    type: 'document',
    entry: [
      {
        resource: {
          resourceType: 'Composition',
          title: 'Summary',
          section: [
            section('Problems', { entry: [{ reference: 'Condition/c' }] }),
            section('Allergies', {
              emptyReason: { coding: [{ system: 'http://x/list-empty-reason', code: 'nilknown' }] },
            }),
            section('Medicines', {}),
          ],
        },
      },
      { resource: { resourceType: 'Condition', id: 'c', code: { text: 'Cough' } } },
      {
        resource: { resourceType: 'Patient', id: 'p', name: [{ given: ['Ana'], family: 'Cruz' }] },
      },
    ],
  });
  const at = (text: string) => {
    const found = page.indexOf(text);
    assert.ok(found >= 0, text);
    return found;
  };
  assert.ok(at('<h1>Summary</h1>') < at('<h2>Problems</h2>'));
  assert.ok(at('<h2>Problems</h2>') < at('<h3>Cough</h3>'));
  assert.ok(at('<h3>Cough</h3>') < at('<h2>Allergies</h2>'));
  assert.equal(
    page.slice(at('<h2>Allergies</h2>')).startsWith(`<h2>Allergies</h2>\n${none}`),
    true,
  );
  assert.equal(
    page.slice(at('<h2>Medicines</h2>')).startsWith(`<h2>Medicines</h2>\n${absent}`),
    true,
  );
  assert.ok(at('<h2>Not named by a section</h2>') < at('Ana Cruz'));
  assert.equal(page.split('<h3>Cough</h3>').length, 2, 'each part once');
});

test('nothing in a record becomes markup', () => {
  const evil = `<script>alert(1)</script><img src=x onerror="a()">'"&`;
  const pages = [
    show({
      resourceType: 'Patient',
      [evil]: evil,
      name: [{ text: evil }],
      text: {
        status: 'generated',
        div: `<div onclick="a()"><script>alert(2)</script>${evil}&lt;script&gt;</div>`,
      },
    }),
    show({ resourceType: evil, type: evil }),
    show('<script>', { mediaType: 'text/plain', name: evil, authorName: evil, recordClass: evil }),
    show('<svg onload=a()>', { mediaType: 'text/html', name: evil }),
    show('<svg onload=a()>', { mediaType: `image/svg+xml"${evil}`, name: evil }),
  ];
  for (const page of pages) {
    assert.doesNotMatch(page, /<(script|img|svg|iframe|object)/i);
    const tags = page.match(/<[a-z][^>]*>/gi) ?? [];
    for (const tag of tags) assert.doesNotMatch(tag, /\son[a-z]+\s*=/i);
    assert.match(page, /default-src 'none'/);
  }
});

test('a narrative is text without markup, however it is made', () => {
  const page = (div: string) => show({ resourceType: 'Basic', text: { div } });
  assert.ok(
    page('<div><p>One<br/>two</p><p>3 &lt; 4&nbsp;&amp;lt;</p></div>').includes(
      '<pre>One\ntwo\n3 &lt; 4 &amp;lt;</pre>',
    ),
  );
  assert.equal(page('<div> </div>').includes('<aside>'), false);
  assert.ok(page('<'.repeat(2_000_000)).includes('(2000000 characters in all)'));
});

test('marks that turn the writing direction, and controls, are not let through', () => {
  const page = show({ resourceType: 'Basic', note: 'a\u202eb\u0007c\u2066d' });
  assert.ok(page.includes('a\ufffdb\ufffdc\ufffdd'));
  // Isolates in pairs turn nothing but what is between them.
  const arabic = '\u2067\u0645\u062d\u0645\u062f\u2069';
  assert.ok(show({ resourceType: 'Basic', note: arabic }).includes(arabic));
  assert.ok(show({ resourceType: 'Basic', note: 'a\u2069b\u2067c' }).includes('a\ufffdb\ufffdc'));
});

test('a picture is embedded, a PDF can be saved, a large file is neither', () => {
  const bytes = Uint8Array.of(0x89, 0x50, 0x4e, 0x47);
  const picture = showItem(item(bytes, { mediaType: 'image/png', name: 'x.png' }));
  assert.ok(picture.includes(`src="data:image/png;base64,${bytesToBase64(bytes)}"`));
  const letter = showItem(item(bytes, { mediaType: 'application/pdf', name: '../a b/c.pdf' }));
  assert.ok(letter.includes('download="_a b_c.pdf" href="data:application/octet-stream;base64,'));
  const large = showItem(item(new Uint8Array(6 * 1024 * 1024), { mediaType: 'application/pdf' }));
  assert.ok(large.includes('too large for this page'));
  assert.ok(large.length < 10_000);
});

test('a note that lies in a record as base64 is shown as text', () => {
  const data = bytesToBase64(utf8('Grüezi <b>'));
  const attachment = { contentType: 'text/plain; charset=utf-8', data };
  const page = show({ resourceType: 'DocumentReference', content: [{ attachment }] });
  assert.ok(page.includes('<pre>Grüezi &lt;b&gt;</pre>'));
});

test('an import is shown as the file it was', () => {
  const recordId = recordIdOf(new Uint8Array(16));
  const bytes = encodeSkeleton({
    fileName: 'ana.json',
    fileHash: sha256(),
    byteLength: 12,
    ranges: [{ offset: 2, length: 10, recordId }],
    between: utf8('ab'),
  });
  const page = showItem(item(bytes, { mediaType: skeletonMediaType }));
  assert.ok(page.includes('<h1>ana.json</h1>'));
  assert.ok(page.includes(row('Records from it', '1')));
});

test('what is not what it says is shown as a file', () => {
  for (const mediaType of ['application/fhir+json', skeletonMediaType, 'text/plain']) {
    const page = showItem(item(Uint8Array.of(0xff, 0xfe), { mediaType }));
    assert.ok(page.includes('Save this file'), mediaType);
  }
});

test('any JSON and any text give a page of balanced tags', () => {
  fc.assert(
    fc.property(
      fc.jsonValue({ maxDepth: 6, stringUnit: anyCharacter }),
      fc.string({ unit: anyCharacter }),
      (value, name) => {
        const page = show(
          { resourceType: 'Patient', value, [name]: value },
          { name, authorName: undefined },
        );
        for (const tag of ['dl', 'dd', 'ul', 'li', 'article', 'h1', 'main']) {
          const opened = page.split(`<${tag}>`).length + page.split(`<${tag} `).length;
          assert.equal(opened - 1, page.split(`</${tag}>`).length, tag);
        }
      },
    ),
  );
});

test('base64 goes both ways, and refuses what is none', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      assert.equal(bytesToBase64(bytes), Buffer.from(bytes).toString('base64'));
      assert.deepEqual(base64ToBytes(bytesToBase64(bytes)), bytes);
    }),
  );
  for (const wrong of ['a', '-_', '=a', 'ab*=']) assert.equal(base64ToBytes(wrong), undefined);
});

test('names, contacts, addresses, periods and codes without words are one line each', () => {
  const page = show({
    resourceType: 'Patient',
    name: [
      { use: 'official', given: ['Ana', 'B'], family: 'Cruz' },
      { use: 'maiden', family: 'Windsor', period: { end: '2002' } },
    ],
    telecom: [{ system: 'phone', value: '03 5555', use: 'work', rank: 1 }],
    address: [{ line: ['1 High St'], city: 'Bern', period: { start: '1974-12-25' } }],
    maritalStatus: { coding: [{ system: 'http://x.org/marital', code: 'M' }] },
  });
  for (const expected of [
    '<h1>Ana B Cruz</h1>',
    '<ul><li>Ana B Cruz</li><li>Windsor <span class="code">(maiden, until 2002)</span></li></ul>',
    row('Phone and e-mail', '03 5555 <span class="code">(work)</span>'),
    row('Address', '1 High St, Bern <span class="code">(since 1974-12-25)</span>'),
    row('Married?', 'M <span class="code">(x.org/marital)</span>'),
  ]) {
    assert.ok(page.includes(expected), expected);
  }
});

test('a reference inside a bundle is shown with the name of what it leads to', () => {
  const page = show({
    resourceType: 'Bundle',
    type: 'document',
    entry: [
      { resource: { resourceType: 'Composition', title: 'Summary' } },
      { resource: { resourceType: 'Medication', id: 'm', code: { text: 'Anastrozole' } } },
      {
        resource: {
          resourceType: 'MedicationStatement',
          medicationReference: { reference: 'Medication/m' },
        },
      },
    ],
  });
  assert.equal(page.split('<h3>Anastrozole</h3>').length, 3);
  assert.ok(page.includes(row('Medicine', 'Anastrozole <span class="code">Medication/m</span>')));
});
