import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseAccountId, type RecordId, recordIdOf } from '../../primitives/ids.ts';
import type { KnownItem } from '../records/import-plan.ts';
import type { HeldImport } from './content.ts';
import { encodeIndex, ImportIndex } from './import-index.ts';

const account = parseAccountId('a1'.repeat(32));
const recordId = (number: number): RecordId =>
  recordIdOf(new Uint8Array(16).fill(number & 255).fill(number >> 8, 8));
const hashOf = (content: number): string => content.toString(16).padStart(64, '0');

interface Version {
  readonly key: string;
  readonly content: number;
}

/** The nth import; its items are numbered from 10n + 1. */
function importOf(n: number, versions: readonly Version[], importedMs = n): HeldImport {
  const items: KnownItem[] = versions.map(({ key, content }, i) => ({
    key,
    recordId: recordId(10 * n + i + 1),
    contentHash: hashOf(content),
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
          assert.deepEqual(kept.newestOf(key), anew.newestOf(key));
          for (const content of [1, 2, 3]) {
            const hash = hashOf(content);
            assert.deepEqual(kept.versionOf(key, hash), anew.versionOf(key, hash));
          }
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
  const first = { key: 'Patient/1', recordId: recordId(11), contentHash: hashOf(1) };
  assert.deepEqual(index.versionOf('Patient/1', hashOf(1)), first);
  assert.equal(index.newestOf('Patient/1')?.recordId, recordId(21));
  assert.equal(index.newestOf('Patient/2'), undefined);
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
  assert.equal(index.newestOf('Patient/1')?.recordId, recordId(21));
  index.update(imports, [recordId(21)]);
  assert.equal(index.newestOf('Patient/1')?.recordId, recordId(11));
  assert.equal(index.versionOf('Patient/1', hashOf(2)), undefined);
  assert.equal(index.importOf('02'.repeat(32)), undefined);
  assert.equal(index.newestOf('Condition/1')?.recordId, recordId(22));
});

test('An import that is not confirmed is not known yet', () => {
  const made = importOf(1, [{ key: 'Patient/1', content: 1 }]);
  const index = new ImportIndex().update([{ ...made, anchored: false }], []);
  assert.equal(index.newestOf('Patient/1'), undefined);
  index.update([made], []);
  assert.equal(index.newestOf('Patient/1')?.recordId, recordId(11));
});
