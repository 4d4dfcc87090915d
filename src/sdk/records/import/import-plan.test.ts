import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { assertGrowsAlong } from '../../../../test/growth.ts';
import { sha256 } from '../../../crypto/hash.ts';
import { bytesToHex, concatBytes, utf8, utf8ToText } from '../../../primitives/bytes.ts';
import { encodeCbor } from '../../../primitives/cbor.ts';
import { isCoded } from '../../../primitives/errors.ts';
import { type RecordId, recordIdOf } from '../../../primitives/ids.ts';
import { cutOpaque, judgeFile } from '../fhir-file.ts';
import { decodeSkeleton, encodeSkeleton, rebuildFile } from '../skeleton.ts';
import { unpack } from '../unpack.ts';
import { type ImportPlan, planImport, planStreamedImport } from './import-plan.ts';
import { type KnownItem, type KnownItems, nothingKnown } from './known-items.ts';
import type { ImportInput } from './planner.ts';

let ids = 0;
const newRecordId = (): RecordId => recordIdOf(sha256(utf8(`${ids++}`)).subarray(0, 16));

const importedMs = Date.parse('2026-01-01T00:00:00Z');

/** A chart as the tests need it: everything that was imported, by record id. */
class Chart implements KnownItems {
  readonly contents = new Map<RecordId, Uint8Array>();
  readonly versions: KnownItem[] = [];
  readonly imports = new Map<string, RecordId>();
  readonly erased = new Set<RecordId>();
  versionsOf = (key: string) =>
    this.versions.filter((it) => it.key === key && !this.erased.has(it.recordId));
  erasedOf = (key: string) =>
    this.versions.filter((it) => it.key === key && this.erased.has(it.recordId));
  patients = () => this.versions.filter((it) => it.isPatient).map((it) => it.about);
  importOf = (hash: string) => this.imports.get(hash);

  add(text: string | Uint8Array, fileName = 'a.json', change: Partial<ImportInput> = {}) {
    const bytes = typeof text === 'string' ? utf8(text) : text;
    const common = { byDevice: false, chosenClass: undefined, persons: 'all' } as const;
    const input = { fileName, known: this, ...common, importedMs, newRecordId };
    const plan = planImport({ ...input, ...change }, bytes);
    if (plan.kind !== 'new') return plan;
    for (const item of plan.items) {
      const { offset, length } = item.part;
      this.versions.push(item);
      this.contents.set(item.recordId, bytes.subarray(offset, offset + length));
    }
    this.imports.set(plan.fileHash, plan.importId);
    return plan;
  }

  rebuild(plan: ImportPlan): Promise<Uint8Array> {
    assert.equal(plan.kind, 'new');
    const skeleton = plan.kind === 'new' ? plan.skeleton : new Uint8Array(0);
    return rebuildFile(decodeSkeleton(skeleton), (recordId) => this.contents.get(recordId));
  }
}

const itemsOf = (plan: ImportPlan) => (plan.kind === 'new' ? plan.items : []);
const patient = (name: string, versionId = name.length) =>
  `{"resourceType":"Patient","id":"p1","meta":{"versionId":"${versionId}"},"name":[{"text":"${name}"}]}`;
const condition = '{ "resourceType" : "Condition", "id" : "c1", "code" : {"text":"Cough"} }';
const bundleOf = (type: string, ...resources: readonly string[]) =>
  `{"resourceType":"Bundle","type":"${type}","entry":[ ${resources.map((r) => `{"resource":${r}}`).join(' , ')} ]}\n`;

test('a file that was imported comes back byte for byte', async () => {
  const chart = new Chart();
  for (const [name, text] of [
    ['a.json', bundleOf('collection', patient('Ana'), condition)],
    ['b.json', `\n ${patient('Ana')} \n`],
    ['c.ndjson', `${patient('Ana')}\r\n\r\n${condition}`],
    ['d.txt', 'a note'],
    ['e.json', bundleOf('document', patient('Ana'))],
  ] as const) {
    const plan = chart.add(text, name);
    assert.equal(utf8ToText(await chart.rebuild(plan)), text);
  }
});

