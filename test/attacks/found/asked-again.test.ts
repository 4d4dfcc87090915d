import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Person } from '../../../src/sdk/index.ts';
import { Vault } from '../../../src/sdk/wallet/vault.ts';
import { type Consortium, passphrase, startConsortium } from '../../e2e/consortium.ts';
import { copiedStore, memoryWalletStore } from '../../wallet-store.ts';

/** What was asked for, and no hospital took, is asked for again; or its device is gone for good. */
let town: Consortium;
before(async () => {
  town = await startConsortium();
});
after(() => town.stop());

/** Everything works but that a transaction comes to a block. */
const noTx = async (url: string, init: RequestInit): Promise<Response> => {
  if (url.includes('/v1/tx')) throw new TypeError('fetch failed');
  return fetch(url, init);
};
const cut = { now: () => town.now(), http: { fetch: noTx, retryDelaysMs: [] } };

test('A new printed code that was asked for again is the one that counts', async () => {
  const { store, code: oldCode } = await town.person('Ada', 'north', 'patient');
  const offline = await Person.open({ store, passphrase }, cut);
  const codes: string[] = [];
  const onCode = (code: string) => {
    codes.push(code);
  };
  await assert.rejects(offline.newCode({ oldCode, onCode }));
  const online = await Person.open({ store, passphrase }, { now: town.now });
  const [at] = await online.newCode({ oldCode, onCode });
  assert.equal(at?.waiting, undefined, 'she is told that it counts');
  const [, last] = codes;
  assert.ok(last);
  const gatewayUrl = town.url('north');
  await Person.recover(
    { store: memoryWalletStore(), passphrase, code: last, gatewayUrl },
    { now: town.now },
  );
});

test('Ending what was granted is not lost where the same was asked without it before', async () => {
  const { store, code, person } = await town.person('Bea', 'north', 'patient');
  const doctor = await town.person('Dr B', 'north', 'clinician');
  await person.addCard(doctor.person.card());
  const { confirmed } = await person.grant({
    ...{ grantee: 'Dr B', readClasses: ['other'], purposes: ['TREAT'] },
    notAfterMs: town.now() + 86_400_000,
  });
  const offline = await Person.open({ store, passphrase }, cut);
  await assert.rejects(offline.rotate({ code }));
  const online = await Person.open({ store, passphrase }, { now: town.now });
  await online.rotate({ code, endGrantsFrom: confirmed.height });
  const [grant] = await online.grants();
  assert.equal(grant?.state, 'ended');
});

test('A rotation is sent by the device that has its keys, and by no other', async () => {
  const { store } = await town.person('Cai', 'north', 'patient');
  const laptopStore = copiedStore(store);
  const phone = await Person.open({ store, passphrase }, cut);
  await assert.rejects(phone.rotate());
  assert.ok((await Vault.open(store, passphrase)).content.pending.length > 0);
  // The phone is gone for good.
  const laptop = await Person.open({ store: laptopStore, passphrase }, { now: town.now });
  await laptop.sync().catch(() => undefined);
  await laptop.sync();
  assert.ok(await laptop.rotate());
});
