import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  decodeCopyHead,
  encodeCopyHead,
  type SignedCopy,
  walletCopyLimits,
} from '../../api/wallet-copy.ts';
import { type KemKey, xwingKeyFromSeed } from '../../crypto/kem.ts';
import { labels } from '../../crypto/labels.ts';
import { type SigningKey, signingKeyFromSeed, signLabelled } from '../../crypto/signature.ts';
import { bytesToHex, equalBytes } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import { accountIdOf, consentIdOf, txIdOf } from '../../primitives/ids.ts';
import {
  emptyWallet,
  type ListedDevice,
  type WalletAccount,
  type WalletContent,
} from './content.ts';
import { syncCopy } from './copy.ts';
import { openCopyIndex, unwrapCopyKey } from './copy-index.ts';
import type { CopyStore, CopyWriter } from './copy-store.ts';
import { devicesIn, listedDevice } from './device-list.ts';
import { firstGenerations } from './generations.ts';
import { codeKeysOf } from './identity.ts';
import { emptyLocal } from './local.ts';

const place = {
  organisation: accountIdOf(new Uint8Array(32).fill(1)),
  account: accountIdOf(new Uint8Array(32).fill(2)),
};
const root = { id: '0101010101010101', secret: new Uint8Array(32).fill(9), createdMs: 1 };
const settled = (...numbers: number[]): WalletContent => ({
  ...emptyWallet('Ana'),
  roots: [root],
  settled: numbers.map((n) => ({ tx: txIdOf(new Uint8Array(32).fill(n)), atMs: n })),
});

const key = await signingKeyFromSeed(new Uint8Array(32).fill(3));
const laterKey = await signingKeyFromSeed(new Uint8Array(32).fill(4));
const strangersKey = await signingKeyFromSeed(new Uint8Array(32).fill(5));
const pairOf = (n: number): Promise<KemKey> => xwingKeyFromSeed(new Uint8Array(32).fill(n));
const [phone, laptop, fresh] = await Promise.all([pairOf(6), pairOf(7), pairOf(8)]);
const code = await codeKeysOf(new Uint8Array(20).fill(5), place.organisation);

/** A device at work with this key, this pair, and others listed beside it. */
function device(
  pair: KemKey,
  others: readonly KemKey[] = [],
  sign: SigningKey = key,
  deviceRoot: string = root.id,
): CopyWriter {
  return {
    ...{ ...place, sign, knownKeys: [key.publicKey, sign.publicKey], pairs: [pair] },
    recipientsIn: () => [...[pair, ...others].map((it) => it.publicKey), code.kem.publicKey],
    local: { ...emptyLocal, deviceRoot: [deviceRoot] },
  };
}
const onPhone = device(phone, [laptop]);
const onLaptop = device(laptop, [phone]);

/** The hospital's side, with a hand on the clock: `between` runs after each read. */
function hospital(between: () => void = () => undefined) {
  const held: { copy: SignedCopy | undefined; serial: number; shards: Map<string, Uint8Array> } = {
    copy: undefined,
    serial: 0,
    shards: new Map(),
  };
  const store: CopyStore = {
    async head() {
      const { copy } = held;
      between();
      return copy;
    },
    shard: async (name) => held.shards.get(name),
    putShard: async (name, sealed) => {
      held.shards.set(name, sealed);
    },
    putHead: async (copy) => {
      const { serial } = decodeCopyHead(copy.head);
      if (serial !== held.serial + 1) throw new CodedError('WALLET_CONFLICT');
      Object.assign(held, { copy, serial });
    },
  };
  return { held, store };
}

const headOf = (copy: SignedCopy | undefined) => {
  assert.ok(copy);
  return decodeCopyHead(copy.head);
};

test('Two devices end with the same content, whoever writes first', async () => {
  const { store } = hospital();
  await syncCopy(store, onPhone, settled(1));
  const { content: second } = await syncCopy(store, onLaptop, settled(2));
  const { content: first } = await syncCopy(store, onPhone, settled(1));
  assert.deepEqual(first, second);
  assert.equal(first.settled.length, 2);
});

test('A copy opens with the printed code alone, and with nobody else’s', async () => {
  const { store, held } = hospital();
  await syncCopy(store, onPhone, settled(1));
  const head = headOf(held.copy);
  const copyKey = await unwrapCopyKey(head.wraps, place, [code.kem]);
  assert.ok(copyKey);
  assert.deepEqual((await openCopyIndex(copyKey, head, head.sealed)).content, settled(1));
  const another = await codeKeysOf(new Uint8Array(20).fill(6), place.organisation);
  const elsewhere = await codeKeysOf(new Uint8Array(20).fill(5), place.account);
  const strangers = [another.kem, elsewhere.kem, fresh];
  assert.equal(await unwrapCopyKey(head.wraps, place, strangers), undefined);
});

