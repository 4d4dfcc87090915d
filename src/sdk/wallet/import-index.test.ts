import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { assertGrowsAlong } from '../../../test/growth.ts';
import { parseAccountId, type RecordId, recordIdOf } from '../../primitives/ids.ts';
import type { KnownItem } from '../records/import/known-items.ts';
import type { HeldImport } from './content.ts';
import { encodeIndex, ImportIndex } from './import-index.ts';

const account = parseAccountId('a1'.repeat(32));
const recordId = (number: number): RecordId =>
  recordIdOf(new Uint8Array(16).fill(number & 255).fill(number >> 8, 8));
const hashOf = (content: number): string => content.toString(16).padStart(64, '0');

const about = (content: number) => ({
  contentHash: hashOf(content),
  jsonHash: hashOf(content).slice(32),
  about: '0'.repeat(32),
  isPatient: false,
  isAddress: false,
  updatedMs: undefined,
  version: undefined,
});

interface Version {
  readonly key: string;
  readonly content: number;
}

/** The nth import; its items are numbered from 10n + 1. */
function importOf(n: number, versions: readonly Version[], importedMs = n): HeldImport {
  const items: KnownItem[] = versions.map(({ key, content }, i) => ({
    key,
    recordId: recordId(10 * n + i + 1),
    ...about(content),
  }));
  const sha256 = new Uint8Array(32).fill(n);
  const common = { account, fileName: 'f', bytes: 1, anchored: true, items: items.length };
  return { ...common, skeleton: recordId(10 * n), sha256, importedMs, index: encodeIndex(items) };
}

const keys = ['Patient/1', 'Condition/1', 'Observation/1'];
const versions = fc.array(
  fc.record({ key: fc.constantFrom(...keys), content: fc.integer({ min: 1, max: 3 }) }),
  { maxLength: 4 },
);

test('An index that was kept says what one that reads everything anew says', () => {
  const event = fc.record({
    versions,
    anchored: fc.boolean(),
    erased: fc.option(fc.integer({ min: 10, max: 60 }), { freq: 4 }),
    earlier: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 5 }), (events) => {
      const kept = new ImportIndex();
      const imports: HeldImport[] = [];
      const erased: RecordId[] = [];
      for (const [i, it] of events.entries()) {
        const n = i + 1;
        const made = importOf(n, it.versions, it.earlier ? 0 : n);
        imports.push({ ...made, anchored: it.anchored });
        if (it.erased !== null) erased.push(recordId(it.erased));
        // What waited for its answer is confirmed later.
        const before = imports[i - 1];
        if (before !== undefined) imports[i - 1] = { ...before, anchored: true };
        kept.update([...imports], [...erased]);
        const anew = new ImportIndex().update([...imports], [...erased]);
        for (const key of keys) {
          assert.deepEqual(kept.versionsOf(key), anew.versionsOf(key));
          assert.deepEqual(kept.erasedOf(key), anew.erasedOf(key));
        }
        for (let file = 1; file <= n; file++) {
          const hash = file.toString(16).padStart(2, '0').repeat(32);
          assert.equal(kept.importOf(hash), anew.importOf(hash));
        }
      }
    }),
  );
});

test('The newest version is that of the later import, and an older one is found by its bytes', () => {
  const index = new ImportIndex().update(
    [
      importOf(1, [{ key: 'Patient/1', content: 1 }]),
      importOf(2, [{ key: 'Patient/1', content: 2 }]),
    ],
    [],
  );
  const first = { key: 'Patient/1', recordId: recordId(11), ...about(1) };
  assert.deepEqual(index.versionsOf('Patient/1')[0], first);
  assert.equal(index.versionsOf('Patient/1').at(-1)?.recordId, recordId(21));
  assert.equal(index.versionsOf('Patient/2').at(-1), undefined);
  assert.equal(index.importOf('01'.repeat(32)), recordId(10));
});

test('What was erased counts as never imported, and so does its file', () => {
  const imports = [
    importOf(1, [{ key: 'Patient/1', content: 1 }]),
    importOf(2, [
      { key: 'Patient/1', content: 2 },
      { key: 'Condition/1', content: 1 },
    ]),
  ];
  const index = new ImportIndex().update(imports, []);
  assert.equal(index.versionsOf('Patient/1').at(-1)?.recordId, recordId(21));
  index.update(imports, [recordId(21)]);
  assert.equal(index.versionsOf('Patient/1').at(-1)?.recordId, recordId(11));
  assert.equal(index.erasedOf('Patient/1')[0]?.recordId, recordId(21));
  assert.equal(index.importOf('02'.repeat(32)), undefined);
  assert.equal(index.versionsOf('Condition/1').at(-1)?.recordId, recordId(22));
});

test('An import that is not confirmed is not known yet', () => {
  const made = importOf(1, [{ key: 'Patient/1', content: 1 }]);
  const index = new ImportIndex().update([{ ...made, anchored: false }], []);
  assert.equal(index.versionsOf('Patient/1').at(-1), undefined);
  index.update([made], []);
  assert.equal(index.versionsOf('Patient/1').at(-1)?.recordId, recordId(11));
});

test('Versions are in the order of their source, whichever import came first', () => {
  const item = (n: number, version: number) => ({
    ...{ key: 'Patient/1', recordId: recordId(n) },
    ...about(version),
    version,
  });
  const held = (n: number, version: number) => ({
    ...importOf(n, []),
    index: encodeIndex([item(10 * n + 1, version)]),
  });
  const index = new ImportIndex().update([held(1, 2), held(2, 1), held(3, 3)], []);
  assert.deepEqual(index.lineOf(recordId(11)), [recordId(31), recordId(11), recordId(21)]);
});

test('Two imports of one content are one record and its double', () => {
  const content = [{ key: 'Patient/1', content: 1 }];
  const index = new ImportIndex().update([importOf(1, content), importOf(2, content)], []);
  assert.equal(index.versionsOf('Patient/1').length, 1);
  assert.equal(index.doubleOf(recordId(21)), recordId(11));
  assert.equal(index.doubleOf(recordId(11)), undefined);
});

test('What a source deleted is withdrawn', () => {
  const made = importOf(1, [{ key: 'Patient/1', content: 1 }]);
  const [item] = new ImportIndex().update([made], []).versionsOf('Patient/1');
  const index = encodeIndex([], item === undefined ? [] : [item]);
  const known = new ImportIndex().update([made, { ...importOf(2, []), index }], []);
  assert.equal(known.isWithdrawn(recordId(11)), true);
  assert.equal(known.versionsOf('Patient/1').length, 1);
});

test('A file with thousands of versions of one record costs what as many records cost', () => {
  assertGrowsAlong(1_000, (count) => {
    const items = Array.from({ length: count }, (_, n) => ({
      ...{ key: 'Patient/1', recordId: recordId(n + 1), ...about(n + 1) },
      ...{ isAddress: true, updatedMs: n + 1 },
    }));
    const held = { ...importOf(1, []), index: encodeIndex(items) };
    const index = new ImportIndex().update([held], []);
    const ids = items.map((it) => it.recordId);
    for (const id of ids) assert.equal(index.lineOf(id)[0], ids.at(-1));
    assert.equal(index.versionsOf('Patient/1').length, count);
  });
});
