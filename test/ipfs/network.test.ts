import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { BlobId } from '../../src/primitives/ids.ts';
import { blobIdOf } from '../../src/storage/blob-id.ts';
import { joined, kib, mib, rejectsWith, sample } from '../../src/storage/blob-store.contract.ts';
import type { StorageNode } from '../../src/storage/ipfs/open.ts';
import { holdersOf } from '../../src/storage/ipfs/placement.ts';
import { accountOf, folderFor, homes, Membership, openNode, openSwarm } from './swarm.ts';

const ana = 'account-of-ana';

/** Until it is so, in a time that nothing here needs. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 1_000; i++) {
    if (await isSo()) return;
    await wait(10);
  }
  assert.fail('it did not come about');
}

/** A blob that node 0 puts and whose holders are the other ones that are named. */
function contentHeldBy(members: Membership, wanted: readonly number[], bytes = 500): Uint8Array {
  const accounts = members.list().map((it) => it.account);
  for (let seed = 0; bytes > 0; seed++) {
    const content = sample(bytes, seed);
    const holders = holdersOf(blobIdOf(content), accounts);
    if (wanted.every((n) => holders.includes(accountOf(n)))) return content;
  }
  return sample(0);
}

const copiesOf = async (nodes: readonly StorageNode[], id: BlobId): Promise<number[]> => {
  const found: number[] = [];
  for (const [n, node] of nodes.entries()) {
    const { own, held } = await node.status();
    if (own.blobs + held.blobs > 0 && (await has(node, id))) found.push(n);
  }
  return found;
};

/** By its own disk alone. */
async function has(node: StorageNode, id: BlobId): Promise<boolean> {
  return (await node.here.blocks.block(id)) !== undefined;
}

for (const bytes of [0, 4 * kib, 300 * kib, mib + 1, 5 * mib + 3]) {
  test(`${bytes} bytes that were acknowledged lie at three of five members, and every one of five reads them`, async (t) => {
    const { nodes, members } = await openSwarm(t, 5);
    const content = contentHeldBy(members, [1, 2], bytes);
    const [first] = nodes;
    assert.ok(first);
    const { id } = await first.store.put(content, { owner: ana });
    assert.equal(id, blobIdOf(content));
    const copies = await copiesOf(nodes, id);
    assert.ok(copies.length >= 3 && copies.includes(0), `${copies}`);
    for (const node of nodes) {
      assert.equal(await node.store.size(id), bytes);
      assert.deepEqual(await joined(node.store.readStream(id)), content);
    }
    if (bytes > 0) {
      const range = { from: Math.floor(bytes / 3), to: bytes - 1 };
      for (const node of nodes) {
        assert.deepEqual(await node.store.read(id, range), content.subarray(range.from, range.to));
        await rejectsWith(node.store.read(id, { from: 0, to: bytes + 1 }), 'BLOB_RANGE');
      }
    }
  });
}

test('with k - 1 members gone, the custodian among them, what was acknowledged is read', async (t) => {
  const { nodes } = await openSwarm(t, 4);
  const [first] = nodes;
  assert.ok(first);
  const contents = Array.from({ length: 40 }, (_, seed) =>
    sample(seed === 7 ? 3 * mib : 900, seed),
  );
  const named = contents.map((bytes) => ({ id: blobIdOf(bytes), bytes }));
  await first.store.putMany(
    named.filter(({ bytes }) => bytes.length < mib),
    { owner: ana },
  );
  await first.store.put(contents[7] ?? sample(0), { owner: ana });
  await first.close();
  await nodes[1]?.close();
  for (const node of nodes.slice(2)) {
    for (const { id, bytes } of named) assert.deepEqual(await node.store.read(id), bytes);
  }
});

test('where a holder is away another stands in, and it gets its copy when it is back', async (t) => {
  const members = new Membership();
  const home = folderFor(t);
  const nodes = [];
  for (let n = 0; n < 4; n++)
    nodes.push(await openNode(t, members, { n, ...(n === 1 && { folder: home }) }));
  const [first, away] = nodes;
  assert.ok(first && away);
  const content = contentHeldBy(members, [0, 1, 2]);
  await away.close();
  const { id } = await first.store.put(content, { owner: ana });
  assert.deepEqual(await copiesOf([first, ...nodes.slice(2)], id), [0, 1, 2]);
  const back = await openNode(t, members, { n: 1, folder: home });
  await until(async () => {
    await first.replication.sweep();
    return has(back, id);
  });
});

