import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { encodeGrantBody, grantBodyHash } from '../../../src/api/grant-body.ts';
import { walletCopyLimits } from '../../../src/api/wallet-copy.ts';
import { randomBytes } from '../../../src/crypto/random.ts';
import { type AccountId, type ConsentId, consentIdOf } from '../../../src/primitives/ids.ts';
import { sealMessage } from '../../../src/sdk/client/messages.ts';
import { receivedLimits } from '../../../src/sdk/grants/received-room.ts';
import { encodeWalletContent } from '../../../src/sdk/wallet/content.ts';
import { readWallet } from '../../../src/sdk/wallet/sealed-wallet.ts';
import {
  type Consortium,
  type Enrolled,
  fileOf,
  passphrase,
  startConsortium,
} from '../../e2e/consortium.ts';
import { bytesOfWords, caught } from '../middle.ts';
import { Hostile } from './hostile.ts';
import { anyLetter } from './hostile-letter.ts';

/**
 * One patient whom nobody knows sends real grants and letters with 60 KB of junk where the owner's card stands, 75 to
 * each of two people. Four letters each stand for the 75, since one too many would do; what a hundred honest-looking
 * ones would do is in the tests after it.
 */
let town: Consortium;
let mal: Hostile;
let victim: Enrolled;
let doctor: Enrolled;
let given: ConsentId;
before(async () => {
  town = await startConsortium();
  mal = await Hostile.enrolled(town, 'Mallory');
  victim = await town.person('Victoria', 'north', 'patient');
  doctor = await town.person('Dr Good', 'north', 'clinician');
  await victim.person.addCard(doctor.person.card());
  const grant = await victim.person.grant({
    grantee: accountOf(doctor),
    readClasses: ['lab'],
    purposes: ['TREAT'],
    notAfterMs: town.now() + 86_400_000,
  });
  given = grant.consent;
  await doctor.person.inbox();
});
after(() => town.stop());

const accountOf = (somebody: Enrolled): AccountId => somebody.person.account().account;
/** Of all that the wallet holds, in its file and beside it. */
const heldBytes = async ({ store }: Enrolled): Promise<number> =>
  encodeWalletContent((await readWallet(store, passphrase)).content).length;

/** Real grants to this account, with a letter each. */
async function bomb(target: AccountId, count: number, ownerCard: Uint8Array, records = 0) {
  const { kemKey } = await town.gateway('north').view.identity(target);
  for (let sent = 0; sent < count; sent += 15) {
    const grants = Array.from({ length: Math.min(15, count - sent) }, () => ({
      consent: consentIdOf(randomBytes(16)),
      salt: randomBytes(32),
      body: encodeGrantBody({
        ...{ account: mal.account, grantee: target, readClasses: ['lab'], fromMs: 0 },
        ...{ writeClasses: [], purposes: ['TREAT'] },
        recordIds: Array.from({ length: records }, () => mal.recordId()),
      }),
      ...{ notBeforeMs: town.now() - 60_000, notAfterMs: town.now() + 86_400_000 },
    }));
    await mal.send(
      grants.map(({ consent, salt, body, notBeforeMs, notAfterMs }) => ({
        ...{ kind: 'ConsentGrant', consent, bodyHash: grantBodyHash(salt, body) },
        ...{ notBeforeMs, notAfterMs, writeKey: new Uint8Array(0) },
      })),
    );
    for (const grant of grants) {
      const letter = { ...grant, tagKey: randomBytes(32), writeSeed: new Uint8Array(0), ownerCard };
      const signed = await anyLetter(mal.keys.sign, letter);
      assert.equal(
        await mal.message(target, await sealMessage(kemKey, target, signed)),
        'accepted',
      );
    }
  }
}

