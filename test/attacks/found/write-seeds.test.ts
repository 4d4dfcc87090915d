import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { randomBytes } from '../../../src/crypto/random.ts';
import type { Act } from '../../../src/ledger/protocol.ts';
import {
  deriveAccountKeys,
  noRecovery,
  rotationIdentity,
} from '../../../src/sdk/wallet/identity.ts';
import { codeOf, Person } from '../../gateway/person.ts';
import { rootOf, sealedItem } from '../../gateway/sealed.ts';
import { openTown, type Town, townChain } from '../../gateway/town.ts';

/** Who took a wallet holds the write seeds of all its grants, whatever its owner rotates to afterwards. */
let town: Town;
before(async () => {
  town = await openTown();
});
after(() => town.close());

test('After the patient rotated, a stolen write seed anchors nothing, burns no number, and delivers nothing', async () => {
  const { north } = town;
  const ana = await Person.enrolled(town, north, 'patient');
  await ana.keySet();
  const doctor = await Person.enrolled(town, north, 'clinician');
  const grant = await ana.grant(doctor.account, { writeClasses: ['diagnosis', 'note'] });
  const key = grant.writeKey;
  assert.ok(key !== undefined);
  const anchor = (root: Uint8Array): Act => ({
    ...{ kind: 'DiagnosisAnchor', consent: grant.consent, epoch: 1, root, count: 1 },
  });
  const asWriter = (nonce: number) => ({ log: 'doc' as const, sender: ana.account, key, nonce });
  const next = await deriveAccountKeys(randomBytes(32), north.organisation, 0);
  const bound = { chainId: townChain, account: ana.account, recovery: noRecovery };
  const none = new Uint8Array(0);
  const rotation: Act = {
    ...{ kind: 'RotateKey', identity: await rotationIdentity(next, bound) },
    ...{ recoveryKey: none, codeKemHash: none, endGrantsFrom: 0 },
  };
  assert.equal(codeOf(await ana.submit([rotation])), 0);
  const revocation: Act = { kind: 'ConsentRevoke', consent: grant.consent };
  assert.equal(codeOf(await ana.submit([revocation])), 'KEY_NOT_CURRENT');

  for (const nonce of [1, 120, 240]) {
    const stolen = await ana.submit([anchor(randomBytes(32))], asWriter(nonce));
    assert.equal(codeOf(stolen), 'KEY_NOT_CURRENT', String(nonce));
  }
  const row = await north.gateway.view.consent(grant.consent);
  assert.equal(row?.window.top, 0);
  const item = sealedItem('diagnosis');
  assert.equal(codeOf(await doctor.deliverUnder(grant, ana.account, [item])), 'KEY_NOT_CURRENT');
  const late = await ana.submit([anchor(rootOf([item]))], asWriter(2));
  assert.equal(codeOf(late), 'KEY_NOT_CURRENT');
});
