import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { utf8 } from '../../src/primitives/bytes.ts';
import { deflatedZip } from '../zip.ts';
import { type Consortium, fileOf, startConsortium } from './consortium.ts';

/** An export of a phone that unpacks to more than is ever held: its FHIR becomes records, the rest is counted and kept. */
let consortium: Consortium;
before(async () => {
  consortium = await startConsortium();
});
after(() => consortium.stop());

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const lab = (id: string, more: object = {}) =>
  utf8(
    JSON.stringify({
      ...{ resourceType: 'Observation', id, status: 'final', code: { text: id } },
      ...{ category: [{ coding: [{ code: 'laboratory' }] }], ...more },
    }),
  );
const record =
  '<Record type="HKQuantityTypeIdentifierStepCount" unit="count" startDate="2021-01-02 10:00:00 +0100" value="12"/>\n';
const measurements = utf8(`<HealthData>${record.repeat(650_000)}</HealthData>`);
const exportOf = (...labs: readonly (readonly [string, Uint8Array])[]) =>
  deflatedZip([
    ['apple_health_export/export.xml', measurements],
    ...labs.map(
      ([id, bytes]) => [`apple_health_export/clinical-records/${id}.json`, bytes] as const,
    ),
  ]);

test('A large export brings its FHIR, says what it counts, and comes back byte for byte', async () => {
  const { person } = await consortium.person('Ana', 'north', 'patient');
  const zip = exportOf(['Potassium', lab('Potassium')], ['Sodium', lab('Sodium')]);
  const added = await person.addFile(fileOf('export.zip', zip));
  assert.deepEqual(
    added.healthData.map(({ kind, count, newest }) => [kind, count, newest]),
    [['StepCount', 650_000, '12 count']],
  );
  assert.deepEqual(
    added.items.map(({ name, recordClass }) => [name, recordClass]),
    [
      ['Potassium', 'lab'],
      ['Sodium', 'lab'],
      // It holds both: who is granted the laboratory, or any other class, does not get them by it.
      ['export.zip', 'private'],
    ],
  );
  assert.ok(added.importId);
  const back = await person.exportImport(added.importId);
  assert.equal(sha256(back.bytes), sha256(zip));
  const again = await person.addFile(fileOf('export.zip', zip));
  assert.deepEqual([again.kind, again.items.length], [undefined, 0]);
  // The next month's export: what was there is not there twice.
  const next = exportOf(['Potassium', lab('Potassium')], ['Urea', lab('Urea')]);
  const more = await person.addFile(fileOf('export.zip', next));
  assert.deepEqual(
    more.items.map(({ name }) => name),
    ['Urea', 'export.zip'],
  );
});

test('An export about somebody else too is not kept whole when only her records are taken', async () => {
  const { person } = await consortium.person('Bea', 'north', 'patient');
  const patient = (id: string, family: string) =>
    utf8(
      JSON.stringify({ resourceType: 'Patient', id, name: [{ family }], birthDate: '1980-01-02' }),
    );
  const zip = exportOf(
    ['Patient-b', patient('b', 'Bea')],
    ['Patient-c', patient('c', 'Carl')],
    ['Urea', lab('Urea', { subject: { reference: 'Patient/c' } })],
  );
  await assert.rejects(person.addFile(fileOf('export.zip', zip)), { code: 'FILE_PERSONS' });
  const added = await person.addFile(fileOf('export.zip', zip), { persons: { of: 'Bea' } });
  assert.deepEqual(
    added.items.map(({ name }) => name),
    ['Bea'],
  );
  assert.equal(added.ofOthers, 2);
});
