import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { randomBytes } from '../../../src/crypto/random.ts';
import { utf8 } from '../../../src/primitives/bytes.ts';
import { Person } from '../../../src/sdk/index.ts';
import { parseCode } from '../../../src/sdk/wallet/code.ts';
import { codeKeysOf, deriveAccountKeys } from '../../../src/sdk/wallet/identity.ts';
import {
  type Consortium,
  type Enrolled,
  fileOf,
  passphrase,
  startConsortium,
} from '../../e2e/consortium.ts';
import { signedRecovery } from './recovery-tx.ts';
import { Thief } from './thief.ts';

/** A doctor who looked, and then changes his keys so often that nobody can check any more that it was he. */
let town: Consortium;
before(async () => {
  town = await startConsortium();
});
after(() => town.stop());

const day = 86_400_000;

async function lookedAndWritten() {
  const eve = await town.person('Eve', 'north', 'patient');
  const doctor = await town.person('Dr Curious', 'north', 'clinician');
  await eve.person.addFile(fileOf('x.txt', utf8('secret')), { recordClass: 'lab' });
  await eve.person.addCard(doctor.person.card());
  const { consent } = await eve.person.grant({
    ...{ grantee: doctor.person.account().account, readClasses: ['lab', 'other'] },
    ...{ writeClasses: ['diagnosis'], purposes: ['TREAT'], notAfterMs: town.now() + 400 * day },
  });
  await doctor.person.inbox();
  const note = { mediaType: 'text/plain', name: 'note', bytes: utf8('note') };
  await doctor.person.diagnose(consent, note);
  await doctor.person.readShared(consent, { purpose: 'TREAT' });
  return { eve, doctor, consent };
}

/** A device of hers that has seen nothing before sees his look, and opens what he wrote. */
async function assertShown({ store }: Enrolled): Promise<void> {
  const fresh = await Person.open({ store, passphrase }, { now: town.now });
  const looked = await fresh.looked();
  assert.equal(looked.notices.filter(({ kind }) => kind === 'look').length, 1);
  const records = await fresh.listRecords();
  assert.deepEqual(records.map((it) => it.recordClass).sort(), ['diagnosis', 'lab', 'private']);
  for (const { recordId } of records) await fresh.openRecord(recordId);
}

test('By the key in use five changes are one: his row is answered, and his look is shown', async () => {
  const { eve, doctor, consent } = await lookedAndWritten();
  const thief = await Thief.of(town, doctor);
  const answers: (number | string)[] = [];
  for (let n = 0; n < 5; n++) answers.push(await thief.rotate(900 + n));
  assert.deepEqual(answers, [0, ...new Array(4).fill('RECOVERY_NEEDED')]);
  assert.equal(await thief.keysRow(), 200);
  await assertShown(eve);
  await eve.person.revoke(consent);
});

test('By his printed code he may change them 20 times, more often than the row holds: his row is answered, and his look is shown', async () => {
  const { eve, doctor, consent } = await lookedAndWritten();
  const thief = await Thief.of(town, doctor);
  const code = await codeKeysOf(parseCode(doctor.code), thief.organisation);
  for (let counter = 1; counter <= 20; counter++) {
    const keys = await deriveAccountKeys(randomBytes(32), thief.organisation, 0);
    const tx = await signedRecovery(code, {
      ...{ chainId: town.chainId, account: thief.account, endGrantsFrom: 0, counter },
      ...{ identity: await thief.identityOf(keys), validUntilMs: town.now() + 60_000 },
    });
    assert.equal(await thief.post(tx), 0);
  }
  assert.equal(await thief.keysRow(), 200);
  await assertShown(eve);
  await eve.person.revoke(consent);
});
