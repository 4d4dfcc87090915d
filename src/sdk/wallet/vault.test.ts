import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isCoded } from '../../primitives/errors.ts';
import { txIdOf } from '../../primitives/ids.ts';
import { emptyWallet, type WalletContent } from './content.ts';
import type { WalletStore } from './store.ts';
import { Vault } from './vault.ts';

const passphrase = 'a long enough one';
const tx = (n: number) => txIdOf(new Uint8Array(32).fill(n));
const settle =
  (n: number) =>
  (content: WalletContent): WalletContent => ({
    ...content,
    settled: [...content.settled, tx(n)],
  });

function memory(): WalletStore {
  let held: Uint8Array | undefined;
  return {
    load: async () => held,
    save: async (bytes) => {
      held = bytes;
    },
  };
}

test('Two processes with one file lose nothing of each other', async () => {
  const store = memory();
  const one = await Vault.create(store, passphrase, emptyWallet('Ana'));
  const two = await Vault.open(store, passphrase);
  await one.change(settle(1));
  await two.change(settle(2));
  await one.change(settle(3));
  assert.deepEqual(one.content.settled, [tx(1), tx(2), tx(3)]);
  assert.deepEqual((await Vault.open(store, passphrase)).content, one.content);
});

test('Changes that are asked for at once happen one after the other', async () => {
  const vault = await Vault.create(memory(), passphrase, emptyWallet('Ana'));
  await Promise.all([1, 2, 3, 4, 5].map((n) => vault.change(settle(n))));
  assert.equal(vault.content.settled.length, 5);
});

test('A change that fails leaves the file as it was and the next one works', async () => {
  const vault = await Vault.create(memory(), passphrase, emptyWallet('Ana'));
  await assert.rejects(
    vault.change(() => {
      throw new Error('no');
    }),
  );
  await vault.change(settle(1));
  assert.deepEqual(vault.content.settled, [tx(1)]);
});

test('A new passphrase opens the wallet and the old one does not', async () => {
  const store = memory();
  const vault = await Vault.create(store, passphrase, emptyWallet('Ana'));
  await vault.changePassphrase('another long one');
  await Vault.open(store, 'another long one');
  await assert.rejects(Vault.open(store, passphrase), (error) =>
    isCoded(error, 'PASSPHRASE_WRONG'),
  );
});

test('A new passphrase keeps what another process wrote meanwhile', async () => {
  const store = memory();
  const one = await Vault.create(store, passphrase, emptyWallet('Ana'));
  const two = await Vault.open(store, passphrase);
  await two.change(settle(2));
  await one.changePassphrase('another long one');
  assert.deepEqual(one.content.settled, [tx(2)]);
  assert.deepEqual((await Vault.open(store, 'another long one')).content.settled, [tx(2)]);
});

test('Of two processes that make a wallet of one name at once, one is told that it exists', async () => {
  let last: Promise<unknown> = Promise.resolve();
  const store: WalletStore = {
    ...memory(),
    locked: (work) => {
      const next = last.then(work);
      last = next.catch(() => undefined);
      return next;
    },
  };
  const made = await Promise.allSettled([
    Vault.create(store, passphrase, emptyWallet('Ana')),
    Vault.create(store, passphrase, emptyWallet('Bob')),
  ]);
  const refused = made.filter((it) => it.status === 'rejected');
  assert.equal(refused.length, 1);
  assert.ok(refused.every((it) => isCoded(it.reason, 'WALLET_EXISTS')));
});

test('A wallet is never written over another, and none is found where there is none', async () => {
  const store = memory();
  await assert.rejects(Vault.open(store, passphrase), (error) => isCoded(error, 'WALLET_UNKNOWN'));
  await Vault.create(store, passphrase, emptyWallet('Ana'));
  await assert.rejects(Vault.create(store, passphrase, emptyWallet('Bob')), (error) =>
    isCoded(error, 'WALLET_EXISTS'),
  );
});
