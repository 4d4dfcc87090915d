import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accepted, codeOf, Person } from '../../../../test/gateway/person.ts';
import { openTown, type Town } from '../../../../test/gateway/town.ts';
import { credentialHashOf, decodeCard } from '../../../api/card.ts';
import { bytesOfText } from '../../../api/message-parts.ts';
import { decodeSigned } from '../../../api/signed.ts';
import { labels } from '../../../crypto/labels.ts';
import { verifyLabelled } from '../../../crypto/signature.ts';
import { decodeRow } from '../../../ledger/table.ts';
import { keys } from '../../../ledger/tables/keys.ts';
import { equalBytes } from '../../../primitives/bytes.ts';
import { idBytes } from '../../../primitives/ids.ts';

let town: Town;
before(async () => {
  town = await openTown();
});
after(() => town.close());

test('an invitation makes an account, and a card whose credential the ledger holds', async () => {
  const doctor = await Person.make(town, town.north);
  const { card } = await doctor.enrol('clinician', 'Dr. Vega');
  const { bytes, signature } = decodeSigned(bytesOfText(card));
  const stated = decodeCard(bytes);
  assert.equal(stated.account, doctor.account);
  assert.equal(stated.name, 'Dr. Vega');
  assert.ok(await verifyLabelled(stated.organisationKey, labels.cardSign, bytes, signature));
  assert.ok(equalBytes(stated.organisationKey, town.north.keys.sign.publicKey));
  const { value } = await town.engine.query('keys', idBytes(doctor.account), { prove: false });
  assert.ok(value !== undefined);
  assert.ok(equalBytes(decodeRow(keys, value).credentialHash, credentialHashOf(stated)));
});

test('who lost the answer asks again with the same invitation and gets the same card', async () => {
  const ana = await Person.make(town, town.north);
  const invitation = await ana.invitation('patient');
  const first = await ana.enrol('patient', 'Ana', invitation);
  assert.deepEqual(await ana.enrol('patient', 'Ana', invitation), first);
});

test('an invitation makes one account, of one role, within two weeks', async () => {
  const invite = async () => (await Person.make(town, town.north)).invitation('patient');
  const tryWith = async (invitation: string, role: 'patient' | 'clinician') => {
    const person = await Person.make(town, town.north);
    return person.enrol(role, 'Eve', invitation).then(
      () => 'accepted',
      (error: Error) => /"code":"(\w+)"/.exec(error.message)?.[1],
    );
  };
  const used = await invite();
  assert.equal(await tryWith(used, 'patient'), 'accepted');
  assert.equal(await tryWith(used, 'patient'), 'INVITATION_INVALID');
  assert.equal(await tryWith(await invite(), 'clinician'), 'INVITATION_INVALID');
  assert.equal(await tryWith('never-given', 'patient'), 'INVITATION_INVALID');
  const old = await invite();
  town.clock.aheadMs = 14 * 24 * 3_600_000;
  assert.equal(await tryWith(old, 'patient'), 'INVITATION_INVALID');
  town.clock.aheadMs = 0;
});

test('an identity that was signed for another hospital is refused, and frees the invitation', async () => {
  const ana = await Person.make(town, town.north);
  const invitation = await ana.invitation('patient');
  const elsewhere = new Person(
    town,
    { ...town.north, organisation: town.south.organisation },
    ana.keys,
  );
  await assert.rejects(elsewhere.enrol('patient', 'Ana', invitation), /IDENTITY_WRONG/);
  await ana.enrol('patient', 'Ana', invitation);
});

test('only the registration desk invites', async () => {
  const person = await Person.make(town, town.north);
  for (const authorization of ['', 'Desk ', `Desk ${town.south.deskToken}`, town.north.deskToken]) {
    const headers = { authorization };
    const answer = await person.call('POST', '/v1/invitations', {
      json: { role: 'patient', name: 'Ana' },
      headers,
    });
    assert.equal(answer.status, 401, authorization);
  }
});

test('cards of colleagues are served to those who are signed in, a patient’s to nobody', async () => {
  const doctor = await Person.enrolled(town, town.north, 'clinician', 'Dr. Vega');
  const ana = await Person.enrolled(town, town.north, 'patient', 'Ana');
  const { card } = accepted<{ card: string }>(await ana.call('GET', `/v1/cards/${doctor.account}`));
  assert.equal(decodeCard(decodeSigned(bytesOfText(card)).bytes).name, 'Dr. Vega');
  assert.equal(codeOf(await doctor.call('GET', `/v1/cards/${ana.account}`)), 'NOT_FOUND');
  const anonymous = await ana.call('GET', `/v1/cards/${doctor.account}`, { anonymous: true });
  assert.equal(anonymous.status, 401);
});

test('colleagues are found by their whole name, by those who are signed in; patients by nobody', async () => {
  const doctor = await Person.enrolled(town, town.north, 'clinician', 'Dr. Ines Sought');
  await Person.enrolled(town, town.south, 'clinician', 'Dr. Ines Sought');
  const ana = await Person.enrolled(town, town.north, 'patient', 'Ana Sought');
  const found = async (name: string) =>
    accepted<{ cards: string[] }>(
      await ana.call('POST', '/v1/cards', { json: { name } }),
    ).cards.map((it) => decodeCard(decodeSigned(bytesOfText(it)).bytes).account);
  assert.deepEqual(await found('dr. ines SOUGHT'), [doctor.account]);
  for (const name of ['Ines', 'Dr. Ines', 'Ana Sought', '%', 'Dr. Nobody']) {
    assert.deepEqual(await found(name), [], name);
  }
  const json = { name: 'Dr. Ines Sought' };
  const anonymous = await ana.call('POST', '/v1/cards', { json, anonymous: true });
  assert.equal(anonymous.status, 401);
});