test('the same file again adds nothing, under another name too', () => {
  const chart = new Chart();
  const text = bundleOf('collection', patient('Ana'), condition);
  const first = chart.add(text);
  assert.equal(itemsOf(first).length, 2);
  assert.ok(first.kind === 'new');
  assert.deepEqual(chart.add(text, 'b.json'), { kind: 'known', importId: first.importId });
});

test('items are named, classed and typed by what they are', () => {
  const plan = new Chart().add(bundleOf('collection', patient('Ana'), condition));
  assert.deepEqual(
    itemsOf(plan).map((item) => [item.key, item.recordClass, item.mediaType, item.name]),
    [
      ['Patient/p1', 'summary', 'application/fhir+json', 'Ana'],
      ['Condition/c1', 'diagnosis', 'application/fhir+json', 'Cough'],
    ],
  );
  const [letter] = itemsOf(new Chart().add('%PDF-1.7 ...', 'letter.pdf'));
  assert.equal(letter?.name, 'letter.pdf');
  assert.equal(letter?.recordClass, 'other');
  assert.equal(letter?.key, `sha256:${bytesToHex(sha256(utf8('%PDF-1.7 ...')))}`);
});

test('a chosen class holds for all items, and a device brings iot', () => {
  const text = bundleOf('collection', patient('Ana'), condition);
  for (const [change, expected] of [
    [{ chosenClass: 'lab' }, 'lab'],
    [{ byDevice: true }, 'iot'],
    [{ byDevice: true, chosenClass: 'vital' }, 'vital'],
  ] as const) {
    const items = itemsOf(new Chart().add(text, 'a.json', change));
    assert.deepEqual(
      items.map((item) => item.recordClass),
      [expected, expected],
    );
  }
});

test('a changed resource becomes a new version of the old, the rest is referred to', async () => {
  const chart = new Chart();
  const first = itemsOf(chart.add(bundleOf('collection', patient('Ana'), condition)));
  const plan = chart.add(bundleOf('collection', patient('Anna'), condition));
  const [changed] = itemsOf(plan);
  assert.equal(itemsOf(plan).length, 1);
  assert.equal(changed?.previous, first[0]?.recordId);
  assert.ok(plan.kind === 'new');
  assert.deepEqual(
    plan.unchanged.map((item) => item.recordId),
    [first[1]?.recordId],
  );
  await chart.rebuild(plan);

  const again = chart.add(patient('Ana'), 'again.json');
  assert.equal(itemsOf(again).length, 0, 'what is known already is no newer version');
});

test('a history is chained from its oldest version, and known versions stay', () => {
  const chart = new Chart();
  const history = itemsOf(
    chart.add(bundleOf('history', patient('C', 3), patient('B', 2), patient('A', 1))),
  );
  assert.deepEqual(
    history.map((item) => item.previous),
    [undefined, history[0]?.recordId, history[1]?.recordId],
  );
  const longer = bundleOf(
    'history',
    patient('D', 4),
    patient('C', 3),
    patient('B', 2),
    patient('A', 1),
  );
  const [added, ...others] = itemsOf(chart.add(longer));
  assert.equal(others.length, 0);
  assert.equal(added?.previous, history[2]?.recordId);
});

test('the same resource twice in NDJSON is one item, a changed one its next version', async () => {
  const chart = new Chart();
  const plan = chart.add(`${patient('A', 1)}\n${patient('A', 1)}\n${patient('B', 2)}`, 'a.ndjson');
  const [first, second] = itemsOf(plan);
  assert.equal(itemsOf(plan).length, 2);
  assert.equal(second?.previous, first?.recordId);
  await chart.rebuild(plan);
});

