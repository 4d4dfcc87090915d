import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { sha256 } from '../../src/crypto/hash.ts';
import { blobIdOf } from '../../src/storage/blob-id.ts';
import { joined, rejectsWith } from '../../src/storage/blob-store.contract.ts';
import type { StorageNode } from '../../src/storage/ipfs/open.ts';
import { formatSwarmKey } from '../../src/storage/ipfs/swarm-key.ts';
import { type GoPeer, peerFolder, startGoPeer } from '../ipfs/go-peer.ts';
import { Membership, openNode, swarmKey } from '../ipfs/swarm.ts';

const programs = process.env.SALUS_SERVICE ?? '';
const ana = 'account-of-ana';
const mib = 1024 * 1024;
const sizes = [1, 1_024, 300_000, mib, mib + 1, 40 * mib + 7];

/** Our node alone in its list, so that a put waits for nobody; and a Go peer with the same swarm key. */
async function pair(t: TestContext): Promise<{
  readonly members: Membership;
  readonly node: StorageNode;
  readonly peer: GoPeer;
  readonly folder: string;
}> {
  const members = new Membership();
  const node = await openNode(t, members, { n: 0, leastCopies: 1, patienceMs: 0 });
  const { folder, remove } = peerFolder();
  const peer = await startGoPeer({ programs, swarmKey, folder });
  t.after(async () => {
    await peer.stop();
    remove();
  });
  return { members, node, peer, folder };
}

const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

test('a Go peer of boxo fetches from us what we keep, leaf by leaf, and makes the same id of the same bytes', async (t) => {
  const { members, node, peer, folder } = await pair(t);
  members.put(peer.member);
  const dialled = await peer.ask({ do: 'dial', address: node.node.addresses[0] });
  assert.equal(dialled.error, undefined);
  for (const bytes of sizes) {
    const content = new Uint8Array(randomBytes(bytes));
    const { id } = await node.here.own.put(content, { owner: ana });
    node.here.blocks.index(id);
    const got = await peer.ask({ do: 'fetch', root: id, timeoutMs: 60_000 });
    assert.deepEqual([got.error, got.bytes, got.sha256], [undefined, bytes, hashOf(content)]);
    const file = join(folder, 'file');
    writeFileSync(file, content);
    assert.equal((await peer.ask({ do: 'add', file })).root, id);
  }
});

test('we fetch from a Go peer of boxo what it keeps', async (t) => {
  const { members, node, peer, folder } = await pair(t);
  members.put(peer.member);
  for (const bytes of sizes) {
    const content = new Uint8Array(randomBytes(bytes));
    const file = join(folder, 'file');
    writeFileSync(file, content);
    const { root } = await peer.ask({ do: 'add', file });
    const id = blobIdOf(content);
    assert.equal(root, id);
    assert.equal(hashOf(await joined(node.store.readStream(id))), hashOf(content));
  }
});

test('a Go peer that evicted a block and wants it again over the same connection gets it', async (t) => {
  const { members, node, peer } = await pair(t);
  members.put(peer.member);
  await peer.ask({ do: 'dial', address: node.node.addresses[0] });
  const { id } = await node.here.own.put(new Uint8Array(randomBytes(70_000)), { owner: ana });
  for (let i = 0; i < 3; i++) {
    const got = await peer.ask({ do: 'fetch', root: id, timeoutMs: 5_000 });
    assert.equal(got.bytes, 70_000);
    assert.equal((await peer.ask({ do: 'drop', root: id })).error, undefined);
  }
});

test('a Go peer with another swarm key, and one that is not listed, get no connection', async (t) => {
  const { members, node, peer } = await pair(t);
  const { folder, remove } = peerFolder();
  const other = formatSwarmKey(sha256(new Uint8Array(3)));
  const stranger = await startGoPeer({ programs, swarmKey: other, folder });
  t.after(async () => {
    await stranger.stop();
    remove();
  });
  members.put(stranger.member);
  const address = node.node.addresses[0];
  assert.match(
    (await stranger.ask({ do: 'dial', address, timeoutMs: 8_000 })).error ?? '',
    /fail|negotiate|deadline/,
  );
  const { id } = await node.here.own.put(new Uint8Array(randomBytes(50)), { owner: ana });
  // Listed nowhere: it knows the swarm key and no more.
  await peer.ask({ do: 'dial', address, timeoutMs: 5_000 });
  assert.notEqual((await peer.ask({ do: 'fetch', root: id, timeoutMs: 2_000 })).error, undefined);
  assert.equal(node.node.strangers, 0);
  members.put(peer.member);
  assert.equal((await peer.ask({ do: 'dial', address })).error, undefined);
  assert.equal((await peer.ask({ do: 'fetch', root: id, timeoutMs: 5_000 })).bytes, 50);
});

test('a Go peer that was restarted is found again, and finds us again after we were', async (t) => {
  const { members, node, peer, folder } = await pair(t);
  members.put(peer.member);
  const file = join(folder, 'file');
  const first = new Uint8Array(randomBytes(3 * mib));
  writeFileSync(file, first);
  await peer.ask({ do: 'add', file });
  assert.equal(hashOf(await joined(node.store.readStream(blobIdOf(first)))), hashOf(first));
  const second = new Uint8Array(randomBytes(3 * mib));
  writeFileSync(file, second);
  await peer.ask({ do: 'add', file });
  await peer.stop();
  await rejectsWith(node.store.read(blobIdOf(second)), 'BLOB_UNKNOWN');
  const listen = peer.address.split('/p2p/')[0] ?? '';
  const again = await startGoPeer({ programs, swarmKey, folder, listen });
  t.after(() => again.stop());
  assert.equal(again.peerId, peer.peerId);
  for (let tries = 0; node.node.connected.length === 0 && tries < 200; tries++) await wait(50);
  assert.equal(hashOf(await joined(node.store.readStream(blobIdOf(second)))), hashOf(second));
});
