import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesToHex } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import { accountIdOf, txIdOf } from '../../primitives/ids.ts';
import { emptyWallet, type WalletContent } from './content.ts';
import { type CopyStore, copyKeyOf, copyLocatorOf, openCopy, sealCopy, syncCopy } from './copy.ts';

const code = new Uint8Array(20).fill(5);
const copyKey = copyKeyOf(code);
const locator = copyLocatorOf(code, accountIdOf(new Uint8Array(32).fill(1)));
const settled = (...numbers: number[]): WalletContent => ({
  ...emptyWallet('Ana'),
  copyKey,
  settled: numbers.map((n) => ({ tx: txIdOf(new Uint8Array(32).fill(n)), atMs: n })),
});

/** The hospital's side, with a hand on the clock: `between` runs after each read. */
function hospital(between: (version: number) => void = () => undefined) {
  const held = { version: 0, sealed: new Uint8Array(0) };
  const store: CopyStore = {
    async get() {
      const answer = held.version === 0 ? undefined : { ...held };
      between(held.version);
      return answer;
    },
    async put(_locator, expectedVersion, sealed) {
      if (expectedVersion !== held.version) throw new CodedError('WALLET_CONFLICT');
      held.version += 1;
      held.sealed = new Uint8Array(sealed);
    },
  };
  return { held, store };
}

test('A copy opens with its code alone', async () => {
  const sealed = await sealCopy(copyKey, settled(1));
  assert.deepEqual(await openCopy(copyKey, sealed), settled(1));
  const other = copyKeyOf(new Uint8Array(20).fill(6));
  await assert.rejects(openCopy(other, sealed), (error) => isCoded(error, 'RECOVERY_CODE_WRONG'));
});

test('The length of a copy tells its size in blocks of 4 KiB only', async () => {
  const lengths = await Promise.all(
    [settled(), settled(1), settled(1, 2, 3)].map(
      async (it) => (await sealCopy(copyKey, it)).length,
    ),
  );
  assert.deepEqual(new Set(lengths), new Set([4096 + 28]));
});

test('A copy lies elsewhere at every hospital, and none of it tells the key', () => {
  const there = copyLocatorOf(code, accountIdOf(new Uint8Array(32).fill(2)));
  const all = new Set([locator, there, copyKey].map(bytesToHex));
  assert.equal(all.size, 3);
});

test('Two devices end with the same content, whoever writes first', async () => {
  const { store } = hospital();
  await syncCopy(store, locator, settled(1));
  const { content: second } = await syncCopy(store, locator, settled(2));
  const { content: first } = await syncCopy(store, locator, settled(1));
  assert.deepEqual(first, second);
  assert.equal(first.settled.length, 2);
});

test('A device that was overtaken merges and tries again', async () => {
  let overtaken = 0;
  const { store, held } = hospital(() => {
    if (overtaken++ < 2) held.version += 1;
  });
  await syncCopy(hospitalWith(store, await sealCopy(copyKey, settled(7))), locator, settled(1));
  assert.ok(overtaken >= 2);
});

/** Answers every read with the newest version and some content. */
function hospitalWith(store: CopyStore, sealed: Uint8Array): CopyStore {
  return {
    put: (...args) => store.put(...args),
    get: async (at) => {
      const found = await store.get(at);
      return found === undefined ? undefined : { ...found, sealed };
    },
  };
}

test('A device that is overtaken every time gives up', async () => {
  const { store, held } = hospital(() => {
    held.version += 1;
  });
  const sealed = await sealCopy(copyKey, settled(7));
  await assert.rejects(syncCopy(hospitalWith(store, sealed), locator, settled(1)), (error) =>
    isCoded(error, 'WALLET_CONFLICT'),
  );
});

test('A copy that is still the same is not written again, and a header that moved on is no reason', async () => {
  const { store, held } = hospital();
  const trust = {
    chainId: 'c',
    rootJson: '{}',
    height: 1,
    headerHash: new Uint8Array(32),
    timeMs: 1,
    gateways: [],
  };
  const mine = { ...settled(1), trust: [trust] };
  const last = await syncCopy(store, locator, mine);
  const { version } = held;
  const moved = { ...mine, trust: [{ ...trust, height: 2 }] };
  const synced = await syncCopy(store, locator, moved, last);
  assert.equal(synced.content, moved);
  assert.equal(await syncCopy(store, locator, moved).then((it) => it.content), moved);
  assert.equal(held.version, version);
});

test('What another device wrote since is learned', async () => {
  const { store } = hospital();
  const last = await syncCopy(store, locator, settled(1));
  await syncCopy(store, locator, settled(2));
  const { content } = await syncCopy(store, locator, settled(1), last);
  assert.equal(content.settled.length, 2);
});