test('a streamed file is one item', () => {
  const common = { byDevice: false, chosenClass: undefined, importedMs };
  const input = { fileName: 'scan.dcm', ...common, newRecordId };
  const hash = sha256(utf8('scan'));
  const cut = cutOpaque('application/dicom', 5_000_000_000);
  const plan = planStreamedImport({ ...input, known: nothingKnown }, cut, hash);
  const [item] = itemsOf(plan);
  assert.ok(plan.kind === 'new');
  assert.equal(item?.recordClass, 'image');
  assert.deepEqual(decodeSkeleton(plan.skeleton), {
    fileName: 'scan.dcm',
    fileHash: hash,
    byteLength: 5_000_000_000,
    ranges: [{ offset: 0, length: 5_000_000_000, recordId: item?.recordId }],
    between: new Uint8Array(0),
  });
  const known = { ...nothingKnown, importOf: () => plan.importId };
  assert.equal(planStreamedImport({ ...input, known }, cut, hash).kind, 'known');
});

test('an item that is missing or changed makes the export incomplete', async () => {
  const chart = new Chart();
  const plan = chart.add(bundleOf('collection', patient('Ana'), condition));
  const [first] = itemsOf(plan);
  assert.ok(first !== undefined);
  for (const content of [undefined, utf8('short'), utf8(patient('Ama'))]) {
    if (content === undefined) chart.contents.delete(first.recordId);
    else chart.contents.set(first.recordId, content);
    await assert.rejects(
      () => chart.rebuild(plan),
      (error) => isCoded(error, 'EXPORT_INCOMPLETE'),
    );
  }
});

test('any file and any ranges give the file back', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 500 }),
      fc.array(fc.nat(500), { maxLength: 20 }),
      async (file, cuts) => {
        const marks = cuts.map((cut) => Math.min(cut, file.length)).sort((a, b) => a - b);
        const items = new Map<RecordId, Uint8Array>();
        const ranges = [];
        for (let i = 0; i + 1 < marks.length; i += 2) {
          const [offset = 0, end = 0] = marks.slice(i, i + 2);
          const recordId = newRecordId();
          items.set(recordId, file.subarray(offset, end));
          ranges.push({ offset, length: end - offset, recordId });
        }
        const kept = new Set(
          ranges.flatMap(({ offset, length }) => Array.from({ length }, (_, i) => offset + i)),
        );
        const between = file.filter((_, at) => !kept.has(at));
        const skeleton = {
          fileName: 'f',
          fileHash: sha256(file),
          byteLength: file.length,
          ranges,
          between,
        };
        const decoded = decodeSkeleton(encodeSkeleton(skeleton));
        assert.deepEqual(decoded, skeleton);
        assert.deepEqual(await rebuildFile(decoded, (id) => items.get(id)), file);
      },
    ),
  );
});

const id = new Uint8Array(16);
const hash = new Uint8Array(32);
for (const [name, fields, code] of [
  ['of another suite', [3, 61, 'f', hash, 0, [], id], 'SUITE_UNKNOWN'],
  ['of another type', [2, 60, 'f', hash, 0, [], id], 'TYPE_UNKNOWN'],
  ['with a field too many', [2, 61, 'f', hash, 16, [], id, 0], 'CBOR_SHAPE'],
  [
    'whose ranges overlap',
    [
      2,
      61,
      'f',
      hash,
      26,
      [
        [0, 5, id],
        [4, 5, id],
      ],
      id,
    ],
    'CBOR_SHAPE',
  ],
  [
    'whose ranges fall',
    [
      2,
      61,
      'f',
      hash,
      26,
      [
        [9, 5, id],
        [0, 5, id],
      ],
      id,
    ],
    'CBOR_SHAPE',
  ],
  ['whose range ends behind the file', [2, 61, 'f', hash, 26, [[17, 10, id]], id], 'CBOR_SHAPE'],
  ['with too few bytes between', [2, 61, 'f', hash, 26, [[0, 9, id]], id], 'CBOR_SHAPE'],
  ['with a range of two numbers', [2, 61, 'f', hash, 26, [[0, 10]], id], 'CBOR_SHAPE'],
  [
    'of a file above all limits',
    [2, 61, 'f', hash, 2 ** 40, [[0, 2 ** 40 - 16, id]], id],
    'CBOR_SHAPE',
  ],
] as const) {
  test(`a skeleton ${name} is refused with ${code}`, () => {
    assert.throws(
      () => decodeSkeleton(encodeCbor(fields)),
      (error) => isCoded(error, code),
    );
  });
}

