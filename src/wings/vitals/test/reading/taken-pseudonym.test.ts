import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { signingKeyFromSeed } from '../../../../crypto/signature.ts';
import { accounts } from '../../../../ledger/tables/accounts.ts';
import type { CodedError } from '../../../../primitives/errors.ts';
import { noSalt, pseudonymOf } from '../../api/registration.ts';
import { openKernel } from '../../crypto/pages/page-arithmetic-wasm.ts';
import { registrationIn } from '../../node/pages/registering.ts';
import { signPages, uploadsOf } from '../../sdk/sensor/page-upload.ts';
import { drawn, valuesOf } from '../settings/pages.ts';
import { actor, hour, type Place, ThreeServers } from '../settings/three-servers.ts';

const places: readonly Place[] = [0, 1, 2];
const refused = (work: Promise<unknown>, code: CodedError['code']) =>
  assert.rejects(work, { code });

async function opened(t: TestContext) {
  const three = await ThreeServers.open(
    mkdtempSync(join(tmpdir(), 'salus-pseudonym-')),
    await openKernel(),
  );
  t.after(() => three.close());
  const ben = await actor('ben');
  three.ledger.enrol(ben, 'patient');
  return { three, ben };
}

test('who saw her registration cannot bring her pseudonym for his account, and her pages are taken', async (t) => {
  const { three, ben } = await opened(t);
  const his = await signingKeyFromSeed(drawn('his sensor'));
  const sensors = [{ key: his.publicKey, panels: [1] }];
  const hers = await three.register();
  await three.server(0).register(hers);
  const { pseudonym, pseudonymSalt } = registrationIn(hers);
  // As she showed it, with another salt, and as one of before, which shows nothing.
  for (const salt of [pseudonymSalt, drawn('his own'), noSalt]) {
    const change = { sensors, pseudonym, pseudonymSalt: salt };
    const stolen = await three.register(change, ben);
    await refused(three.server(2).register(stolen), 'PSEUDONYM_UNPROVEN');
  }
  const later = { sensors, pseudonym, pseudonymSalt: noSalt, counter: 9 };
  await refused(three.server(0).register(await three.register(later, ben)), 'PSEUDONYM_TAKEN');
  for (const place of [1, 2] as const) await three.server(place).register(hers);
  await three.upload([await three.sign(valuesOf(1, 5), 1)]);
  await three.judge();
  for (const place of places)
    assert.equal((await three.store(place).unsealed(three.trio, 9)).length, 1);
});

test('a pair that stands needs nothing that shows it, and one of before that a server does not know is refused', async (t) => {
  const { three } = await opened(t);
  const old = { pseudonym: drawn('of before').slice(0, 16), pseudonymSalt: noSalt };
  const { account } = three.ana;
  const signed = await three.register(old);
  await three.store(0).register({ pseudonym: old.pseudonym, account, counter: 1, signed });
  await three.server(0).register(signed);
  await three.server(0).register(await three.register({ ...old, counter: 2, sensors: [] }));
  assert.equal((await three.store(0).registration(old.pseudonym))?.counter, 2);
  await refused(three.server(1).register(signed), 'PSEUDONYM_UNPROVEN');
});

/** Whoever has her keys names her at one server by another pseudonym and his sensor. */
async function squatted(t: TestContext) {
  const { three } = await opened(t);
  const his = await signingKeyFromSeed(drawn('his sensor'));
  const pseudonymSalt = drawn('his salt');
  const squat = {
    ...{ pseudonymSalt, pseudonym: pseudonymOf(three.ana.account, pseudonymSalt) },
    ...{ sensors: [{ key: his.publicKey, panels: [1] }], counter: 1_000 },
  };
  const line = { ...three.line, key: his, pseudonym: squat.pseudonym };
  const page = { values: valuesOf(1, 5), sequence: 1, startHour: hour };
  const upload = async () => {
    const signed = await signPages(three.arithmetic, line, [page]);
    return uploadsOf(line, signed);
  };
  return { three, squat, upload };
}

/** Her account has another key from now on. */
async function rotated({ ledger, ana }: ThreeServers) {
  const sign = await signingKeyFromSeed(drawn('her new key'));
  const row = (await ledger.row(accounts, ana.account)) ?? assert.fail();
  ledger.put(accounts, ana.account, { ...row, signKey: sign.publicKey });
  return { ...ana, sign };
}

test('another pseudonym that who had her keys brought for her account gives way to hers, signed by her new key', async (t) => {
  const { three, squat, upload } = await squatted(t);
  await three.server(2).register(await three.register(squat));
  const hers = await three.register();
  for (const place of [0, 1] as const) await three.server(place).register(hers);
  await refused(three.server(2).register(hers), 'PSEUDONYM_TAKEN');
  // A page of his waits there.
  await three.server(2).upload((await upload())[2]);
  const ana = await rotated(three);
  const [moved] = await three.store(2).registrationsSince(0);
  const anew = await three.register({ counter: 2 }, ana);
  for (const place of places) await three.server(place).register(anew);
  assert.deepEqual((await three.store(2).waiting(three.trio, 9)).length, 0);
  assert.equal(await three.store(2).registration(squat.pseudonym), undefined);
  // Whoever followed the registrations meets it.
  const since = await three.store(2).registrationsSince(moved?.place ?? 0);
  assert.deepEqual(
    since.map(({ pseudonym }) => pseudonym),
    [three.pseudonym],
  );
  await refused(three.server(2).upload((await upload())[2]), 'SENSOR_UNKNOWN');
  await three.upload([await three.sign(valuesOf(1, 5), 1)]);
  await three.judge();
  for (const place of places)
    assert.equal((await three.store(place).unsealed(three.trio, 9)).length, 1);
  assert.deepEqual((await three.server(2).tampering.fullScrub()).bad, []);
  // By the same key nobody moves her again, and his is none any more.
  const again = { ...squat, counter: 3 };
  await refused(three.server(2).register(await three.register(again, ana)), 'PSEUDONYM_TAKEN');
  await refused(three.server(2).register(await three.register(again)), 'SIGNATURE_WRONG');
});

for (const [name, seal] of [
  ['accepted', false],
  ['sealed', true],
] as const)
  test(`a pseudonym under which a page was ${name} stays, whatever key signs another`, async (t) => {
    const { three } = await opened(t);
    await three.registerEverywhere();
    await three.upload([await three.sign(valuesOf(1, 5), 1)]);
    await three.judge();
    if (seal) assert.equal(await three.server(0).seal(), 1);
    const ana = await rotated(three);
    const pseudonymSalt = drawn('another salt');
    const pseudonym = pseudonymOf(ana.account, pseudonymSalt);
    const other = await three.register({ pseudonym, pseudonymSalt, counter: 2 }, ana);
    await refused(three.server(0).register(other), 'PSEUDONYM_TAKEN');
    assert.equal((await three.store(0).registration(three.pseudonym))?.counter, 1);
    // Under her own she goes on.
    await three.server(0).register(await three.register({ counter: 3 }, ana));
  });
