import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import fc from 'fast-check';
import { assertGrowsAlong } from '../../../test/growth.ts';
import { concatBytes, utf8, utf8ToText } from '../../primitives/bytes.ts';
import { isCoded } from '../../primitives/errors.ts';
import { cutFile, judgeFile } from './fhir-file.ts';
import { recordLimits } from './limits.ts';

const observation = `{
      "id": "o1", "status": "final", "valueDecimal": 1.10,
      "category": [{"coding": [{"code": "vital-signs"}]}],
      "code": {"coding": [{"code": "29463-7", "display": "Body Weight"}]},
      "subject": {"reference": "Patient/p1"},
      "effectivePeriod": {"start": "2020-02-03"},
      "resourceType": "Observation", "meta": {"versionId": "2"}
    }`;
const patient = '{"resourceType":"Patient","id":"p1","name":[{"given":["Ana","B"],"family":"Cé"}]}';
const bundle = (entries: readonly string[], type = 'collection') =>
  `{"entry": [${entries.join(', ')}],\n "type": "${type}", "resourceType": "Bundle"}`;
const entry = (resource: string, fullUrl?: string) =>
  fullUrl === undefined
    ? `{"resource": ${resource}}`
    : `{"fullUrl":"${fullUrl}","resource":${resource}}`;
const cut = (text: string, name = 'a.json') => cutFile(name, utf8(text));

function codeOf(name: string, bytes: Uint8Array, strict = true): string {
  try {
    return cutFile(name, bytes, { strict }).kind;
  } catch (error) {
    if (!isCoded(error)) throw error;
    return error.code;
  }
}

test('a bundle is cut into the exact bytes of its resources', () => {
  const bytes = utf8(bundle([entry(patient), '{"request":{}}', entry(observation)]));
  const file = cutFile('a.json', bytes);
  assert.equal(file.kind, 'bundle');
  assert.equal(file.bundleType, 'collection');
  const texts = file.parts.map((part) =>
    utf8ToText(bytes.subarray(part.offset, part.offset + part.length)),
  );
  assert.deepEqual(texts, [patient, observation]);
});

test('a resource tells what classing and listing need', () => {
  const [part] = cut(observation).parts;
  assert.deepEqual(part?.facts, {
    offset: 0,
    length: utf8(observation).length,
    resourceType: 'Observation',
    id: 'o1',
    versionId: '2',
    categories: ['vital-signs'],
    title: 'Body Weight',
    subject: 'Patient/p1',
    bundleType: undefined,
    lastUpdated: undefined,
    source: undefined,
    labels: [],
    codes: ['|29463-7'],
    attachments: [],
    medicine: undefined,
    birthDate: undefined,
    flaw: undefined,
  });
  assert.equal(cut(patient).parts[0]?.facts?.title, 'Ana B Cé');
});

test('a document bundle is one item, called as its composition', () => {
  const text = bundle([entry('{"resourceType":"Composition","title":"Summary"}')], 'document');
  const file = cut(text);
  assert.equal(file.kind, 'document');
  assert.deepEqual(
    file.parts.map((part) => [part.offset, part.length, part.facts?.title]),
    [[0, text.length, 'Summary']],
  );
});

test('a byte order mark belongs to the file, not to the item', () => {
  const bytes = concatBytes(Uint8Array.of(0xef, 0xbb, 0xbf), utf8(patient));
  assert.equal(cutFile('a.json', bytes).parts[0]?.offset, 3);
});

test('NDJSON is one item per line, by name or by what it holds', () => {
  const text = `${patient}\r\n\n  ${observation.replaceAll('\n', '')}\n`;
  for (const name of ['a.ndjson', 'a']) {
    const file = cut(text, name);
    assert.equal(file.kind, 'ndjson');
    assert.deepEqual(
      file.parts.map((part) => part.facts?.id),
      ['p1', 'o1'],
    );
    assert.equal(file.parts[1]?.offset, utf8(patient).length + 5);
  }
  assert.equal(cut(text, 'a.json').kind, 'ndjson', 'whatever it is called');
});

