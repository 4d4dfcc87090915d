import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { sha256 } from '../../crypto/hash.ts';
import { bytesToHex, concatBytes, utf8, utf8ToText } from '../../primitives/bytes.ts';
import { encodeCbor } from '../../primitives/cbor.ts';
import { isCoded } from '../../primitives/errors.ts';
import { type RecordId, recordIdOf } from '../../primitives/ids.ts';
import { cutOpaque } from './fhir-file.ts';
import {
  type ImportInput,
  type ImportPlan,
  type KnownItem,
  type KnownItems,
  nothingKnown,
  planImport,
  planStreamedImport,
} from './import-plan.ts';
import { decodeSkeleton, encodeSkeleton, rebuildFile } from './skeleton.ts';

let ids = 0;
const newRecordId = (): RecordId => recordIdOf(sha256(utf8(`${ids++}`)).subarray(0, 16));

/** A chart as the tests need it: everything that was imported, by record id. */
class Chart implements KnownItems {
  readonly contents = new Map<RecordId, Uint8Array>();
  readonly versions: KnownItem[] = [];
  readonly imports = new Map<string, RecordId>();
  newestOf = (key: string) => this.versions.findLast((item) => item.key === key);
  versionOf = (key: string, hash: string) =>
    this.versions.find((item) => item.key === key && item.contentHash === hash);
  importOf = (hash: string) => this.imports.get(hash);

  add(text: string | Uint8Array, fileName = 'a.json', change: Partial<ImportInput> = {}) {
    const bytes = typeof text === 'string' ? utf8(text) : text;
    const input = { fileName, known: this, byDevice: false, chosenClass: undefined, newRecordId };
    const plan = planImport({ ...input, ...change }, bytes);
    if (plan.kind === 'known') return plan;
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
const patient = (name: string) =>
  `{"resourceType":"Patient","id":"p1","name":[{"text":"${name}"}]}`;
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
    ['f.json', bundleOf('collection')],
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

  const [back] = itemsOf(chart.add(patient('Ana')));
  assert.equal(back?.previous, changed?.recordId, 'what was true before is a newer version again');
});

test('a history is chained from its oldest version, and known versions stay', () => {
  const chart = new Chart();
  const history = itemsOf(chart.add(bundleOf('history', patient('C'), patient('B'), patient('A'))));
  assert.deepEqual(
    history.map((item) => item.previous),
    [undefined, history[0]?.recordId, history[1]?.recordId],
  );
  const longer = bundleOf('history', patient('D'), patient('C'), patient('B'), patient('A'));
  const [added, ...others] = itemsOf(chart.add(longer));
  assert.equal(others.length, 0);
  assert.equal(added?.previous, history[2]?.recordId);
});

test('the same resource twice in NDJSON is one item, a changed one its next version', async () => {
  const chart = new Chart();
  const plan = chart.add(`${patient('A')}\n${patient('A')}\n${patient('B')}`, 'a.ndjson');
  const [first, second] = itemsOf(plan);
  assert.equal(itemsOf(plan).length, 2);
  assert.equal(second?.previous, first?.recordId);
  await chart.rebuild(plan);
});

test('a streamed file is one item', () => {
  const input = { fileName: 'scan.dcm', byDevice: false, chosenClass: undefined, newRecordId };
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