test('changed skeletons are decoded or refused with a code', () => {
  const plan = new Chart().add(concatBytes(utf8(bundleOf('collection', condition))));
  const whole = plan.kind === 'new' ? plan.skeleton : new Uint8Array(0);
  fc.assert(
    fc.property(fc.nat(), fc.nat(255), (at, byte) => {
      const bytes = whole.slice();
      bytes[at % bytes.length] = byte;
      try {
        decodeSkeleton(bytes);
      } catch (error) {
        assert.ok(isCoded(error));
      }
    }),
  );
});

const found = (name: string) =>
  readFileSync(new URL(`../../../../test/fixtures/files/${name}`, import.meta.url));
const bytesOf = (name: string) => new Uint8Array(found(name));
const addFound = (chart: Chart, name: string, change: Partial<ImportInput> = {}) =>
  chart.add(bytesOf(name), name, change);

test('resources of two servers with one id are two records, in two files and in one', () => {
  const chart = new Chart();
  addFound(chart, '01-server-a.json');
  const [weight] = itemsOf(addFound(chart, '01-server-b.json'));
  assert.equal(weight?.previous, undefined);
  const both = itemsOf(addFound(new Chart(), '01-both-in-one.json'));
  assert.deepEqual(
    both.map((it) => [it.key, it.previous]),
    [
      ['https://a.example/fhir/Observation/2', undefined],
      ['https://b.example/r4/Observation/2', undefined],
    ],
  );
});

test('an older export never becomes the newest version, whichever comes first', async () => {
  const chart = new Chart();
  const [, active] = itemsOf(addFound(chart, '20-export-2020.json'));
  const [stopped] = itemsOf(addFound(chart, '20-export-2024.json'));
  assert.equal(stopped?.previous, active?.recordId);
  const third = addFound(chart, '20-export-2021.json');
  assert.ok(third.kind === 'new');
  assert.deepEqual([third.items.length, third.unchanged.length], [0, 2]);

  const later = new Chart();
  addFound(later, '20-export-2024.json');
  const [older] = itemsOf(addFound(later, '20-export-2020.json'));
  assert.deepEqual([older?.isOlder, older?.previous], [true, undefined]);

  const ascending = itemsOf(addFound(new Chart(), '23-history-oldest-first.json'));
  assert.deepEqual(
    ascending.map((it) => it.version),
    [1, 2],
  );
  assert.equal(ascending[1]?.previous, ascending[0]?.recordId);
});

test('what is equal as JSON is unchanged, and its own file comes back all the same', async () => {
  const chart = new Chart();
  addFound(chart, '20-export-2024.json');
  const plan = addFound(chart, '23-export-2024-minified.json');
  assert.ok(plan.kind === 'new');
  assert.deepEqual([plan.items.length, plan.unchanged.length], [0, 2]);
  assert.deepEqual(await chart.rebuild(plan), bytesOf('23-export-2024-minified.json'));
  const spelled = chart.add(patient('Ana').replace('"p1"', '"p2"'));
  assert.equal(itemsOf(spelled).length, 1);
});

test('a time later than the import is no time that a source can know', () => {
  const chart = new Chart();
  const of = (time: string, status: string) =>
    `{"resourceType":"Condition","id":"c","meta":{"lastUpdated":"${time}"},"code":{"text":"${status}"}}`;
  const at = (resource: string) =>
    `{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"https://a.example/Condition/c","resource":${resource}}]}`;
  const [forged] = itemsOf(chart.add(at(of('2099-01-01T00:00:00Z', 'Cough'))));
  const [now] = itemsOf(chart.add(at(of('2025-01-01T00:00:00Z', 'Cold'))));
  assert.equal(now?.previous, forged?.recordId);
});

