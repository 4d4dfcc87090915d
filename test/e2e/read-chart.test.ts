import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type RecordLine, readChart } from '../../src/sdk/index.ts';
import { type Consortium, fileOf, startConsortium } from './consortium.ts';

/** A clinician opens a whole chart: what he must see first comes first, and the patient is told of one look. */
const day = 24 * 60 * 60_000;
const utf8 = (words: string): Uint8Array => new TextEncoder().encode(words);

let consortium: Consortium;
before(async () => {
  consortium = await startConsortium();
});
after(() => consortium.stop());

const resources = [
  { resourceType: 'Condition', code: { text: 'Asthma' } },
  { resourceType: 'Condition', code: { text: 'Migraine' } },
  { resourceType: 'Patient', name: [{ family: 'Lima', given: ['Ana'] }], birthDate: '1970-01-31' },
  { resourceType: 'Encounter', status: 'finished' },
];

test('Lines come before bodies, bodies in the order that was asked for, all by one look, and it is known who it is', async () => {
  const ana = await consortium.person('Ana', 'north', 'patient');
  const { person: doctor } = await consortium.person('Dr Osei', 'harbour', 'clinician');
  for (const [at, it] of resources.entries()) {
    await ana.person.addFile(fileOf(`${at}.json`, utf8(JSON.stringify(it))));
  }
  await ana.person.addCard(doctor.card(), { nickname: 'osei' });
  const { consent } = await ana.person.grant({
    ...{ grantee: 'osei', readClasses: ['diagnosis', 'summary', 'note'], purposes: ['TREAT'] },
    ...{ writeClasses: [], notAfterMs: consortium.now() + day },
  });
  await doctor.inbox();
  const said: string[] = [];
  const rankOf = (it: RecordLine) =>
    it.headline?.type === 'Patient' ? 0 : it.headline?.type === 'Condition' ? 1 : undefined;
  const { lines, accesses } = await doctor.run(readChart, {
    consent,
    orderOf: rankOf,
    onLines: (all) => said.push(`${all.length} lines`),
    onRecord: ({ headline }) => said.push(headline.name),
  });
  assert.deepEqual(said.slice(0, 2), ['4 lines', 'Ana Lima']);
  assert.deepEqual(said.slice(2), ['Asthma', 'Migraine']);
  assert.equal(lines.length, 4);
  assert.equal(accesses.length, 1);
  assert.equal((await doctor.patientIdentity(consent))?.born, '1970-01-31');
  const { notices } = await ana.person.looked();
  assert.deepEqual(
    notices.map((it) => it.kind),
    ['look'],
  );
});