const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0);
for (const [name, bytes, kind, mediaType] of [
  ['scan.dcm', concatBytes(new Uint8Array(128), utf8('DICM')), 'other', 'application/dicom'],
  ['letter', utf8('%PDF-1.4\n'), 'document', 'application/pdf'],
  ['photo.txt', png, 'other', 'image/png'],
  ['photo', Uint8Array.of(0xff, 0xd8, 0xff, 0xe0), 'other', 'image/jpeg'],
  ['letter.rtf', utf8('{\\rtf1 hello}'), 'other', 'application/rtf'],
  ['table.csv', utf8('a;b\n1;ü\n'), 'other', 'text/csv'],
  ['note.txt', utf8('[monday] pain'), 'other', 'text/plain'],
  ['note', utf8('Grüezi'), 'other', 'text/plain'],
  ['note', Uint8Array.of(0xff, 0xfe, 0x41), 'other', 'application/octet-stream'],
] as const) {
  test(`a file ${name} of ${mediaType} is one item`, () => {
    const file = cutFile(name, bytes);
    assert.equal(file.kind, kind);
    assert.equal(file.mediaType, mediaType);
    assert.deepEqual(file.parts, [
      { offset: 0, length: bytes.length, mediaType, facts: undefined },
    ]);
  });
}

test('a text that ends its first 4 KiB inside a character is still text', () => {
  assert.equal(cutFile('a', utf8(`${'x'.repeat(4095)}é`)).mediaType, 'text/plain');
});

const twice = (change: string, type?: string) =>
  bundle([entry(patient), entry(patient.replace('"p1"', change))], type);
const at = (url: string) => entry(patient, url);
for (const [name, text, expected] of [
  ['an unknown resource type', '{"resourceType":"Unicorn"}', 'RESOURCE_TYPE'],
  ['no resource type', '{"a":1}', 'RESOURCE_TYPE'],
  ['a resource type that is no text', '{"resourceType":["Patient"]}', 'RESOURCE_TYPE'],
  ['an abstract type', '{"resourceType":"DomainResource"}', 'RESOURCE_TYPE'],
  ['no resource type and an id of its own', '{"id":"a/b"}', 'RESOURCE_TYPE'],
  [
    'a category of 70 kB',
    `{"resourceType":"Observation","category":"${'x'.repeat(70_000)}"}`,
    'RESOURCE_INVALID',
  ],
  [
    'a code of 70 kB',
    `{"resourceType":"Observation","code":{"text":"${'x'.repeat(70_000)}"}}`,
    'resource',
  ],
  ['an array', '[1]', 'RESOURCE_TYPE'],
  ['a lone text', '"Patient"', 'RESOURCE_TYPE'],
  ['an unknown type inside a bundle', bundle([entry('{"resourceType":"X"}')]), 'RESOURCE_TYPE'],
  ['an id with a slash', patient.replace('p1', 'p/1'), 'RESOURCE_INVALID'],
  ['an id of 65 letters', patient.replace('p1', 'p'.repeat(65)), 'RESOURCE_INVALID'],
  ['an id of 64 letters', patient.replace('p1', 'p'.repeat(64)), 'resource'],
  ['an id that is a number', patient.replace('"p1"', '1'), 'RESOURCE_INVALID'],
  ['an empty id', patient.replace('p1', ''), 'RESOURCE_INVALID'],
  ['an entry that is an object', '{"resourceType":"Bundle","entry":{}}', 'RESOURCE_INVALID'],
  ['an entry that holds numbers', bundle(['1']), 'RESOURCE_INVALID'],
  ['a resource that is an array', bundle([entry('[{}]')]), 'RESOURCE_INVALID'],
  ['a bundle of no type', '{"resourceType":"Bundle"}', 'RESOURCE_INVALID'],
  ['a bundle of an unknown type', bundle([], 'heap'), 'RESOURCE_INVALID'],
  ['an empty bundle', bundle([]), 'bundle'],
  ['a list, whose entries are no resources', '{"resourceType":"List","entry":[{}]}', 'resource'],
  ['an entry that is no list, outside a bundle', '{"resourceType":"List","entry":1}', 'resource'],
  ['two resources of one id', twice('"p1"'), 'BUNDLE_DUPLICATE_ID'],
  ['two resources of two ids', twice('"p2"'), 'bundle'],
  ['two versions', twice('"p1","meta":{"versionId":"2"}'), 'bundle'],
  ['a history', twice('"p1"', 'history'), 'bundle'],
  [
    'one id at two servers',
    bundle([at('http://a/Patient/p1'), at('http://b/Patient/p1')]),
    'bundle',
  ],
  ['one id under two urns', bundle([at('urn:uuid:1'), at('urn:uuid:2')]), 'BUNDLE_DUPLICATE_ID'],
  ['one field twice', '{"resourceType":"Patient","id":"a","id":"b"}', 'JSON_DUPLICATE_KEY'],
  [
    '129 levels',
    `{"resourceType":"Basic","a":${'['.repeat(128)}${']'.repeat(128)}}`,
    'BUNDLE_TOO_DEEP',
  ],
  ['blanks only', '  \n', 'JSON_INVALID'],
] as const) {
  test(`a JSON file with ${name}: ${expected}`, () => {
    assert.equal(codeOf('a.json', utf8(text)), expected);
  });
}