test('a file about two people is refused with their names, and taken for the one who is named', () => {
  const refusal = (change: Partial<ImportInput>) => {
    try {
      addFound(new Chart(), '06-two-patients.json', { persons: undefined, ...change });
      return undefined;
    } catch (error) {
      return isCoded(error, 'FILE_PERSONS') ? error.details.persons : error;
    }
  };
  const told = 'Anna Roe (birth date not recorded), Ben Roe (birth date not recorded)';
  assert.equal(refusal({}), told);
  assert.equal(refusal({ persons: { of: 'Roe' } }), told);
  const plan = addFound(new Chart(), '06-two-patients.json', { persons: { of: 'anna' } });
  assert.deepEqual(
    itemsOf(plan).map((it) => it.name),
    ['Anna Roe', 'Hb of Anna'],
  );
  const chart = new Chart();
  chart.add(patient('Ana Cé'));
  assert.throws(
    () => chart.add(patient('Ben Roe'), 'b.json', { persons: undefined }),
    (error) => isCoded(error, 'FILE_PERSONS'),
  );
});

test('labels of the source are kept with the item, also those of the Bundle around it', () => {
  const labels = (name: string) => itemsOf(addFound(new Chart(), name)).map((it) => it.labels);
  assert.deepEqual(labels('05-restricted.json'), [['V', 'HIV'], [], ['R']]);
});

test('what the source deleted is told, and what is in the chart of it is withdrawn', () => {
  const history = addFound(new Chart(), '07-history-delete.json');
  assert.ok(history.kind === 'new');
  const [item] = history.items;
  assert.deepEqual([history.deleted, history.withdrawn[0]?.recordId], [1, item?.recordId]);
  for (const name of ['07-transaction-delete.json', '07-bulk-deleted.ndjson']) {
    const plan = addFound(new Chart(), name);
    assert.ok(plan.kind === 'nothing', name);
    assert.equal(plan.deleted, 1);
  }
  assert.equal(addFound(new Chart(), '22-empty-bundle.json').kind, 'nothing');
});

test('what was erased stays away, unless it is asked for', async () => {
  const chart = new Chart();
  const [item] = itemsOf(addFound(chart, '01-server-a.json'));
  assert.ok(item !== undefined);
  chart.erased.add(item.recordId);
  chart.imports.clear();
  const plan = addFound(chart, '01-server-a.json');
  assert.deepEqual([plan.kind, plan.kind === 'nothing' && plan.erased], ['nothing', 1]);
  assert.equal(itemsOf(addFound(chart, '01-server-a.json', { again: true })).length, 1);
});

test('a Binary is of the class of the document that names it', () => {
  const items = itemsOf(addFound(new Chart(), '13-pdf-in-docref.json'));
  const classOf = (key: string) => items.find((it) => it.key === key)?.recordClass;
  assert.equal(classOf('Binary/bin1'), 'note');
});

test('what is packed, or of another encoding, is read, and the file comes back as it was', async () => {
  for (const name of ['15-bundle.json.gz', '15-bulk.ndjson.gz', '08-utf16le-bom.json']) {
    const chart = new Chart();
    const bytes = bytesOf(name);
    const members = await unpack(name, bytes, judgeFile(name, bytes, bytes.length));
    const common = { byDevice: false, chosenClass: undefined, importedMs, newRecordId };
    const plan = planImport({ fileName: name, known: chart, ...common }, bytes, members);
    assert.ok(itemsOf(plan).length > 0);
    assert.deepEqual(await chart.rebuild(plan), bytes);
  }
});