test('letters with junk cards leave no trace in a wallet, and their victim takes back, grants, adds and rotates', async () => {
  const before = [await heldBytes(victim), await heldBytes(doctor)];
  for (const target of [victim, doctor]) await bomb(accountOf(target), 4, randomBytes(60_000));
  await victim.person.sync();
  await doctor.person.inbox();
  const after = [await heldBytes(victim), await heldBytes(doctor)];
  for (const [at, bytes] of after.entries()) assert.ok(bytes - (before[at] ?? 0) < 16 * 1024);
  // What is larger than a letter is gone from the inbox as well.
  assert.deepEqual(victim.person.waitingLetters, []);
  await victim.person.addFile(fileOf('a.txt', bytesOfWords('x')));
  await victim.person.revoke(given);
  const row = await town.gateway('north').view.consent(given);
  assert.ok((row?.revokedHeight ?? 0) > 0);
  await victim.person.rotate({ code: victim.code });
  await doctor.person.inbox();
  await doctor.person.rotate({ code: doctor.code });
});

test('letters of a stranger wait outside a patient’s wallet until she accepts or drops them', async () => {
  const eve = await town.person('Eve', 'north', 'patient');
  const before = await heldBytes(eve);
  await bomb(accountOf(eve), 4, mal.card);
  assert.deepEqual(await eve.person.inbox(), []);
  assert.equal(await heldBytes(eve), before);
  const { waitingLetters } = eve.person;
  assert.deepEqual(
    waitingLetters.map(({ from, name, code }) => [from, name, code]),
    Array(4).fill([mal.account, 'Mallory', 'LETTER_WAITS']),
  );
  assert.equal((await eve.person.acceptLetters(mal.account)).length, 4);
  assert.deepEqual(eve.person.waitingLetters, []);
  // Known from now on, while one of his grants lives.
  await bomb(accountOf(eve), 1, mal.card);
  assert.equal((await eve.person.inbox()).length, 5);
});

test('a doctor takes a new patient’s letters by her proven card, and of one patient no more than a share', async () => {
  const other = await town.person('Dr Other', 'harbour', 'clinician');
  await bomb(accountOf(other), 33, mal.card);
  assert.equal((await other.person.inbox()).length, receivedLimits.lettersOfOne);
  assert.equal(other.person.waitingLetters.length, 1);
  const honest = await town.person('Hana', 'harbour', 'patient');
  await honest.person.addCard(other.person.card());
  const { consent } = await honest.person.grant({
    grantee: accountOf(other),
    readClasses: ['lab'],
    purposes: ['TREAT'],
    notAfterMs: town.now() + 86_400_000,
  });
  assert.ok((await other.person.inbox()).some((it) => it.consent === consent));
  assert.equal(await other.person.dropLetters(mal.account), 1);
  await other.person.inbox();
  assert.deepEqual(other.person.waitingLetters, []);
});

test('the largest letters of one patient take a sixteenth of what others may have in a wallet', async () => {
  const third = await town.person('Dr Third', 'valley', 'clinician');
  const before = await heldBytes(third);
  await bomb(accountOf(third), 9, mal.card, 1_000);
  const held = await third.person.inbox();
  const grown = (await heldBytes(third)) - before;
  assert.ok(held.length > 3 && grown <= receivedLimits.bytesOfOne);
  assert.equal(third.person.waitingLetters.length, 9 - held.length);
  assert.ok(16 * receivedLimits.bytesOfOne <= walletCopyLimits.indexBytes / 2);
});

test('a day after its end a grant has left the wallet, and the copy does not bring it back', async () => {
  const fourth = await town.person('Dr Fourth', 'north', 'clinician');
  await bomb(accountOf(fourth), 3, mal.card, 100);
  const [held] = await fourth.person.inbox();
  assert.ok(held);
  const before = await heldBytes(fourth);
  town.advance(25 * 3_600_000);
  assert.equal((await fourth.person.inbox()).length, 3, 'over, and still shown');
  town.advance(24 * 3_600_000);
  assert.deepEqual(await fourth.person.inbox(), []);
  assert.ok((await heldBytes(fourth)) < before - 3 * 100 * 16);
  await fourth.person.sync();
  assert.deepEqual(await fourth.person.inbox(), []);
  await caught(fourth.person.readShared(held.consent), 'CONSENT_ENDED');
});
