import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { utf8 } from '../../../src/primitives/bytes.ts';
import { Person } from '../../../src/sdk/index.ts';
import { type Consortium, fileOf, passphrase, startConsortium } from '../../e2e/consortium.ts';
import { copiedStore } from '../../wallet-store.ts';

/** Whoever changes keys often, or on two devices in turn, loses neither a hospital nor what was written in between. */
let town: Consortium;
before(async () => {
  town = await startConsortium();
});
after(() => town.stop());

const day = 86_400_000;

/** A machine on which nothing lies beside the wallet. */
const withoutBeside = (store: ReturnType<typeof copiedStore>) => {
  const copied = copiedStore(store);
  const { beside, ...rest } = copied;
  assert.ok(beside);
  return rest;
};

test('A device that changed its keys at one hospital many times is still one at another', async () => {
  const ana = await town.person('Ana', 'north', 'patient');
  const invitation = await town.invite('harbour', 'patient');
  const gatewayUrl = town.url('harbour');
  await ana.person.enrol({ gatewayUrl, invitation, role: 'patient', code: ana.code });
  const store = withoutBeside(ana.store);
  const phone = await Person.open({ store, passphrase }, { now: town.now });
  const [north, harbour] = phone.accounts.map(({ account }) => account);
  for (let times = 0; times < 6; times++) {
    town.advance(day + 1_000);
    await phone.rotate({ as: north });
  }
  await phone.sync({ as: harbour });
  await phone.addFile(fileOf('x.txt', utf8('x')), { as: harbour });
});

test('What a device wrote under keys of its own is readable on the one that comes back with the printed code', async () => {
  const { store, code, person: phone } = await town.person('Bea', 'north', 'patient');
  // The same wallet as a second device has it.
  const laptop = await Person.open({ store: copiedStore(store), passphrase }, { now: town.now });
  await laptop.rotate();
  const { items } = await laptop.addFile(fileOf('written there.txt', utf8('written there')));
  const [item] = items;
  assert.ok(item);
  await phone.rotate({ code });
  await phone.sync();
  await phone.openRecord(item.recordId);
});