/** Every input that is kept, and how many items it brings. */
for (const [name, items] of [
  ['02-dstu2-medicationorder.json', 1],
  ['02-stu3-bundle.json', 3],
  ['02-r5-bundle.json', 2],
  ['03-card.smart-health-card', 1],
  ['03-card.json', 1],
  ['08-bom-twice.ndjson', 2],
  ['08-nul-tail.json', 1],
  ['08-trailing-garbage.ndjson', 2],
  ['09-id-long.json', 2],
  ['09-id-underscore.json', 2],
  ['12-array.json', 2],
  ['12-bundle-in-bundle.json', 2],
  ['12-bundles.ndjson', 2],
  ['12-parameters.json', 1],
  ['12-response-with-outcome.json', 1],
  ['12-searchset-next.json', 1],
  ['19-identical-twice.json', 2],
  ['22-entry-null.json', 1],
  ['22-no-type.json', 1],
  ['22-id-number.json', 1],
  ['22-r5-subscription-type.json', 1],
  ['22-crlf.ndjson', 2],
] as const) {
  test(`${name} brings ${items}, and comes back byte for byte`, async () => {
    const chart = new Chart();
    const plan = addFound(chart, name);
    assert.equal(itemsOf(plan).length, items);
    assert.deepEqual(await chart.rebuild(plan), bytesOf(name));
  });
}

const holds = (plan: ImportPlan, text: string): boolean =>
  plan.kind === 'new' && Buffer.from(plan.skeleton).includes(text);

test('of a file about two people nothing of the other one is kept', async () => {
  const chart = new Chart();
  const plan = addFound(chart, '06-two-patients.json', { persons: { of: 'anna' } });
  assert.ok(plan.kind === 'new' && plan.ofOthers === 2);
  assert.equal(holds(plan, 'Hb of Ben'), false);
  await assert.rejects(
    () => chart.rebuild(plan),
    (error) => isCoded(error, 'EXPORT_INCOMPLETE'),
  );
});

test('what was erased does not come back inside a packed file, and does when it is asked for', async () => {
  const chart = new Chart();
  for (const item of itemsOf(addFound(chart, '20-export-2020.json'))) {
    if (item.recordClass === 'medication') chart.erased.add(item.recordId);
  }
  const packed = new Uint8Array(gzipSync(bytesOf('20-export-2024.json')));
  const members = await unpack('a.json.gz', packed, judgeFile('a.json.gz', packed, packed.length));
  const common = { byDevice: false, chosenClass: undefined, persons: 'all' } as const;
  const input = { fileName: 'a.json.gz', known: chart, ...common, importedMs, newRecordId };
  const plan = planImport(input, packed, members);
  assert.ok(plan.kind === 'new');
  assert.deepEqual([plan.items.length, plan.erased], [0, 1]);
  const { ranges, between } = decodeSkeleton(plan.skeleton);
  assert.deepEqual([ranges.length, between.length], [0, 0]);
  chart.imports.set(plan.fileHash, plan.importId);
  assert.equal(planImport(input, packed, members).kind, 'known');
  const again = planImport({ ...input, again: true }, packed, members);
  assert.equal(itemsOf(again).length, 1);
});

for (const [name, kind, items] of [
  ['08-lone-surrogate.json', 'bundle', 2],
  ['22-questionnaire-deep.json', 'resource', 1],
] as const) {
  test(`${name} is read and comes back byte for byte`, async () => {
    const chart = new Chart();
    const plan = addFound(chart, name);
    assert.ok(plan.kind === 'new');
    assert.deepEqual([plan.cut.kind, plan.items.length], [kind, items]);
    assert.deepEqual(await chart.rebuild(plan), bytesOf(name));
  });
}

test('a packed file is known by its first bytes, whatever it is called', async () => {
  const packed = bytesOf('15-gz-named.ndjson');
  const judged = judgeFile('15-gz-named.ndjson', packed, packed.length);
  const members = await unpack('15-gz-named.ndjson', packed, judged);
  assert.equal(members?.length, 1);
});

