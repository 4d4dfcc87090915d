import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { decodeCard } from '../../../src/api/card.ts';
import { bytesOfText, textOfBytes } from '../../../src/api/message-parts.ts';
import { decodeSigned } from '../../../src/api/signed.ts';
import { identity as identityShape } from '../../../src/ledger/identity.ts';
import { encodeAs } from '../../../src/primitives/shape.ts';
import { enrolmentIdentity, noRecovery } from '../../../src/sdk/wallet/identity.ts';
import { type Answer, accepted, codeOf, Person } from '../../gateway/person.ts';
import { openTown, type Town, townChain } from '../../gateway/town.ts';

/**
 * The attacker holds one invitation that the desk gave to him, or found somebody's. He wants the hospital's signature
 * under a colleague's name, and more than one account.
 */
let town: Town;
before(async () => {
  town = await openTown();
});
after(() => town.close());

async function identityOf(person: Person, isSpoiled: boolean): Promise<string> {
  const identity = await enrolmentIdentity(person.keys, {
    ...{ chainId: townChain, organisation: town.north.organisation },
    ...{ role: 'clinician', recovery: noRecovery },
  });
  const signature = identity.signature.slice();
  if (isSpoiled) signature[5] = (signature[5] ?? 0) ^ 1;
  return textOfBytes(encodeAs(identityShape, { ...identity, signature }));
}

async function enrol(
  person: Person,
  invitation: string,
  sent: { readonly name?: string; readonly licence?: string },
  isSpoiled = false,
): Promise<Answer> {
  const identity = await identityOf(person, isSpoiled);
  const json = { invitation, identity, role: 'clinician', ...sent };
  return person.call('POST', '/v1/enrol', { json });
}

const cardIn = (answer: Answer) =>
  decodeCard(decodeSigned(bytesOfText(accepted<{ card: string }>(answer).card)).bytes);

async function accountsOf(people: readonly Person[]): Promise<number> {
  const rows = people.map(({ account }) => town.north.gateway.view.account(account));
  return (await Promise.all(rows)).filter((row) => row !== undefined).length;
}

test('an invited person does not choose the name and the licence that the hospital signs', async () => {
  await Person.enrolled(town, town.north, 'clinician', 'Dr Abena Osei');
  const mallory = await Person.make(town, town.north);
  const invitation = await mallory.invitation('clinician', 'Dr Mallory', 'M-1');
  const stolen = { name: 'Dr Abena Osei', licence: 'GMC 1234567' };
  assert.equal(codeOf(await enrol(mallory, invitation, stolen)), 'INVITATION_INVALID');
  const { name, licence } = cardIn(await enrol(mallory, invitation, {}));
  assert.deepEqual({ name, licence }, { name: 'Dr Mallory', licence: 'M-1' });
});

test('the same invitation again does not sign another name, and the card that is served stays', async () => {
  const mallory = await Person.make(town, town.north);
  const invitation = await mallory.invitation('clinician', 'Dr Mallory', 'M-1');
  accepted(await enrol(mallory, invitation, {}));
  await mallory.signIn();
  const served = () => mallory.call('GET', `/v1/cards/${mallory.account}`);
  const before = accepted<{ card: string }>(await served()).card;
  const other = { name: 'Prof. Someone Else', licence: 'other' };
  assert.equal(codeOf(await enrol(mallory, invitation, other)), 'INVITATION_INVALID');
  assert.equal(accepted<{ card: string }>(await served()).card, before);
});

test('a name that steers a terminal or hides a character is enrolled by nobody, the desk included', async () => {
  const odd = await Person.make(town, town.north);
  const name = 'Dr\u001b[2J\u202eiesO anebA\u0000\u200b';
  const invitation = await odd.invitation('clinician', 'Dr Odd');
  assert.equal(codeOf(await enrol(odd, invitation, { name })), 'REQUEST_INVALID');
  const asked = { role: 'clinician', name };
  assert.equal(codeOf(await odd.atDesk('POST', '/v1/invitations', asked)), 'REQUEST_INVALID');
});

// Fifteen rounds of the attack: what differs between them is the pause between the four people.
test('bad and good tries of four people at once make one account of one invitation', async () => {
  const perRound: number[] = [];
  for (let round = 0; round < 15; round++) {
    const people = await Promise.all([0, 1, 2, 3].map(() => Person.make(town, town.north)));
    const invitation = (await people[0]?.invitation('clinician')) ?? '';
    const tries: Promise<Answer>[] = [];
    for (const person of people) {
      for (const isSpoiled of [true, false, true]) {
        tries.push(enrol(person, invitation, {}, isSpoiled));
      }
      await new Promise((resolve) => setTimeout(resolve, (round % 8) * 2));
    }
    await Promise.all(tries);
    perRound.push(await accountsOf(people));
  }
  assert.deepEqual(perRound, Array(15).fill(1));
});

test('two hundred tries at once make one account of one invitation', async () => {
  const people = await Promise.all(Array.from({ length: 50 }, () => Person.make(town, town.north)));
  const invitation = (await people[0]?.invitation('clinician')) ?? '';
  const tries = people.flatMap((person) =>
    [true, false, false, true].map((isSpoiled) => enrol(person, invitation, {}, isSpoiled)),
  );
  const codes = (await Promise.all(tries)).map(codeOf);
  assert.equal(await accountsOf(people), 1);
  const count = (code: string) => codes.filter((it) => it === code).length;
  // Who got it got the same answer to both of his good tries.
  assert.deepEqual(
    [count('accepted'), count('INVITATION_INVALID'), count('IDENTITY_WRONG')],
    [2, 98, 100],
  );
});
