import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { signingKeyFromSeed } from '../../../crypto/signature.ts';
import type { CodedError } from '../../../primitives/errors.ts';
import { noSalt } from '../api/registration.ts';
import { openKernel } from '../crypto/page-arithmetic-wasm.ts';
import { registrationIn } from '../node/pages/registering.ts';
import { drawn, valuesOf } from './pages.ts';
import { actor, type Place, ThreeServers } from './three-servers.ts';

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