test('A copy tells a power of two, and not how many devices there are', async () => {
  const said = await Promise.all(
    [settled(), settled(1, 2, 3)].flatMap((content) =>
      [device(phone), device(phone, [laptop, fresh])].map(async (writer) => {
        const { store, held } = hospital();
        await syncCopy(store, writer, content);
        const { wraps, sealed, shards } = headOf(held.copy);
        return [wraps.length, sealed.length, shards.length].join();
      }),
    ),
  );
  assert.deepEqual([...new Set(said)], [[8, 16 * 1024 + 28, 0].join()]);
});

test('A hospital that was put back to a time before a device was listed does not end it', async () => {
  const { store, held } = hospital();
  await syncCopy(store, device(phone), settled(1));
  const before = held.copy;
  await syncCopy(store, onPhone, settled(1));
  const { copy } = await syncCopy(store, onLaptop, settled(2));
  Object.assign(held, { copy: before, serial: 1 });
  const back = await syncCopy(store, onLaptop, settled(1, 2), copy);
  assert.equal(back.isOld, true);
  assert.equal((await syncCopy(store, onPhone, settled())).content.settled.length, 2);
});

test('A device that a copy lists is not left out by who learns of it from there', async () => {
  const { store, held } = hospital();
  const listed = (pair: KemKey) =>
    listedDevice(root, { key: pair.publicKey, name: 'one', addedMs: 1 });
  const asListed = (pair: KemKey): CopyWriter => {
    const writer = device(pair);
    const recipientsIn = (content: WalletContent) => [
      ...devicesIn(content, writer.local).map((it) => it.key),
      code.kem.publicKey,
    ];
    return { ...writer, recipientsIn, pairs: [pair, code.kem] };
  };
  await syncCopy(store, asListed(phone), { ...settled(1), devices: [listed(phone)] });
  const both = [listed(phone), listed(laptop)];
  await syncCopy(store, asListed(laptop), { ...settled(1), devices: both });
  await syncCopy(store, asListed(phone), { ...settled(1, 2), devices: [listed(phone)] });
  assert.ok(await unwrapCopyKey(headOf(held.copy).wraps, place, [laptop]));
});

test('The copy key stays while those who may open the copy do, and is another one afterwards', async () => {
  const { store, held } = hospital();
  const wrapsAfter = async (writer: CopyWriter, content: WalletContent) => {
    await syncCopy(store, writer, content);
    return headOf(held.copy).wraps;
  };
  const first = await wrapsAfter(onPhone, settled(1));
  assert.deepEqual(await wrapsAfter(onLaptop, settled(1, 2)), first);
  const alone = await wrapsAfter(device(phone), settled(1, 2));
  assert.ok(alone.every((wrap) => !first.some((it) => equalBytes(it, wrap))));
});

test('After a rotation nobody opens a copy who had everything before it', async () => {
  const { store, held } = hospital();
  const { copy } = await syncCopy(store, onPhone, settled(1));
  const rotated = device(fresh, [], laterKey, '0202020202020202');
  // It still opens what it wrote before, with the pair it had then.
  await syncCopy(store, { ...rotated, pairs: [fresh, phone] }, settled(1, 2));
  const head = headOf(held.copy);
  assert.equal(await unwrapCopyKey(head.wraps, place, [phone, laptop]), undefined);
  await assert.rejects(openCopyIndex(copy.copyKey, head, head.sealed), (error) =>
    isCoded(error, 'CANNOT_OPEN'),
  );
  await assert.rejects(
    syncCopy(store, device(laptop, [phone], laterKey), settled(3)),
    (error) => isCoded(error, 'DEVICE_ENDED'),
    'and a device that was left out says so, and writes nothing over it',
  );
  assert.equal(headOf(held.copy).serial, 2);
});

test('A copy that a stranger signed, or that was sealed for others before, teaches nothing and is replaced', async () => {
  for (const writer of [
    device(phone, [], strangersKey),
    { ...device(fresh, [laptop]), recipientsIn: () => [fresh.publicKey] },
  ]) {
    const { store } = hospital();
    await syncCopy(store, writer, settled(7));
    const { content } = await syncCopy(store, device(phone, [], laterKey), settled(1));
    assert.deepEqual(content, settled(1));
    const { content: again } = await syncCopy(store, device(phone, [], laterKey), settled(2));
    assert.equal(again.settled.length, 2);
  }
});