test('with nobody to be had nothing is acknowledged: STORE_BUSY', async (t) => {
  const { nodes } = await openSwarm(t, 3, { patienceMs: 200 });
  const [first, ...others] = nodes;
  assert.ok(first);
  for (const node of others) await node.close();
  await rejectsWith(first.store.put(sample(50), { owner: ana }), 'STORE_BUSY');
});

for (const bytes of [500, 2 * mib]) {
  test(`an erasure of ${bytes} bytes reaches every holder, and a pin of before brings nothing back`, async (t) => {
    const { nodes } = await openSwarm(t, 4);
    const [first] = nodes;
    assert.ok(first);
    const content = sample(bytes, 3);
    const { id } = await first.store.put(content, { owner: ana });
    await first.store.put(content, { owner: 'account-of-bob' });
    await first.store.delete(id, 'account-of-bob');
    assert.ok((await copiesOf(nodes, id)).length >= 3, 'a claim is left');
    await first.store.delete(id, ana);
    await rejectsWith(first.store.read(id), 'BLOB_UNKNOWN');
    await until(async () => (await copiesOf(nodes, id)).length === 0);
    for (const node of nodes.slice(1)) {
      assert.equal((await node.status()).held.blobs, 0);
      await rejectsWith(node.store.read(id), 'BLOB_UNKNOWN');
    }
    await first.store.put(content, { owner: ana });
    assert.ok((await copiesOf(nodes, id)).length >= 3, 'put again it is kept again');
  });
}

test('an erasure waits for a holder that is away', async (t) => {
  const members = new Membership();
  const home = folderFor(t);
  const nodes = [];
  for (let n = 0; n < 3; n++)
    nodes.push(await openNode(t, members, { n, ...(n === 1 && { folder: home }) }));
  const [first, away] = nodes;
  assert.ok(first && away);
  const { id } = await first.store.put(sample(70), { owner: ana });
  assert.ok(await has(away, id));
  await away.close();
  await first.store.delete(id, ana);
  await until(async () => (await first.status()).members.some((it) => it.erasuresWaiting === 1));
  const back = await openNode(t, members, { n: 1, folder: home });
  assert.ok(await has(back, id), 'it does not know yet');
  await until(async () => {
    await first.replication.tellErasures();
    return !(await has(back, id));
  });
  assert.ok((await first.status()).members.every((it) => it.erasuresWaiting === 0));
});

test('of two custodians of the same bytes each erases its own claim', async (t) => {
  const { nodes } = await openSwarm(t, 3);
  const [first, second, third] = nodes;
  assert.ok(first && second && third);
  const content = sample(60);
  const { id } = await first.store.put(content, { owner: ana });
  await second.store.put(content, { owner: ana });
  await first.store.delete(id, ana);
  await until(async () => (await first.status()).members.every((it) => it.erasuresWaiting === 0));
  assert.deepEqual(await third.here.held.read(id), content);
  assert.deepEqual(await second.store.read(id), content);
  await second.store.delete(id, ana);
  await until(async () => !(await has(third, id)));
});

test('a holder that lost a leaf does not pass its challenge: it is reported, and gets the bytes again', async (t) => {
  const { nodes } = await openSwarm(t, 3);
  const [first, second] = nodes;
  assert.ok(first && second);
  const { id } = await first.store.put(new Uint8Array(randomBytes(2 * mib + 9)), { owner: ana });
  const small = await first.store.put(sample(800), { owner: ana });
  await first.replication.challengeAll();
  assert.deepEqual((await first.status()).reports, []);
  // Behind the back of the process: a byte of each leaf.
  const file = join(homes.get(second) ?? '', 'storage', 'held', 'files', id);
  const changed = await second.here.held.read(id);
  for (const at of [5, mib + 5, 2 * mib + 5]) changed[at] = (changed[at] ?? 0) ^ 1;
  writeFileSync(file, changed);
  await first.replication.challengeAll();
  const [report] = (await first.status()).reports;
  assert.deepEqual(
    [report?.code, report?.member, report?.blobId],
    ['BLOB_UNKNOWN', accountOf(1), id],
  );
  assert.equal(blobIdOf(await second.here.held.read(id)), id, 'mended');
  assert.deepEqual(await second.here.held.read(small.id), sample(800));
});

