import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { memoryWalletStore } from '../../../test/wallet-store.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import { accountIdOf, consentIdOf, recordIdOf, txIdOf } from '../../primitives/ids.ts';
import { emptyWallet, type ReceivedLetter, type WalletContent } from './content.ts';
import { indexLimits } from './file.ts';
import { firstGenerations } from './generations.ts';
import {
  bucketsUnder,
  intoBuckets,
  openShard,
  sealShard,
  withoutShards,
  withShards,
} from './shards.ts';
import type { WalletStore, WalletWrite } from './store.ts';
import { Vault } from './vault.ts';

const passphrase = 'a long enough one';
const bytesOf = (length: number, n: number) => {
  const bytes = new Uint8Array(length);
  new DataView(bytes.buffer).setUint32(0, n);
  return bytes;
};
const account = accountIdOf(bytesOf(32, 1));

const letterOf = (n: number, bytes = 700): ReceivedLetter => ({
  consent: consentIdOf(bytesOf(16, n)),
  ...{ account, grantee: account, ownerName: `Patient ${n}`, letter: new Uint8Array(bytes) },
  ...{ receivedMs: n, ended: false, ...firstGenerations },
});
const segmentOf = (n: number) => ({
  consent: consentIdOf(bytesOf(16, n)),
  ...{ class: 'lab', epoch: 1, secret: bytesOf(32, n) },
});
const received = (...numbers: number[]): WalletContent => ({
  ...emptyWallet('Dr Ora'),
  letters: numbers.map((n) => letterOf(n)),
  segments: numbers.map(segmentOf),
});

/** A place that counts what is written. */
function counting(): WalletStore & { readonly writes: WalletWrite[] } {
  const store = memoryWalletStore();
  const writes: WalletWrite[] = [];
  return {
    ...store,
    writes,
    save: (wallet) => {
      writes.push(wallet);
      return store.save(wallet);
    },
  };
}

test('What is cut into shards and put together is what it was', async () => {
  const ids = fc.uniqueArray(fc.nat(10_000), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(ids, ids, fc.constantFrom(1, 16, 64), async (letters, erased, buckets) => {
      const content = {
        ...received(...letters.toSorted((a, b) => a - b)),
        erased: erased.toSorted((a, b) => a - b).map((n) => recordIdOf(bytesOf(16, n))),
      };
      const cut = intoBuckets(content, bucketsUnder(bytesOf(32, buckets), buckets));
      const read = [];
      for (const [bucket, shard] of cut) {
        assert.ok(bucket < buckets);
        const { ref, sealed } = await sealShard(bucket, shard);
        read.push(await openShard(ref, sealed));
      }
      assert.deepEqual(withShards(withoutShards(content), read), content);
    }),
  );
});

test('A doctor of thousands of patients: a change writes one shard, and the index stays small', async () => {
  const patients = process.env.SLOW === '1' ? 20_000 : 2_500;
  const store = counting();
  const vault = await Vault.create(store, passphrase, emptyWallet('Dr Ora'));
  await vault.change(() => received(...Array.from({ length: patients }, (_, n) => n)));
  const whole = store.writes.at(-1);
  assert.ok(whole && whole.keeps.length > 16);
  // Wallets grow a bucket at a time, so the number of buckets follows over some changes.
  for (let n = patients; n < patients + 4; n++) {
    await vault.change((held) => ({ ...held, letters: [...held.letters, letterOf(n)] }));
  }
  const buckets = store.writes.at(-1)?.keeps.length ?? 0;
  await vault.change((held) => ({
    ...held,
    letters: held.letters.map((it) => (it.receivedMs === 777 ? { ...it, ended: true } : it)),
  }));
  const one = store.writes.at(-1);
  assert.ok(one);
  assert.deepEqual([one.shards.size, one.keeps.length], [1, buckets]);
  assert.ok([...one.shards.values()].every((sealed) => sealed.length < 256 * 1024));
  assert.ok(one.file.length < 128 * 1024, `${one.file.length}`);
  const again = await Vault.open(store, passphrase);
  assert.equal(again.content.letters.length, patients + 4);
  assert.equal(again.content.letters.filter((it) => it.ended).length, 1);
});

