import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { passphrase } from '../../../../../test/e2e/consortium.ts';
import { CodedError, isCoded } from '../../../../primitives/errors.ts';
import { Person } from '../../../../sdk/index.ts';
import type { WalletStore } from '../../../../sdk/wallet/store.ts';
import { readOwnVitals } from '../../sdk/index.ts';
import { registerSensor } from '../../sdk/registering.ts';
import { ReadingTown, sensorKey } from '../settings/reading-town.ts';

/** A device that stops while its patient registers a first sensor, at any write of her wallet. */

let town: ReadingTown;
before(async () => {
  town = await ReadingTown.open();
  await town.tellAddresses();
});
after(() => town.close());

/** The same place, on a device that stops before the `nth` write from now on. */
const stoppingAt = (store: WalletStore, nth: number): WalletStore => {
  let saves = 0;
  const save: WalletStore['save'] = async (wallet) => {
    saves += 1;
    if (saves >= nth) throw new CodedError('INTERRUPTED');
    return store.save(wallet);
  };
  return { ...store, save };
};

/** Whether the device stopped before she was done. */
async function isStopped(nth: number): Promise<boolean> {
  const { store } = await town.town.person(`Ana ${nth}`, 'north', 'patient');
  const sensor = { key: (await sensorKey()).publicKey, panels: [1] };
  const { now } = town.town;
  const open = (at: WalletStore) =>
    Person.open({ store: at, passphrase }, { now, onlyGateways: true });
  const once = (await open(stoppingAt(store, nth))).run(registerSensor, {
    ...{ servers: town.accounts, sensor },
  });
  const stopped = await once.then(
    () => false,
    (error: unknown) => isCoded(error, 'INTERRUPTED'),
  );
  const person = await open(store);
  const registered = await person.run(registerSensor, { servers: town.accounts, sensor });
  assert.deepEqual(registered.missing, [], `write ${nth}`);
  const hour = Math.floor(now() / 3_600_000);
  const read = await person.run(readOwnVitals, { panel: 1, firstHour: hour, lastHour: hour });
  assert.deepEqual(
    read.servers.map(({ state }) => state),
    ['answered', 'answered', 'answered'],
    `write ${nth}`,
  );
  return stopped;
}

test('a first registration that was interrupted goes on under the same pseudonym, wherever it was', async () => {
  let nth = 1;
  while (await isStopped(nth)) nth += 1;
  // It began, the record went into the chart, the registration was signed, and three servers took it.
  assert.ok(nth > 4, String(nth));
});