test('a bundle that is broken off anywhere is refused as not well-formed', () => {
  const bytes = utf8(bundle([entry(patient, 'urn:uuid:1'), entry(observation)]));
  for (let length = 1; length < bytes.length; length++) {
    assert.equal(codeOf('a.json', bytes.subarray(0, length)), 'JSON_INVALID', `${length} bytes`);
  }
});

test('50,000 resources are accepted, one more is not', () => {
  const many = (count: number) =>
    utf8(bundle(Array(count).fill('{"resource":{"resourceType":"Basic"}}')));
  assert.equal(cutFile('a.json', many(50_000)).parts.length, 50_000);
  assert.equal(codeOf('a.json', many(50_001)), 'BUNDLE_TOO_MANY');
});

test('size alone refuses: empty files, JSON above 64 MiB, files above 16 GiB', () => {
  const { maxBundleBytes, maxFileBytes } = recordLimits;
  for (const [name, size, expected] of [
    ['a.json', 0, 'FILE_EMPTY'],
    ['a.pdf', 0, 'FILE_EMPTY'],
    ['a.json', maxBundleBytes + 1, 'BUNDLE_TOO_LARGE'],
    ['a.ndjson', maxBundleBytes + 1, 'BUNDLE_TOO_LARGE'],
    ['a.bin', maxFileBytes + 1, 'FILE_TOO_LARGE'],
  ] as const) {
    assert.throws(
      () => judgeFile(name, utf8('x'), size),
      (error) => isCoded(error, expected),
    );
  }
  assert.equal(judgeFile('a.json', utf8('{'), maxBundleBytes).format, 'json');
  assert.equal(judgeFile('a.bin', utf8('x'), maxFileBytes).format, 'opaque');
});

test('65 MiB of a bundle are refused before they are read', () => {
  const bytes = new Uint8Array(65 * 1024 * 1024).fill(0x20);
  bytes[0] = 0x7b;
  assert.equal(codeOf('a.json', bytes), 'BUNDLE_TOO_LARGE');
});

test('changed bytes are cut or refused with a code, never anything else', () => {
  const whole = utf8(bundle([entry(patient), entry(observation)]));
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }), (changes) => {
      const bytes = whole.slice();
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
      assert.equal(typeof codeOf('a', bytes), 'string');
    }),
    { numRuns: 500 },
  );
});

const hidden = `{"resourceType":"Condition","id":"h","meta":{"security":[{"code":"R"}],"tag":"${'x'.repeat(70_000)}"}}`;
const around = `"meta":{"security":[{"code":"R"}],"tag":"${'x'.repeat(70_000)}"}`;
for (const [name, text] of [
  ['in a bundle', bundle([entry(patient), entry(hidden)])],
  ['in a list', `[${patient},${hidden}]`],
  ['in a line', `${patient}\n${hidden}`],
  ['around what is inside', bundle([entry(patient), entry(`{${around},${bundle([]).slice(1)}`)])],
] as const) {
  test(`labels that nobody can judge, ${name}: nothing of it is an item`, () => {
    const { parts, notes } = cut(text, 'a');
    assert.deepEqual(
      parts.map((it) => it.facts?.id),
      ['p1'],
    );
    assert.deepEqual(
      notes.map((it) => it.kind === 'unreadable' && it.reason),
      ['its meta is too large to be judged'],
    );
  });
}

test('a document with a part that nobody can judge is refused: it stays whole', () => {
  const text = bundle([entry(patient), entry(hidden)], 'document');
  assert.equal(codeOf('a.json', utf8(text), false), 'RESOURCE_INVALID');
});

