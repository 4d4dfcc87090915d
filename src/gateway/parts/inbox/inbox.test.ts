import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accepted, codeOf, nobody, Person } from '../../../../test/gateway/person.ts';
import { openTown, type Town } from '../../../../test/gateway/town.ts';
import { decodeInboxMessage } from '../../../api/inbox-message.ts';
import { bytesOfText, textOfBytes } from '../../../api/message-parts.ts';
import { decodeSigned } from '../../../api/signed.ts';
import { randomBytes } from '../../../crypto/random.ts';
import { equalBytes } from '../../../primitives/bytes.ts';

let town: Town;
let ana: Person;
let doctor: Person;
before(async () => {
  town = await openTown({ messagesPerHour: 5, maxInboxMessages: 8 });
  ana = await Person.enrolled(town, town.north, 'patient');
  doctor = await Person.enrolled(town, town.south, 'clinician');
});
after(() => town.close());

const post = (from: Person, message: string) =>
  from.call('POST', '/v1/inbox', { json: { message }, anonymous: true });

test('a message reaches an account of another hospital, signed and sealed as it was sent', async () => {
  const sealed = randomBytes(500);
  const message = await ana.message(doctor.account, sealed);
  accepted(await post(ana, message));
  const [entry, ...others] = await doctor.inbox();
  assert.equal(others.length, 0);
  assert.equal(entry?.kind, 'message');
  assert.ok(equalBytes(bytesOfText(entry.sealed), sealed));
  assert.equal(entry.signed, message);
  const { from } = decodeInboxMessage(decodeSigned(bytesOfText(message)).bytes);
  assert.equal(from, ana.account);
  assert.equal((await ana.inbox()).length, 0);
});

test('the same message again is stored once', async () => {
  const message = await ana.message(doctor.account, randomBytes(10));
  const before = (await doctor.inbox()).length;
  accepted(await post(ana, message));
  accepted(await post(ana, message));
  assert.equal((await doctor.inbox()).length, before + 1);
});

test('a message is read from where one was, and taken out', async () => {
  const [first] = await doctor.inbox();
  assert.ok(first !== undefined);
  assert.ok(!(await doctor.inbox(first.id)).some(({ id }) => id === first.id));
  accepted(await doctor.call('DELETE', `/v1/inbox/${first.id}`));
  assert.ok(!(await doctor.inbox()).some(({ id }) => id === first.id));
  assert.equal(codeOf(await doctor.call('DELETE', `/v1/inbox/${first.id}`)), 'NOT_FOUND');
});

test('nobody takes a message out of another’s inbox', async () => {
  const nurse = await Person.enrolled(town, town.south, 'nurse');
  const [first] = await doctor.inbox();
  assert.ok(first !== undefined);
  assert.equal(codeOf(await nurse.call('DELETE', `/v1/inbox/${first.id}`)), 'NOT_FOUND');
  assert.ok((await doctor.inbox()).some(({ id }) => id === first.id));
});

test('what is not signed by its sender, of another time or to nobody is refused', async () => {
  const sealed = randomBytes(10);
  const good = decodeSigned(bytesOfText(await ana.message(doctor.account, sealed)));
  const { encodeSigned } = await import('../../../api/signed.ts');
  const forged = textOfBytes(encodeSigned({ ...good, signature: randomBytes(64) }));
  assert.equal(codeOf(await post(ana, forged)), 'SIGNATURE_WRONG');
  const old = await ana.message(doctor.account, sealed, Date.now() - 600_000);
  assert.equal(codeOf(await post(ana, old)), 'REQUEST_STALE');
  assert.equal(codeOf(await post(ana, await ana.message(nobody, sealed))), 'NOT_FOUND');
  const stranger = await Person.make(town, town.north);
  const unknown = await stranger.message(doctor.account, sealed);
  assert.equal(codeOf(await post(stranger, unknown)), 'ACCOUNT_UNKNOWN');
  const large = await ana.message(doctor.account, randomBytes(64 * 1024 + 1));
  assert.equal(codeOf(await post(ana, large)), 'BODY_TOO_LARGE');
});

test('a sender who sends too much is held back', async () => {
  const codes: unknown[] = [];
  for (let i = 0; i < 4; i++) {
    codes.push(codeOf(await post(ana, await ana.message(doctor.account, randomBytes(8)))));
  }
  assert.deepEqual(codes, ['accepted', 'accepted', 'accepted', 'RATE_LIMITED']);
});
