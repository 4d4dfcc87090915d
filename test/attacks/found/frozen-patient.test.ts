import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ConsentId } from '../../../src/primitives/ids.ts';
import { Person } from '../../../src/sdk/index.ts';
import {
  type Consortium,
  type Enrolled,
  fileOf,
  passphrase,
  startConsortium,
} from '../../e2e/consortium.ts';
import { sendAsHospital } from '../hospital.ts';
import { bytesOfWords } from '../middle.ts';

/**
 * A hospital freezes a patient who has given two grants: a program that runs, and one that is started, take them
 * back, each in one call.
 */
let town: Consortium;
let eve: Enrolled;
const given: ConsentId[] = [];

before(async () => {
  town = await startConsortium();
  eve = await town.person('Eve', 'north', 'patient');
  const doctor = await town.person('Dr', 'north', 'clinician');
  await eve.person.addFile(fileOf('x.txt', bytesOfWords('secret')));
  await eve.person.addCard(doctor.person.card());
  for (const _ of [1, 2]) {
    const { consent } = await eve.person.grant({
      grantee: doctor.person.account().account,
      ...{ readClasses: ['other'], purposes: ['TREAT'], notAfterMs: town.now() + 86_400_000 },
    });
    given.push(consent);
  }
  const { account } = eve.person.account();
  await sendAsHospital(town, 'north', [{ kind: 'RevokeKey', account }]);
});
after(() => town.stop());

async function isRevoked(consent: ConsentId): Promise<boolean> {
  const row = await town.gateway('north').view.consent(consent);
  return row !== undefined && row.revokedHeight > 0;
}

test('The running program takes back', async () => {
  const [first] = given;
  assert.ok(first);
  await eve.person.revoke(first);
  assert.ok(await isRevoked(first));
});

test('A fresh program takes back, and the second is what it took back', async () => {
  const [, second] = given;
  assert.ok(second);
  const fresh = await Person.open({ store: eve.store, passphrase }, { now: town.now });
  await fresh.revoke(second);
  assert.ok(await isRevoked(second));
  assert.equal(fresh.pendingCount, 0);
});

test('The printed code brings her back in one call, and then all goes on', async () => {
  const fresh = await Person.open({ store: eve.store, passphrase }, { now: town.now });
  await fresh.rotate({ code: eve.code });
  await fresh.addFile(fileOf('y.txt', bytesOfWords('after')));
  assert.equal(fresh.owesKeys, false);
  assert.equal(fresh.pendingCount, 0);
});
