import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accepted, codeOf, Person } from '../../../../test/gateway/person.ts';
import { openTown, type Town } from '../../../../test/gateway/town.ts';
import { decodeCard } from '../../../api/card.ts';
import { bytesOfText } from '../../../api/message-parts.ts';
import type { FoundPeople, InvitationsPage } from '../../../api/registration-desk.ts';
import { decodeSigned } from '../../../api/signed.ts';

let town: Town;
before(async () => {
  town = await openTown();
});
after(() => town.close());

interface Issued {
  readonly id: string;
  readonly invitation: string;
  readonly sameName: readonly string[];
}

const someone = () => Person.make(town, town.north);
const atDesk = async (method: 'GET' | 'POST' | 'DELETE', path: string, json?: unknown) =>
  (await someone()).atDesk(method, path, json);
const invite = async (role: string, name: string) =>
  accepted<Issued>(await atDesk('POST', '/v1/invitations', { role, name }));
const listed = async (query = '') =>
  accepted<InvitationsPage>(await atDesk('GET', `/v1/invitations${query}`)).invitations;
const enrolWith = async (code: string, role: 'patient' | 'clinician' = 'clinician') => {
  const person = await someone();
  const answer = await person.enrol(role, '', code).then(
    () => 'accepted',
    (error: Error) => /"code":"(\w+)"/.exec(error.message)?.[1],
  );
  return { person, code: answer };
};

test('the desk is told who carries the name already, in the same role at this hospital alone', async () => {
  const osei = await Person.enrolled(town, town.north, 'clinician', 'Dr Twin');
  await Person.enrolled(town, town.north, 'nurse', 'Dr Twin');
  await Person.enrolled(town, town.south, 'clinician', 'Dr Twin');
  await invite('clinician', 'Dr Twin');
  assert.deepEqual((await invite('clinician', 'DR TWIN')).sameName, [osei.account]);
  assert.deepEqual((await invite('clinician', 'Dr Other')).sameName, []);
});

test('a lost code is replaced: the old one ends, the new one enrols the same name', async () => {
  const { id, invitation } = await invite('clinician', 'Dr Lost');
  const again = accepted<Issued>(await atDesk('POST', `/v1/invitations/${id}/code`));
  assert.equal(again.id, id);
  assert.equal((await enrolWith(invitation)).code, 'INVITATION_INVALID');
  const { person, code } = await enrolWith(again.invitation);
  assert.equal(code, 'accepted');
  const [found] = (await listed('?all=1')).filter((it) => it.id === id);
  assert.equal(found?.account, person.account);
  assert.equal(found?.name, 'Dr Lost');
});

test('an invitation that was cancelled enrols nobody', async () => {
  const { id, invitation } = await invite('clinician', 'Dr Gone');
  accepted(await atDesk('DELETE', `/v1/invitations/${id}`));
  assert.equal((await enrolWith(invitation)).code, 'INVITATION_INVALID');
  assert.equal(codeOf(await atDesk('POST', `/v1/invitations/${id}/code`)), 'NOT_FOUND');
  assert.ok(!(await listed()).some((it) => it.id === id));
  assert.equal((await listed('?all=1')).find((it) => it.id === id)?.state, 'ended');
});

test('what was used is neither cancelled nor given another code', async () => {
  const { id, invitation } = await invite('clinician', 'Dr Used');
  await enrolWith(invitation);
  assert.equal(codeOf(await atDesk('DELETE', `/v1/invitations/${id}`)), 'INVITATION_USED');
  assert.equal(codeOf(await atDesk('POST', `/v1/invitations/${id}/code`)), 'INVITATION_USED');
});

test('who comes with a code while somebody enrols with it waits for the end, and so does the desk', async () => {
  const { id, invitation } = await invite('clinician', 'Dr Slow');
  town.engine.hold('Enrol');
  const first = enrolWith(invitation);
  while (town.engine.waiting === 0) await new Promise((resolve) => setImmediate(resolve));
  const other = enrolWith(invitation);
  const reissued = atDesk('POST', `/v1/invitations/${id}/code`);
  town.engine.release();
  assert.equal((await first).code, 'accepted');
  assert.equal((await other).code, 'INVITATION_INVALID');
  assert.equal(codeOf(await reissued), 'INVITATION_USED');
});

test('while the outcome of an attempt is open, the invitation is that account’s and gets no other code', async () => {
  const { id, invitation } = await invite('clinician', 'Dr Open');
  town.engine.hold('Enrol');
  const first = enrolWith(invitation);
  while (town.engine.waiting === 0) await new Promise((resolve) => setImmediate(resolve));
  town.engine.giveUp();
  assert.equal((await first).code, 'COMMIT_TIMEOUT');
  town.engine.release();
  const code = () => atDesk('POST', `/v1/invitations/${id}/code`);
  assert.equal((await enrolWith(invitation)).code, 'INVITATION_INVALID');
  assert.equal(codeOf(await code()), 'INVITATION_BUSY');
  town.clock.aheadMs = 6 * 60_000;
  assert.equal(codeOf(await code()), 'accepted');
  town.clock.aheadMs = 0;
});

