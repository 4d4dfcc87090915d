import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { bytesOfText } from '../../../src/api/message-parts.ts';
import { randomBytes } from '../../../src/crypto/random.ts';
import { decodeRow } from '../../../src/ledger/table.ts';
import { keys } from '../../../src/ledger/tables/keys.ts';
import { Person } from '../../../src/sdk/index.ts';
import { deriveAccountKeys, rotationIdentity } from '../../../src/sdk/wallet/identity.ts';
import {
  type Consortium,
  type Enrolled,
  fileOf,
  passphrase,
  startConsortium,
} from '../../e2e/consortium.ts';
import { identityOfAccount } from '../hospital.ts';
import { bytesOfWords, Middle } from '../middle.ts';
import { Hostile } from './hostile.ts';

/**
 * A doctor who looked changes his keys 45 times: his row on the ledger grows. How often a ledger lets him is another
 * matter; whatever row it takes, it can be shown.
 */
let town: Consortium;
let eve: Enrolled;
let doctor: Enrolled;
let good: Enrolled;
before(async () => {
  town = await startConsortium();
  eve = await town.person('Eve', 'north', 'patient');
  doctor = await town.person('Dr Curious', 'north', 'clinician');
  good = await town.person('Dr Good', 'north', 'clinician');
  await eve.person.addFile(fileOf('x.txt', bytesOfWords('secret')), { recordClass: 'lab' });
  for (const it of [doctor, good]) {
    await eve.person.addCard(it.person.card());
    const { consent } = await eve.person.grant({
      grantee: it.person.account().account,
      readClasses: ['lab', 'other'],
      purposes: ['TREAT'],
      notAfterMs: town.now() + 86_400_000,
    });
    await it.person.inbox();
    await it.person.readShared(consent);
  }
});
after(() => town.stop());

test('a row about somebody who changed his keys often is shown, and hides no look', async () => {
  const raw = await Hostile.of(town, doctor);
  const { organisation } = doctor.person.account();
  const { recovery } = await identityOfAccount(town, raw.account);
  let rotations = 0;
  for (; rotations < 45; rotations++) {
    const next = await deriveAccountKeys(randomBytes(32), organisation, 0);
    const bound = { chainId: town.chainId, account: raw.account, recovery };
    const identity = await rotationIdentity(next, bound);
    const act = { kind: 'RotateKey', identity, recoveryKey: new Uint8Array(0) } as const;
    const isTaken = await raw.send([act], rotations === 0 ? 900 : 1).then(
      () => true,
      () => false,
    );
    if (!isTaken) break;
    raw.keys = next;
  }
  assert.ok(rotations > 0);
  const url = `${town.url('north')}/v1/state/keys/${raw.account}?proof=1`;
  const answer = await fetch(url);
  assert.equal(answer.status, 200);
  const value = bytesOfText(Object(await answer.json()).value);
  assert.ok(decodeRow(keys, value).identities.length > 1);
  const store = { ...eve.store, beside: undefined };
  const fresh = await Person.open({ store, passphrase }, { now: town.now });
  const { notices, withheld } = await fresh.looked();
  assert.deepEqual(withheld, []);
  assert.deepEqual(
    notices.map((it) => it.kind),
    ['look', 'look'],
  );
});

test('a row that a hospital cannot show makes one look doubtful, and the others are shown', async () => {
  const middle = new Middle();
  const broken = JSON.stringify({ ok: false, code: 'INTERNAL', kind: 'fault', sentence: 'Broke.' });
  middle.instead = ({ name }) =>
    name.includes(`/state/keys/${doctor.person.account().account}`)
      ? new Response(broken, { status: 500 })
      : undefined;
  const { notices } = await (await middle.serve(eve, town.now)).looked();
  assert.deepEqual(notices.map((it) => (it.kind === 'doubtful' ? it.code : it.kind)).sort(), [
    'INTERNAL',
    'look',
  ]);
});