test('Shards that are gone or damaged stop nothing: what is in the index is there, and they are kept', async () => {
  const store = memoryWalletStore();
  const vault = await Vault.create(store, passphrase, received(1, 2, 3, 4, 5, 6, 7, 8));
  const { letters } = vault.content;
  const broken: WalletStore = { ...store, loadShard: async () => undefined };
  const blind = await Vault.open(broken, passphrase);
  assert.equal(blind.content.letters.length, 0);
  assert.ok(blind.unreadable > 0);
  await blind.change((held) => ({
    ...held,
    settled: [{ tx: txIdOf(bytesOf(32, 1)), atMs: 1 }],
    letters: [letterOf(99)],
  }));
  const healed = await Vault.open(store, passphrase);
  assert.equal(healed.unreadable, 0);
  assert.deepEqual(healed.content.letters, [...letters, letterOf(99)]);
  assert.equal(healed.content.settled.length, 1);
});

test('A reader whose shards another process took away reads the file again', async () => {
  const store = memoryWalletStore();
  const writer = await Vault.create(store, passphrase, received(1, 2, 3));
  let isFirst = true;
  const slow: WalletStore = {
    ...store,
    loadShard: async (name) => {
      if (isFirst) {
        isFirst = false;
        await writer.change((held) => ({
          ...held,
          letters: held.letters.map((it) => ({ ...it, ended: true })),
        }));
      }
      return store.loadShard(name);
    },
  };
  const reader = await Vault.open(slow, passphrase);
  assert.equal(reader.unreadable, 0);
  assert.deepEqual(
    reader.content.letters.map((it) => it.ended),
    [true, true, true],
  );
});

test('What would be too large to be read is not written, and taking back goes on', async () => {
  const store = memoryWalletStore();
  const vault = await Vault.create(store, passphrase, emptyWallet('Ana'));
  const pendingOf = (n: number, bytes: number) => ({
    ...{ tx: txIdOf(bytesOf(32, n)), account, kind: 'grant', bytes: new Uint8Array(bytes) },
    ...{ createdMs: n, consents: [], imports: [], enveloped: [], outgoing: [] },
  });
  const grow = (bytes: number) => (held: WalletContent) => ({
    ...held,
    pending: [...held.pending, pendingOf(held.pending.length, bytes)],
  });
  await vault.change(grow(indexLimits.usualBytes - 4_096));
  const full = (error: unknown) => isCoded(error, 'WALLET_FULL');
  await assert.rejects(vault.change(grow(8_192)), full);
  assert.equal((await Vault.open(store, passphrase)).content.pending.length, 1);
  await vault.change(grow(8_192), { takesBack: true });
  await assert.rejects(vault.change(grow(indexLimits.mostBytes), { takesBack: true }), full);
  // What makes it smaller is always written.
  await vault.change((held) => ({ ...held, pending: held.pending.slice(1) }));
  assert.equal((await Vault.open(store, passphrase)).content.pending.length, 1);
});

test('A change that cannot be written leaves all as it was', async () => {
  const store = memoryWalletStore();
  let isFull = false;
  const disk: WalletStore = {
    ...store,
    save: async (wallet) => {
      if (isFull) throw new CodedError('WALLET_NOT_KEPT');
      await store.save(wallet);
    },
  };
  const vault = await Vault.create(disk, passphrase, received(1));
  const before = vault.content;
  isFull = true;
  await assert.rejects(
    vault.change(() => received(1, 2)),
    (error) => isCoded(error, 'WALLET_NOT_KEPT'),
  );
  assert.equal(vault.content, before);
  isFull = false;
  await vault.change(() => received(1, 2));
  assert.equal((await Vault.open(store, passphrase)).content.letters.length, 2);
});