test('A device that was overtaken merges and tries again; one that is overtaken every time gives up', async () => {
  for (const [times, isGivenUp] of [
    [2, false],
    [99, true],
  ] as const) {
    let overtaken = 0;
    const { store, held } = hospital(() => {
      if (overtaken++ < times) held.serial += 1;
    });
    const asNew: CopyStore = {
      ...store,
      putHead: (copy) => {
        // Numbers of the other device's copies, which this test does not write.
        if (overtaken > times) held.serial = headOf(copy).serial - 1;
        return store.putHead(copy);
      },
    };
    const sent = syncCopy(asNew, onPhone, settled(1));
    if (isGivenUp) await assert.rejects(sent, (error) => isCoded(error, 'WALLET_CONFLICT'));
    else assert.equal((await sent).copy.serial, 1);
  }
});

test('A copy that is still the same is not written again, and a header that moved on is no reason', async () => {
  const { store, held } = hospital();
  const trust = {
    ...{ chainId: 'c', rootJson: '{}', height: 1, headerHash: new Uint8Array(32), timeMs: 1 },
    gateways: [],
  };
  const mine = { ...settled(1), trust: [trust] };
  const { copy } = await syncCopy(store, onPhone, mine);
  const moved = { ...mine, trust: [{ ...trust, height: 2 }] };
  const { serial, hash, copyKey, digests } = copy;
  for (const known of [copy, { serial, hash, copyKey, digests }, undefined]) {
    assert.equal((await syncCopy(store, onPhone, moved, known)).content, moved);
  }
  assert.equal(held.serial, 1);
});

test('An older copy than a device has seen is told, and what is missing in it is written again', async () => {
  const { store, held } = hospital();
  await syncCopy(store, onPhone, settled(1));
  const before = held.copy;
  const { copy } = await syncCopy(store, onPhone, settled(1, 2));
  Object.assign(held, { copy: before, serial: 1 });
  const back = await syncCopy(store, onPhone, settled(1, 2), copy);
  assert.equal(back.isOld, true);
  assert.equal((await syncCopy(store, onLaptop, settled())).content.settled.length, 2);
  Object.assign(held, { copy: undefined, serial: 0 });
  assert.equal((await syncCopy(store, onPhone, settled(1, 2), back.copy)).isOld, true);
});

/** Some 400 KiB: too much for the index. */
const many = (letters: number): WalletContent => ({
  ...settled(1),
  letters: Array.from({ length: letters }, (_, n) => ({
    consent: consentIdOf(Uint8Array.from({ length: 16 }, (_byte, at) => (at === 0 ? n : 1))),
    ...{ account: place.account, grantee: place.account, ownerName: `Patient ${n}` },
    ...{ letter: new Uint8Array(4_000).fill(n), receivedMs: 1, ended: false, ...firstGenerations },
  })),
});

test('A large wallet lies in shards, a change writes the one that it touches, and what is known is not fetched', async () => {
  const { store, held } = hospital();
  const fetched: string[] = [];
  const counting: CopyStore = {
    ...store,
    shard: (name) => {
      fetched.push(name);
      return store.shard(name);
    },
  };
  const { copy } = await syncCopy(counting, onPhone, many(100));
  assert.equal(copy.named.length, 16);
  const written = held.shards.size;
  const { copy: next } = await syncCopy(counting, onPhone, many(101), copy);
  assert.equal(held.shards.size, written + 1);
  assert.equal(fetched.length, 0);
  const { content } = await syncCopy(counting, onLaptop, settled(2), undefined);
  assert.equal(content.letters.length, 101);
  assert.equal(fetched.length, 16);
  assert.ok(next.named.every(({ bytes }) => bytes <= walletCopyLimits.shardBytes));
  const lengths = new Set(next.named.map(({ bytes }) => Math.log2(bytes - 28) % 1));
  assert.deepEqual([...lengths], [0]);
});

test('A hospital that says it lacks shards of what it keeps is sent all of them once more', async () => {
  const { store, held } = hospital();
  const { copy } = await syncCopy(store, onPhone, many(100));
  held.shards.clear();
  const lacking: CopyStore = {
    ...store,
    putHead: async (sent) => {
      const missing = headOf(sent).shards.filter(({ name }) => !held.shards.has(name)).length;
      if (missing > 0) throw new CodedError('WALLET_CONFLICT', { serial: held.serial, missing });
      await store.putHead(sent);
    },
  };
  await syncCopy(lacking, onPhone, many(101), copy);
  const { content } = await syncCopy(store, onLaptop, settled());
  assert.equal(content.letters.length, 101);
});

test('A shard that the hospital lost is written again', async () => {
  const { store, held } = hospital();
  await syncCopy(store, onPhone, many(100));
  const [lost = ''] = held.shards.keys();
  held.shards.delete(lost);
  await syncCopy(store, onPhone, many(100));
  const { content } = await syncCopy(store, onLaptop, settled());
  assert.equal(content.letters.length, 100);
});

