import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { randomBytes } from '../../../src/crypto/random.ts';
import { maxRotations } from '../../../src/ledger/recovery.ts';
import { parseCode } from '../../../src/sdk/wallet/code.ts';
import { codeKeysOf, deriveAccountKeys } from '../../../src/sdk/wallet/identity.ts';
import { type Consortium, startConsortium } from '../../e2e/consortium.ts';
import { signedRecovery } from './recovery-tx.ts';
import { Thief } from './thief.ts';

/**
 * A thief with the signing key of a stolen phone, and without the printed code, changes the keys as often as the
 * ledger lets him: a day of block time apart. Then the owner comes with her code.
 */
const day = 86_400_000;
let town: Consortium;
before(async () => {
  town = await startConsortium();
});
after(() => town.stop());

for (const tries of [1, 34]) {
  test(`After a thief tried ${tries} rotations the owner comes back by her printed code, and he is out`, async () => {
    const eve = await town.person('Eve', 'north', 'patient');
    const doctor = await town.person('Dr Good', 'north', 'clinician');
    await eve.person.addCard(doctor.person.card());
    const grant = await eve.person.grant({
      ...{ grantee: doctor.person.account().account, readClasses: ['lab'] },
      ...{ purposes: ['TREAT'], notAfterMs: town.now() + 400 * day },
    });
    const thief = await Thief.of(town, eve);
    const answers: (number | string)[] = [];
    for (let n = 0; n < tries; n++) {
      const code = await thief.rotate(n === 0 ? 900 : 1 + n);
      answers.push(code);
      if (code === 0) town.advance(day);
    }
    const most = Math.min(tries, maxRotations);
    assert.deepEqual(answers.slice(0, most), new Array(most).fill(0));
    assert.deepEqual(answers.slice(most), new Array(tries - most).fill('RECOVERY_NEEDED'));
    assert.equal(await thief.keysRow(), 200);

    await eve.person.rotate({ code: eve.code });
    const revocation = { kind: 'ConsentRevoke', consent: grant.consent } as const;
    assert.equal(await thief.send(revocation, 500), 'KEY_NOT_CURRENT');
    assert.equal(await thief.rotate(501), 'KEY_NOT_CURRENT');
    assert.equal(await thief.keysRow(), 200);
    await eve.person.sync();
    await eve.person.revoke(grant.consent);
    const [listed] = await eve.person.grants();
    assert.ok(listed !== undefined && listed.revokedHeight > 0);

    // And by hand, with the recovery key alone: the ledger's own way back.
    const mine = await deriveAccountKeys(randomBytes(32), thief.organisation, 0);
    const tx = await signedRecovery(await codeKeysOf(parseCode(eve.code), thief.organisation), {
      ...{ chainId: town.chainId, account: thief.account, endGrantsFrom: 0, counter: 2 },
      ...{ identity: await thief.identityOf(mine), validUntilMs: town.now() + 60_000 },
    });
    assert.equal(await thief.post(tx), 0);
    assert.equal(await thief.post(tx), 0, 'a repetition is answered with the first result');
  });
}
