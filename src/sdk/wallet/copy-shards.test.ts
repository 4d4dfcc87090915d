import assert from 'node:assert/strict';
import { test } from 'node:test';
import { walletCopyLimits } from '../../api/wallet-copy.ts';
import { isCoded } from '../../primitives/errors.ts';
import { accountIdOf, consentIdOf, recordIdOf } from '../../primitives/ids.ts';
import { emptyWallet, type ShardContent, type WalletContent } from './content.ts';
import { type CopyShards, copiedPart, type LaidCopy, layCopy } from './copy-shards.ts';
import { firstGenerations } from './generations.ts';
import { openShard, shardLimits, withShards } from './shards.ts';

const account = accountIdOf(new Uint8Array(32).fill(1));
/** Under a secret that is known, so that each letter's bucket is. */
const nothing: CopyShards = {
  layout: { secret: new Uint8Array(32).fill(9), buckets: 0, shards: [] },
  named: [],
  digests: new Map(),
};
/** A wallet of so many letters of this length. */
const wallet = (letters: number, bytes = 4_096): WalletContent => ({
  ...emptyWallet('Ana'),
  letters: Array.from({ length: letters }, (_, n) => ({
    consent: consentIdOf(Uint8Array.from({ length: 16 }, (_byte, at) => (n >> (8 * at)) & 255)),
    ...{ account, grantee: account, ownerName: '', letter: new Uint8Array(bytes).fill(n) },
    ...{ receivedMs: 1, ended: false, ...firstGenerations },
  })),
});

async function readBack(laid: LaidCopy, stored: ReadonlyMap<string, Uint8Array>) {
  const shards: ShardContent[] = [];
  for (const ref of laid.layout.shards) {
    const sealed = stored.get(ref.name);
    assert.ok(sealed);
    shards.push(await openShard(ref, sealed, { isPadded: true }));
  }
  return withShards(laid.inIndex, shards);
}

test('A wallet lies whole up to 128 KiB, in shards beyond, and in shards from then on', async () => {
  const small = await layCopy(wallet(31), nothing);
  assert.deepEqual([small.layout.buckets, small.named, small.added.size], [0, [], 0]);
  assert.equal(small.inIndex.letters.length, 31);
  const large = await layCopy(wallet(33), small);
  assert.deepEqual([large.layout.buckets, large.named.length, large.added.size], [16, 16, 16]);
  assert.deepEqual(large.inIndex.letters, []);
  const again = await layCopy(wallet(1), large);
  assert.deepEqual([again.layout.buckets, again.named.length], [16, 16]);
});

test('There are twice as many buckets once they hold more than 64 KiB each on average, not before, and nothing is lost', async () => {
  // 16 buckets of some 75 KiB; 32 of some 38 KiB, each padded to 64.
  const content = wallet(300);
  const stored = new Map<string, Uint8Array>();
  let laid = await layCopy(content, nothing);
  const seen: number[][] = [];
  for (let writing = 0; writing < 3; writing++) {
    for (const [name, sealed] of laid.added) stored.set(name, sealed);
    seen.push([laid.layout.buckets, laid.added.size]);
    assert.deepEqual(
      laid.layout.shards.map(({ bucket }) => bucket),
      Array.from({ length: laid.layout.buckets }, (_, bucket) => bucket),
    );
    const letters = (await readBack(laid, stored)).letters.toSorted((a, b) =>
      a.consent < b.consent ? -1 : 1,
    );
    assert.deepEqual(
      letters,
      content.letters.toSorted((a, b) => (a.consent < b.consent ? -1 : 1)),
    );
    laid = await layCopy(content, laid);
  }
  assert.deepEqual(seen, [
    [16, 16],
    [32, 32],
    [32, 0],
  ]);
});

test('Nothing is written that a hospital would not keep: WALLET_FULL', async () => {
  const { shardBytes } = walletCopyLimits;
  assert.ok(shardBytes <= shardLimits.mostBytes + 28);
  await assert.rejects(layCopy(wallet(1, shardBytes), nothing), (error) =>
    isCoded(error, 'WALLET_FULL'),
  );
});

test('The index of an import goes into no copy, and stays on the device', () => {
  const one = {
    ...{ account, skeleton: recordIdOf(new Uint8Array(16).fill(2)), fileName: 'bundle.json' },
    ...{ sha256: new Uint8Array(32), bytes: 1, items: 1, importedMs: 1, anchored: true },
    index: new Uint8Array(64).fill(3),
  };
  const content = { ...emptyWallet('Ana'), imports: [one] };
  assert.deepEqual(copiedPart(content).imports, [{ ...one, index: new Uint8Array(0) }]);
  assert.equal(content.imports[0]?.index.length, 64);
});