test('an account is found by its id, by the number of its invitation, and a colleague by name', async () => {
  const { id, invitation } = await invite('clinician', 'Dr Found');
  const { person } = await enrolWith(invitation);
  for (const who of [person.account, id, 'dr found']) {
    const { people } = accepted<FoundPeople>(await atDesk('POST', '/v1/desk/lookup', { who }));
    assert.deepEqual(
      people.map(({ account, name, frozen }) => ({ account, name, frozen })),
      [{ account: person.account, name: 'Dr Found', frozen: false }],
    );
    const { bytes } = decodeSigned(bytesOfText(people[0]?.card ?? ''));
    assert.equal(decodeCard(bytes).account, person.account);
  }
  const elsewhere = await Person.enrolled(town, town.south, 'clinician', 'Dr South');
  const asked = { who: elsewhere.account };
  assert.equal(codeOf(await atDesk('POST', '/v1/desk/lookup', asked)), 'NOT_FOUND');
});

test('a frozen account signs in no more; another hospital’s, and the hospital’s own, are not frozen', async () => {
  const eve = await Person.enrolled(town, town.north, 'patient', 'Eve');
  const freeze = async (account: string) => atDesk('POST', '/v1/desk/freeze', { account });
  accepted(await freeze(eve.account));
  assert.equal(codeOf(await eve.session()), 'ACCOUNT_FROZEN');
  assert.equal(codeOf(await freeze(eve.account)), 'ACCOUNT_FROZEN');
  const south = await Person.enrolled(town, town.south, 'patient', 'Bo');
  assert.equal(codeOf(await freeze(south.account)), 'SENDER_WRONG');
  assert.equal(codeOf(await freeze(town.north.organisation)), 'FORBIDDEN');
});

test('a patient’s name is forgotten once she has keys, or once nobody can come with the code', async () => {
  const { enrolment } = town.north.gateway;
  const nameOf = async (id: string) => (await listed('?all=1')).find((it) => it.id === id)?.name;
  const keyed = await invite('patient', 'Ana');
  const { person } = await enrolWith(keyed.invitation, 'patient');
  const late = await invite('patient', 'Bo');
  await enrolment.forgetNames();
  assert.deepEqual([await nameOf(keyed.id), await nameOf(late.id)], ['Ana', 'Bo']);
  await person.signIn();
  await person.keySet();
  await enrolment.forgetNames();
  assert.deepEqual([await nameOf(keyed.id), await nameOf(late.id)], [undefined, 'Bo']);
  town.clock.aheadMs = 14 * 24 * 3_600_000;
  await enrolment.forgetNames();
  assert.equal(await nameOf(late.id), undefined);
  assert.equal((await listed('?all=1')).find((it) => it.id === late.id)?.state, 'expired');
  town.clock.aheadMs = 0;
});

test('invitations come in pages, newest first, each once', async () => {
  const { enrolment } = town.north.gateway;
  for (let at = 0; at < 501; at++) {
    enrolment.desk.invite({ role: 'device', name: `Scale ${at}`, licence: '' });
  }
  const first = accepted<InvitationsPage>(await atDesk('GET', '/v1/invitations'));
  assert.equal(first.invitations.length, 500);
  const rest = await listed(`?cursor=${first.next}`);
  const all = [...first.invitations, ...rest];
  assert.ok(all.length > 500);
  assert.equal(new Set(all.map(({ id }) => id)).size, all.length);
  const times = all.map(({ createdMs }) => createdMs);
  assert.deepEqual(
    times,
    times.toSorted((a, b) => b - a),
  );
});

test('nobody but the desk lists, ends, reissues, looks up or freezes', async () => {
  const doctor = await Person.enrolled(town, town.north, 'clinician', 'Dr Vega');
  const { id } = await invite('patient', 'Ana');
  for (const [method, path, json] of [
    ['GET', '/v1/invitations', undefined],
    ['DELETE', `/v1/invitations/${id}`, undefined],
    ['POST', `/v1/invitations/${id}/code`, undefined],
    ['POST', '/v1/desk/lookup', { who: 'Dr Vega' }],
    ['POST', '/v1/desk/freeze', { account: doctor.account }],
  ] as const) {
    const sent = json === undefined ? {} : { json };
    const headers = { authorization: `Desk ${town.south.deskToken}` };
    assert.equal((await doctor.call(method, path, sent)).status, 401, path);
    assert.equal((await doctor.call(method, path, { ...sent, headers })).status, 401, path);
  }
});

test('whoever asks as often as he may from the desk’s own address, the desk invites', async (t) => {
  const small = await openTown({ requestsPerMinute: 3 });
  t.after(() => small.close());
  const asked = async (token: string) => {
    const answer = await small.app.inject({
      method: 'POST',
      url: '/north/v1/invitations',
      headers: { authorization: `Desk ${token}` },
      payload: { role: 'patient', name: 'Ana' },
    });
    return answer.statusCode;
  };
  const strangers: number[] = [];
  for (let n = 0; n < 4; n++) strangers.push(await asked(small.south.deskToken));
  assert.deepEqual(strangers, [401, 401, 401, 429]);
  assert.equal(await asked(small.north.deskToken), 200);
});