test('a list is cut as lines are: Bundles in it, types of another FHIR and their labels', () => {
  const foreign = '{"resourceType":"MedicationOrder","meta":{"security":[{"code":"R"}]}}';
  const { kind, parts, notes } = cut(`[${bundle([entry(patient)])}, ${foreign}, 7]`);
  assert.equal(kind, 'bundle');
  assert.deepEqual(
    parts.map((it) => [it.facts?.resourceType, it.facts?.labels]),
    [
      ['Patient', []],
      ['MedicationOrder', ['R']],
    ],
  );
  assert.deepEqual(
    notes.map((it) => [it.kind, it.kind === 'foreign' || it.kind === 'unreadable' ? it.entry : 0]),
    [
      ['foreign', 2],
      ['unreadable', 3],
    ],
  );
  assert.equal(cut('[{"a":1}]').kind, 'other');
});

const manyTimes = (text: string) => Array(50_001).fill(text);
for (const [name, text] of [
  ['entries that are none', bundle(manyTimes('1'))],
  ['entries that are none in an inner bundle', bundle([entry(bundle(manyTimes('1')))])],
  ['deletions', bundle(manyTimes('{"request":{"method":"DELETE","url":"A/1"}}'))],
  ['lines that are none', `${patient}\n${manyTimes('{').join('\n')}`],
] as const) {
  test(`50,001 ${name} are refused`, () => {
    assert.equal(codeOf('a', utf8(text), false), 'BUNDLE_TOO_MANY');
  });
}

test('lines that cannot be read are told, each without reading the file from its beginning', () => {
  assertGrowsAlong(1_500, (size) => {
    const text = `${patient}\n${' '.repeat(200 * size)}\n${Array(size).fill('x').join('\n')}`;
    assert.equal(cut(text, 'a.ndjson').notes.length, size);
  });
});

test('what is wrong in a line is told by its place in the file', () => {
  try {
    cutFile('a.ndjson', utf8(`${patient}\n é {"a" 1}`), { strict: true });
    assert.fail('it is read');
  } catch (error) {
    assert.ok(isCoded(error, 'JSON_INVALID'));
    const { line, column, offset } = error.details;
    assert.deepEqual([line, column, offset], [2, 2, utf8(patient).length + 2]);
  }
});

const found = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../../../test/fixtures/files/${name}`, import.meta.url)));
for (const [name, mediaType, items] of [
  ['03-link.txt', 'text/plain', 1],
  ['08-hl7v2-latin1.hl7', 'x-application/hl7-v2+er7;charset=windows-1252', 1],
  ['08-hl7v2-mllp.hl7', 'x-application/hl7-v2+er7', 1],
  ['08-hl7v2.hl7', 'x-application/hl7-v2+er7', 1],
  ['08-windows1252.csv', 'text/csv;charset=windows-1252', 1],
  ['09-id-missing-subject-missing.json', 'application/fhir+json', 2],
  ['11-contained.json', 'application/fhir+json', 4],
  ['14-apple-export.xml', 'application/xml', 1],
  ['14-ccda-bom.xml', 'application/hl7-cda+xml', 1],
  ['14-ccda-nodecl.xml', 'application/hl7-cda+xml', 1],
  ['14-ccda-utf16.xml', 'application/hl7-cda+xml;charset=utf-16le', 1],
  ['14-ccda.CCDA', 'application/hl7-cda+xml', 1],
  ['14-fhir-bundle.xml', 'application/fhir+xml', 1],
  ['16-rtl-emoji.json', 'application/fhir+json', 3],
  ['19-dup-fullurl-diff-id.json', 'application/fhir+json', 2],
  ['19-same-id-other-type.json', 'application/fhir+json', 2],
  ['21-dicom-no-preamble.dcm', 'application/dicom', 1],
  ['21-pdf-leading-junk.pdf', 'application/pdf', 1],
  ['21-photo.heic', 'image/heic', 1],
  ['21-scan.jpg', 'image/jpeg', 1],
] as const) {
  test(`${name} is ${mediaType}, by what it holds`, () => {
    const file = cutFile(name, found(name));
    assert.deepEqual([file.mediaType, file.parts.length, file.notes], [mediaType, items, []]);
  });
}

test('JSON with comments, and with one field twice, is refused', () => {
  assert.equal(codeOf('a.json', found('22-comment-nan.json'), false), 'JSON_INVALID');
  assert.equal(codeOf('a.json', found('22-dup-key.json'), false), 'JSON_DUPLICATE_KEY');
});
