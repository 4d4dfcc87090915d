import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { sha256 } from '../../src/crypto/hash.ts';
import { bytesToHex, utf8 } from '../../src/primitives/bytes.ts';
import { isCoded } from '../../src/primitives/errors.ts';
import { type RecordId, recordIdOf } from '../../src/primitives/ids.ts';
import { planImport } from '../../src/sdk/records/import/import-plan.ts';
import { nothingKnown } from '../../src/sdk/records/import/known-items.ts';
import { parseJsonTree } from '../../src/sdk/records/json-tree.ts';
import { showItem } from '../../src/sdk/records/show-html.ts';
import { decodeSkeleton, rebuildFile } from '../../src/sdk/records/skeleton.ts';

/** Every file of the shared data is cut, shown and given back byte for byte, or refused with a code. */
const shared = process.env.SALUS_SHARED;
if (shared === undefined) throw new Error('SALUS_SHARED names the folder of the shared data');
const data = join(shared, 'data');

interface Found {
  readonly kind: string;
  readonly items: number;
  readonly code: string;
}

async function importFile(path: string): Promise<Found> {
  const bytes = new Uint8Array(readFileSync(path));
  let ids = 0;
  const newRecordId = (): RecordId => recordIdOf(sha256(utf8(`${ids++}`)).subarray(0, 16));
  const fileName = path.slice(path.lastIndexOf('/') + 1);
  const common = { byDevice: false, persons: 'all', importedMs: Date.now() } as const;
  const input = { fileName, known: nothingKnown, ...common, newRecordId };
  try {
    const plan = planImport({ ...input, chosenClass: undefined }, bytes);
    // A file that holds nothing to keep adds nothing.
    if (plan.kind !== 'new') return { kind: plan.kind, items: 0, code: '' };
    const contents = new Map<RecordId, Uint8Array>();
    for (const { recordId, part, mediaType, name, recordClass } of plan.items) {
      const content = bytes.subarray(part.offset, part.offset + part.length);
      contents.set(recordId, content);
      if (part.facts !== undefined) {
        const parsed: unknown = JSON.parse(new TextDecoder().decode(content));
        const { resourceType = '' } = Object(parsed);
        assert.equal(resourceType, part.facts.resourceType);
        assert.equal(parseJsonTree(content).kind, 'object');
      }
      const page = showItem({
        name,
        mediaType,
        recordClass,
        writtenMs: 0,
        authorName: '',
        bytes: content,
      });
      assert.doesNotMatch(page, /<script|<iframe|<[a-z][^>]*\son[a-z]+=/i);
    }
    const rebuilt = await rebuildFile(decodeSkeleton(plan.skeleton), (id) => contents.get(id));
    assert.equal(bytesToHex(sha256(rebuilt)), bytesToHex(sha256(bytes)));
    return { kind: plan.cut.kind, items: plan.items.length, code: '' };
  } catch (error) {
    if (!isCoded(error)) throw error;
    return { kind: '', items: 0, code: error.code };
  }
}

const filesOf = (folder: string): string[] =>
  readdirSync(join(data, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();

async function importAll(folder: string): Promise<Map<string, Found>> {
  const found = new Map<string, Found>();
  for (const path of filesOf(folder)) {
    found.set(path.slice(path.lastIndexOf('/') + 1), await importFile(path));
  }
  return found;
}

const sum = (found: ReadonlyMap<string, Found>): number =>
  [...found.values()].reduce((total, { items }) => total + items, 0);
const refusedIn = (found: ReadonlyMap<string, Found>): [string, string][] =>
  [...found].filter(([, { code }]) => code !== '').map(([name, { code }]) => [name, code]);

test('14 Synthea bundles give their 1,894 resources and come back byte for byte', async () => {
  const found = await importAll('fhir/synthea-r4');
  assert.equal(found.size, 14);
  assert.deepEqual(refusedIn(found), []);
  assert.equal(sum(found), 1894);
});

test('bulk NDJSON gives one item per line; so does the log, which is no FHIR', async () => {
  const found = await importAll('fhir/bulk-10-patients');
  assert.deepEqual(refusedIn(found), []);
  let lines = 0;
  for (const path of filesOf('fhir/bulk-10-patients')) {
    lines += readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line.trim() !== '').length;
  }
  assert.equal(sum(found), lines);
});

test('every example of the specification and the patient summary are imported', async () => {
  const found = await importAll('fhir/spec-examples-r4');
  assert.deepEqual(refusedIn(found), []);
  assert.equal(found.get('diagnosticreport-example.json')?.items, 18);
  const summary = await importAll('fhir/ips');
  assert.deepEqual([...summary.values()], [{ kind: 'document', items: 1, code: '' }]);
});

test('no clean case of the validator is refused, and what is no JSON is', async () => {
  const found = await importAll('fhir/validator-golden/input');
  const index: unknown = JSON.parse(
    readFileSync(join(data, 'fhir/validator-golden/index.json'), 'utf8'),
  );
  assert.ok(Array.isArray(index));
  const clean = index.filter((entry) => entry.errors === 0);
  assert.ok(clean.length > 10);
  for (const { input } of clean) assert.equal(found.get(input)?.code, '', input);
  assert.deepEqual(refusedIn(found), [
    ['bad-json-close-2.json', 'JSON_INVALID'],
    ['json-comma-bad-1.json', 'JSON_INVALID'],
    ['json-comments-1.json', 'JSON_INVALID'],
    ['json-comments-2.json', 'JSON_INVALID'],
    ['json-no-quotes-1.json', 'JSON_INVALID'],
  ]);
  assert.deepEqual(refusedIn(await importAll('fhir/validator-golden/outcome')), []);
});

test('documents and images are one item each', async () => {
  for (const [folder, kind] of [
    ['documents', 'document'],
    ['imaging', 'other'],
    ['research', 'other'],
    ['terminology', 'other'],
  ] as const) {
    for (const found of (await importAll(folder)).values()) {
      assert.deepEqual(found, { kind, items: 1, code: '' });
    }
  }
});

test('supply-chain events are no health records, and kept all the same', async () => {
  for (const [name, { code, items }] of await importAll('epcis')) {
    assert.deepEqual([code, items > 0], ['', true], name);
  }
});