test('a member that pinned and does not give is named', async (t) => {
  const { nodes } = await openSwarm(t, 3);
  const [first, second] = nodes;
  assert.ok(first && second);
  const { id } = await first.store.put(sample(900), { owner: ana });
  await second.here.held.delete(id, accountOf(0));
  // Our own copy goes too, without an erasure: as after a disk was replaced.
  await first.here.own.delete(id, ana);
  assert.deepEqual(await first.store.read(id), sample(900), 'the third member has it');
  const lied = (await first.status()).reports.filter((it) => it.code === 'HOLDER_LIED');
  // Whom it asked first decides the order of the scores.
  if (lied.length === 0) {
    await nodes[2]?.close();
    await rejectsWith(first.store.read(id), 'BLOB_UNKNOWN');
  }
  const named = (await first.status()).reports.filter((it) => it.code === 'HOLDER_LIED');
  assert.deepEqual(
    named.map((it) => it.member),
    [accountOf(1)],
  );
});

test('a bad copy of our own is read from the holders and mended', async (t) => {
  const { nodes } = await openSwarm(t, 3);
  const [first] = nodes;
  assert.ok(first);
  const content = new Uint8Array(randomBytes(3 * mib));
  const { id } = await first.store.put(content, { owner: ana });
  const changed = content.slice();
  changed[2 * mib + 1] = (changed[2 * mib + 1] ?? 0) ^ 1;
  writeFileSync(join(homes.get(first) ?? '', 'blobs', 'files', id), changed);
  await rejectsWith(first.store.verify(), 'BLOB_CORRUPT');
  assert.deepEqual(await joined(first.store.readStream(id)), content);
  await until(async () => {
    const broken = [];
    for await (const it of first.store.corrupt()) broken.push(it);
    return broken.length === 0;
  });
  assert.equal(await first.store.hasClaim(id, 'mending'), false);
  assert.equal(await first.store.hasClaim(id, ana), true);
});

test('a member that comes gets its share at the next sweep', async (t) => {
  const members = new Membership();
  const first = await openNode(t, members, { n: 0 });
  await openNode(t, members, { n: 1 });
  const ids: BlobId[] = [];
  for (let seed = 0; seed < 30; seed++) {
    ids.push((await first.store.put(sample(90, seed), { owner: ana })).id);
  }
  const comer = await openNode(t, members, { n: 2 });
  await until(async () => {
    const { below } = await first.replication.sweep();
    return below === 0;
  });
  for (const id of ids) assert.ok(await has(comer, id));
});

test('what a member keeps for others never takes the last tenth of its disk, and what it has stays', async (t) => {
  const members = new Membership();
  let freeBytes = 200 * mib;
  // Of a disk of 1 GiB 102.4 MiB stay free.
  const disk = () => ({ bytes: 1_024 * mib, freeBytes });
  const flooding = await openNode(t, members, { n: 0 });
  const holder = await openNode(t, members, { n: 1, disk });
  const kept = await flooding.store.put(sample(5 * mib, 1), { owner: ana });
  freeBytes = 103 * mib;
  await rejectsWith(flooding.store.put(sample(5 * mib, 2), { owner: ana }), 'STORE_BUSY');
  await rejectsWith(flooding.store.put(sample(2 * mib), { owner: ana }), 'STORE_BUSY');
  assert.deepEqual((await holder.status()).held, { blobs: 1, bytes: 5 * mib });
  assert.ok(await has(holder, kept.id));
  // Its own people write on.
  await holder.here.own.put(sample(3 * mib, 4), { owner: ana });
  freeBytes = 200 * mib;
  await flooding.store.put(sample(5 * mib, 2), { owner: ana });
  assert.equal((await holder.status()).held.blobs, 2);
});
