import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import test from 'node:test';
import { type RecordId, recordIdOf } from '../../primitives/ids.ts';
import { planImport } from './import/import-plan.ts';
import { nothingKnown } from './import/known-items.ts';
import { decodeSkeleton, rebuildFile } from './skeleton.ts';

const folder = new URL('../../../examples/', import.meta.url);
let ids = 0;
const newRecordId = (): RecordId => {
  const id = new Uint8Array(16);
  new DataView(id.buffer).setUint32(0, ids++);
  return recordIdOf(id);
};

function planOf(path: string) {
  const bytes = new Uint8Array(readFileSync(new URL(path, folder)));
  const fileName = path.slice(path.lastIndexOf('/') + 1);
  const known = nothingKnown;
  const common = {
    byDevice: false,
    chosenClass: undefined,
    persons: 'all',
    importedMs: 0,
  } as const;
  const input = { fileName, known, ...common, newRecordId };
  const plan = planImport(input, bytes);
  assert.ok(plan.kind === 'new');
  return { bytes, plan };
}

for (const [name, resources] of [
  ['Alejandro_Riojas_a9fcc685-c7a2-4474-bf25-26c8fe4b48f9.json', 110],
  ['Eboni_Brekke_ae30c5e1-23da-4ecd-a320-a2c6047f3a19.json', 162],
  ['Lemuel_Hodkiewicz_ece76cc5-d728-4ddd-a85d-a47de7d1649a.json', 104],
] as const) {
  test(`the example patient ${name.split('_')[0]} has ${resources} records and comes back whole`, async () => {
    const { bytes, plan } = planOf(`patients/${name}`);
    assert.equal(plan.items.length, resources);
    const classes = new Set(plan.items.map((item) => item.recordClass));
    for (const needed of ['lab', 'medication', 'diagnosis', 'vital', 'summary', 'note'] as const) {
      assert.ok(classes.has(needed), needed);
    }
    const contents = new Map(
      plan.items.map(({ recordId, part: { offset, length } }) => [
        recordId,
        bytes.subarray(offset, offset + length),
      ]),
    );
    const skeleton = decodeSkeleton(plan.skeleton);
    assert.deepEqual(await rebuildFile(skeleton, (id) => contents.get(id)), bytes);
  });
}

test('the example letter is one document, and all examples are tested', () => {
  assert.equal(planOf('documents/discharge-letter.pdf').plan.cut.kind, 'document');
  const patients = readdirSync(new URL('patients/', folder));
  assert.equal(patients.filter((name) => name.endsWith('.json')).length, 3);
});