test('A shard that the hospital damaged is written again, and stops nothing', async () => {
  const { store, held } = hospital();
  await syncCopy(store, onPhone, many(100));
  const [[name, sealed] = ['', new Uint8Array(0)]] = held.shards;
  held.shards.set(name, sealed.with(50, (sealed[50] ?? 0) ^ 1));
  await syncCopy(store, onPhone, many(100));
  const { content } = await syncCopy(store, onLaptop, settled());
  assert.equal(content.letters.length, 100);
});

test('Two devices that hold the same in another order do not write it to each other again and again', async () => {
  const { store, held } = hospital();
  for (const mine of [settled(2, 1), many(100)]) {
    const other = {
      ...mine,
      settled: mine.settled.toReversed(),
      letters: mine.letters.toReversed(),
    };
    await syncCopy(store, onPhone, mine);
    await syncCopy(store, onLaptop, other);
    const { serial } = held;
    await syncCopy(store, onPhone, mine);
    await syncCopy(store, onLaptop, other);
    assert.equal(held.serial, serial);
  }
});

test('Whoever had every root but the newest adds no device by a copy, and takes none away', async () => {
  const newest = { id: '0202020202020202', secret: new Uint8Array(32).fill(10), createdMs: 2 };
  const later = 86_400_000;
  const listedUnder = (under: typeof root, pair: KemKey) =>
    listedDevice(under, { key: pair.publicKey, name: 'Telephone', addedMs: 1 });
  const mine = {
    ...{ ...settled(1), roots: [root, newest] },
    devices: [listedUnder(newest, phone), listedUnder(newest, laptop)],
  };
  for (const [name, devices, roots] of [
    ['under an older root', [phone, laptop, fresh].map((it) => listedUnder(root, it)), [root]],
    [
      'under the newest root’s id',
      [phone, laptop, fresh].map((it) => listedUnder({ ...root, id: newest.id }, it)),
      [{ ...root, id: newest.id }],
    ],
  ] as const) {
    const { store } = hospital();
    const seen = devices.map((it) => ({ ...it, seenMs: later }));
    await syncCopy(store, onLaptop, { ...settled(2), roots, devices: seen });
    const { content } = await syncCopy(store, device(phone, [laptop], key, newest.id), mine);
    assert.deepEqual(content.settled.length, 2, name);
    const byKey = (it: ListedDevice) => bytesToHex(it.key);
    assert.deepEqual(content.devices.map(byKey).sort(), mine.devices.map(byKey).sort(), name);
    assert.ok(content.devices.every(({ rootId, seenMs }) => rootId === newest.id && seenMs === 1));
  }
});

test('A copy of before the keys were changed that a device opens and cannot read stops nothing', async () => {
  const rotated = device(fresh, [], laterKey, '0202020202020202');
  for (const [signer, isReplaced] of [
    [key, true],
    [laterKey, false],
  ] as const) {
    const { store, held } = hospital();
    await syncCopy(store, { ...onPhone, sign: signer }, settled(7));
    const head = headOf(held.copy);
    const broken = encodeCopyHead({
      ...head,
      sealed: head.sealed.with(50, 1 ^ (head.sealed[50] ?? 0)),
    });
    const signature = await signLabelled(signer, labels.walletCopySign, broken);
    Object.assign(held, { copy: { head: broken, publicKey: signer.publicKey, signature } });
    const sent = syncCopy(store, { ...rotated, pairs: [fresh, phone] }, settled(1));
    if (isReplaced) assert.deepEqual((await sent).content, settled(1));
    else await assert.rejects(sent, (error) => isCoded(error, 'CANNOT_OPEN'));
  }
});

test('How the keys of an account went, a device learns from no copy; an account that it has not, it learns', async () => {
  const own = (generations: number, account = place.account): WalletAccount => ({
    ...{ account, organisation: place.organisation, organisationName: 'North', role: 'patient' },
    ...{ chainId: 'c', gatewayUrl: 'http://127.0.0.1:1', enrolled: true, card: new Uint8Array(0) },
    generations: Array.from({ length: generations }, (_, index) => ({ rootId: root.id, index })),
  });
  const { store } = hospital();
  const another = accountIdOf(new Uint8Array(32).fill(12));
  await syncCopy(store, onLaptop, { ...settled(2), accounts: [own(9), own(3, another)] });
  const mine = { ...settled(1), accounts: [own(2)] };
  const { content } = await syncCopy(store, onPhone, mine);
  assert.deepEqual(content.accounts, [own(2), own(3, another)]);
});