test('thousands of versions of one record are planned without comparing each with each', () => {
  const version = (id: number) =>
    `{"resourceType":"Patient","id":"p1","meta":{"versionId":"${id}"}}`;
  assertGrowsAlong(500, (count) => {
    const versions = Array.from({ length: count }, (_, i) => version(count - i));
    const plan = new Chart().add(bundleOf('collection', ...versions));
    assert.equal(itemsOf(plan).length, count);
  });
});

test('a clinical document that says late what it is is restricted all the same', () => {
  const xml = (code: string) =>
    `<?xml version="1.0"?><!-- ${'licence '.repeat(1000)} --><ClinicalDocument><confidentialityCode code="${code}"/></ClinicalDocument>`;
  const classes = (code: string) =>
    itemsOf(new Chart().add(xml(code), 'a.xml')).map((it) => [it.recordClass, it.labels]);
  assert.deepEqual(classes('R'), [['private', ['R']]]);
  assert.deepEqual(classes('N'), [['other', []]]);
});

const entriesOf = (...entries: readonly (readonly [fullUrl: string, resource: object])[]) =>
  JSON.stringify({
    resourceType: 'Bundle',
    type: 'collection',
    entry: entries.map(([fullUrl, resource]) => ({ fullUrl, resource })),
  });
const documentOf = (subject: string, url: string, security: readonly string[] = []) => ({
  resourceType: 'DocumentReference',
  meta: { security: security.map((code) => ({ code })) },
  subject: { reference: subject },
  content: [{ attachment: { url } }],
});
const binary = { resourceType: 'Binary', contentType: 'text/plain', data: 'QQ==' };

test('a Binary is of the person whose document it is', () => {
  const text = entriesOf(
    ['urn:uuid:1', { resourceType: 'Patient', id: 'a', name: [{ text: 'Anna Roe' }] }],
    ['urn:uuid:2', { resourceType: 'Patient', id: 'b', name: [{ text: 'Ben Roe' }] }],
    ['urn:uuid:3', documentOf('Patient/a', 'urn:uuid:5')],
    ['urn:uuid:4', documentOf('Patient/b', 'urn:uuid:6')],
    ['urn:uuid:5', { ...binary, id: 'of-anna' }],
    ['urn:uuid:6', { ...binary, id: 'of-ben' }],
  );
  const plan = new Chart().add(text, 'a.json', { persons: { of: 'anna' } });
  assert.deepEqual(
    itemsOf(plan).map((it) => it.part.facts?.id),
    ['a', undefined, 'of-anna'],
  );
  assert.equal(holds(plan, 'of-ben'), false);
});

test('a Binary that one of two documents restricts is restricted', () => {
  const text = entriesOf(
    ['urn:uuid:3', documentOf('Patient/a', 'urn:uuid:5', ['R'])],
    ['urn:uuid:4', documentOf('Patient/a', 'urn:uuid:5')],
    ['urn:uuid:5', { ...binary, id: 'b' }],
  );
  const item = itemsOf(new Chart().add(text)).find((it) => it.part.facts?.id === 'b');
  assert.deepEqual([item?.recordClass, item?.ordinaryClass], ['private', 'note']);
});

test('a prescription is called as the medicine of the file that it refers to, unless two have its name', () => {
  const medicine = (text: string) => ({ resourceType: 'Medication', id: 'm', code: { text } });
  const order = {
    resourceType: 'MedicationRequest',
    medicationReference: { reference: 'Medication/m' },
  };
  const nameOf = (...medicines: readonly string[]) => {
    const listed = medicines.map(
      (it, i) => [`https://s${i}.example/Medication/m`, medicine(it)] as const,
    );
    const plan = new Chart().add(entriesOf(['urn:uuid:1', order], ...listed));
    return itemsOf(plan).find((it) => it.part.facts?.resourceType === 'MedicationRequest')?.name;
  };
  assert.equal(nameOf('Metformin 500 MG'), 'Metformin 500 MG');
  assert.equal(nameOf('Metformin 500 MG', 'Warfarin 5 MG'), 'MedicationRequest');
  assert.equal(nameOf(), 'MedicationRequest');
});
