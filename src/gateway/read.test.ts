import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accepted, codeOf, Person } from '../../test/gateway/person.ts';
import { sealedItem } from '../../test/gateway/sealed.ts';
import { openTown, type Town } from '../../test/gateway/town.ts';

let town: Town;
let ana: Person;
let doctor: Person;

before(async () => {
  town = await openTown();
  ana = await Person.enrolled(town, town.north, 'patient');
  doctor = await Person.enrolled(town, town.south, 'clinician');
  await ana.keySet();
});
after(() => town.close());

test('a doctor of another hospital reads what was granted', async () => {
  const lab = sealedItem('lab');
  const note = sealedItem('note');
  await ana.keep([lab, note]);
  const grant = await ana.grant(doctor.account);
  const answer = await doctor.reads(grant, town.north);
  assert.deepEqual(
    answer.rows.map((row) => row.recordId),
    [lab.recordId],
  );
  accepted(await doctor.read(grant, town.north));
  assert.equal(codeOf(await doctor.read(grant, town.south)), 'NOT_FOUND');
});
