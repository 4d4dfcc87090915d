import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryWalletStore } from '../../../test/wallet-store.ts';
import { isCoded } from '../../primitives/errors.ts';
import { emptyWallet } from '../wallet/content.ts';
import { Vault } from '../wallet/vault.ts';
import { countingEntry, triesLeft } from './wrong-entries.ts';
import { walletWrongEntries, wrongEntryTimes } from './wrong-entry-drawer.ts';

const opened = async () => {
  const vault = await Vault.create(
    memoryWalletStore(),
    'a long enough passphrase',
    emptyWallet('Ana'),
  );
  return { vault, entries: walletWrongEntries({ vault }) };
};
const wrong = (): never => {
  throw new Error('not these');
};

test('Three wrong entries of one millisecond are three, and end adding', async () => {
  const { vault, entries } = await opened();
  for (const _ of [1, 2, 3]) await assert.rejects(countingEntry(entries, 1_000, wrong));
  assert.equal(wrongEntryTimes({ vault }).length, 3);
  assert.throws(
    () => triesLeft(wrongEntryTimes({ vault }), 1_000),
    (error) => isCoded(error, 'DEVICE_ADDING_STOPPED'),
  );
});

test('A right entry is taken back, and leaves those before it', async () => {
  const { vault, entries } = await opened();
  await assert.rejects(countingEntry(entries, 1_000, wrong));
  await countingEntry(entries, 1_000, () => undefined);
  await countingEntry(entries, 2_000, () => undefined);
  assert.deepEqual(wrongEntryTimes({ vault }), [1_000]);
});
