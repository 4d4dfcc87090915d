import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryWalletStore } from '../../../test/wallet-store.ts';
import { defaultMemoryKiB, defaultPasses } from '../../crypto/passphrase.ts';
import { decodeCbor, readArray } from '../../primitives/cbor.ts';
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
    settled: [...content.settled, { tx: tx(n), atMs: n }],
  });

test('Two processes with one file lose nothing of each other', async () => {
  const store = memoryWalletStore();
  const one = await Vault.create(store, passphrase, emptyWallet('Ana'));
  const two = await Vault.open(store, passphrase);
  await one.change(settle(1));
  await two.change(settle(2));
  await one.change(settle(3));
  assert.deepEqual(
    one.content.settled.map((it) => it.atMs),
    [1, 2, 3],
  );
  assert.deepEqual((await Vault.open(store, passphrase)).content, one.content);
});

test('Changes that are asked for at once happen one after the other', async () => {
  const vault = await Vault.create(memoryWalletStore(), passphrase, emptyWallet('Ana'));
  await Promise.all([1, 2, 3, 4, 5].map((n) => vault.change(settle(n))));
  assert.equal(vault.content.settled.length, 5);
});

test('A change that fails leaves the file as it was and the next one works', async () => {
  const vault = await Vault.create(memoryWalletStore(), passphrase, emptyWallet('Ana'));
  await assert.rejects(
    vault.change(() => {
      throw new Error('no');
    }),
  );
  await vault.change(settle(1));
  assert.deepEqual(vault.content.settled, [{ tx: tx(1), atMs: 1 }]);
});

test('A wallet costs what the place it lies in says, and there the full price when it says nothing', async () => {
  const { load, loadShard, save, ...dear } = memoryWalletStore();
  assert.ok(dear.passphraseCost);
  for (const [store, expected] of [
    [{ load, loadShard, save }, [defaultMemoryKiB, defaultPasses]],
    [memoryWalletStore(), [19_456, 2]],
  ] as const) {
    const vault = await Vault.create(store, passphrase, emptyWallet('Ana'));
    assert.deepEqual(await costOf(store), expected);
    await vault.changePassphrase('another long one');
    assert.deepEqual(await costOf(store), expected);
  }
});

async function costOf(store: WalletStore): Promise<unknown> {
  const fields = readArray(decodeCbor((await store.load()) ?? new Uint8Array(0)), 'wallet', 4);
  const [way] = readArray(fields[2], 'unlockers', 1);
  const [kind, parameters] = readArray(way, 'unlocker', 3);
  assert.equal(kind, 'passphrase');
  return readArray(parameters, 'kdf').slice(1, 3);
}

test('A new passphrase opens the wallet and the old one does not', async () => {
  const store = memoryWalletStore();
  const vault = await Vault.create(store, passphrase, emptyWallet('Ana'));
  await vault.changePassphrase('another long one');
  await Vault.open(store, 'another long one');
  await assert.rejects(Vault.open(store, passphrase), (error) =>
    isCoded(error, 'PASSPHRASE_WRONG'),
  );
});

test('A new passphrase keeps what another process wrote meanwhile', async () => {
  const store = memoryWalletStore();
  const one = await Vault.create(store, passphrase, emptyWallet('Ana'));
  const two = await Vault.open(store, passphrase);
  await two.change(settle(2));
  await one.changePassphrase('another long one');
  const expected = [{ tx: tx(2), atMs: 2 }];
  assert.deepEqual(one.content.settled, expected);
  assert.deepEqual((await Vault.open(store, 'another long one')).content.settled, expected);
});

test('Of two processes that make a wallet of one name at once, one is told that it exists', async () => {
  let last: Promise<unknown> = Promise.resolve();
  const store: WalletStore = {
    ...memoryWalletStore(),
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
  const store = memoryWalletStore();
  await assert.rejects(Vault.open(store, passphrase), (error) => isCoded(error, 'WALLET_UNKNOWN'));
  await Vault.create(store, passphrase, emptyWallet('Ana'));
  await assert.rejects(Vault.create(store, passphrase, emptyWallet('Bob')), (error) =>
    isCoded(error, 'WALLET_EXISTS'),
  );
});
