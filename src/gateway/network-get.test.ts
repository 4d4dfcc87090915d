import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { codeOf, Person } from '../../test/gateway/person.ts';
import { openTown, type Town } from '../../test/gateway/town.ts';
import type { NetworkAnswer } from '../api/routes/network-get.ts';

let town: Town;
before(async () => {
  town = await openTown();
});
after(() => town.close());

const path = '/v1/network';

test('A stranger is told nothing of how a hospital is (H-32)', async () => {
  const stranger = await Person.make(town, town.north);
  const answer = await stranger.call('GET', path);
  assert.equal(answer.status, 401);
  assert.equal(codeOf(answer), 'UNAUTHENTICATED');
});

for (const role of ['patient', 'clinician', 'auditor'] as const) {
  test(`To somebody of role ${role} it is refused`, async () => {
    const person = await Person.enrolled(town, town.north, role);
    assert.equal(codeOf(await person.call('GET', path)), 'FORBIDDEN');
  });
}

test('Nor does a desk’s token open it', async () => {
  const stranger = await Person.make(town, town.north);
  const headers = { authorization: `Desk ${town.north.deskToken}` };
  assert.notEqual((await stranger.call('GET', path, { headers })).status, 200);
});

test('An operator reads how his own hospital is, and that no backup is known', async () => {
  const operator = await Person.enrolled(town, town.north, 'operator');
  const before = (await operator.call('GET', path)).body as NetworkAnswer;
  assert.equal(before.hospital.name, 'north');
  assert.ok(before.reads && before.height > 0);
  assert.equal(before.backup, undefined);
  assert.ok(Number(before.storeMs) >= 0, 'its store answers');
  const stranger = await Person.make(town, town.north);
  await stranger.call('GET', path);
  const now = (await operator.call('GET', path)).body as NetworkAnswer;
  const refused = ({ refusals }: NetworkAnswer) =>
    refusals.find((it) => it.code === 'UNAUTHENTICATED')?.count ?? 0;
  assert.ok(refused(now) > refused(before), 'a refusal is counted');
});
