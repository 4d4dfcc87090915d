import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { sample } from '../../src/storage/blob-store.contract.ts';
import { blocksAtOnce } from '../../src/storage/ipfs/bitswap-mended.ts';
import type { NodeMended } from '../../src/storage/ipfs/node.ts';
import { type BareNode, cidOf, MemoryBlocks, openBare } from './bare-nodes.ts';
import { Membership } from './swarm.ts';

/** Ends what would hang for ever; nothing that works takes a fraction of it. */
const soon = (ms = 1_000) => AbortSignal.timeout(ms);

async function pair(
  t: Parameters<typeof openBare>[0],
  mended: Partial<NodeMended> = {},
): Promise<readonly [BareNode, BareNode]> {
  const members = new Membership();
  const giver = await openBare(t, members, { n: 1, mended });
  const taker = await openBare(t, members, { n: 2, mended });
  return [giver, taker];
}

test('a block comes from the one peer that is asked', async (t) => {
  const [giver, taker] = await pair(t);
  const bytes = sample(100_000);
  const cid = cidOf(giver.blocks.add(bytes));
  assert.deepEqual(await taker.node.bitswap.want(cid, giver.node.peerId, soon(5_000)), {
    kind: 'block',
    bytes,
  });
  const missing = cidOf(new MemoryBlocks().add(sample(5)));
  assert.deepEqual(await taker.node.bitswap.want(missing, giver.node.peerId, soon(5_000)), {
    kind: 'has-not',
  });
});

test('a want goes to no other peer', async (t) => {
  const members = new Membership();
  const giver = await openBare(t, members, { n: 1 });
  const other = await openBare(t, members, { n: 2 });
  const taker = await openBare(t, members, { n: 3 });
  const bytes = sample(2_000);
  const cid = cidOf(giver.blocks.add(bytes));
  other.blocks.add(bytes);
  for (const { node } of [giver, other]) {
    const nothing = cidOf(new MemoryBlocks().add(sample(9)));
    await taker.node.bitswap.want(nothing, node.peerId, soon(5_000));
  }
  await taker.node.bitswap.want(cid, giver.node.peerId, soon(5_000));
  assert.equal(giver.blocks.waiting, 1);
  assert.equal(other.blocks.waiting, 0);
  const heard = other.node.bitswap.inside.peerWantLists.ledgerMap.get(taker.node.peerId);
  assert.equal([...(heard?.wants.keys() ?? [])].length, 1, 'nothing but what it was asked');
});

for (const answersAgain of [true, false]) {
  const word = answersAgain ? 'served again' : 'swallowed by the library alone';
  test(`a block that was evicted and is wanted again is ${word}`, async (t) => {
    const [giver, taker] = await pair(t, { answersAgain });
    const cid = cidOf(giver.blocks.add(sample(5_000)));
    const want = (ms: number) => taker.node.bitswap.want(cid, giver.node.peerId, soon(ms));
    await want(5_000);
    if (answersAgain) assert.equal((await want(5_000)).kind, 'block');
    else await assert.rejects(want(700));
  });

  test(`a want-block that follows a want-have is ${word} once the have was forgotten`, async (t) => {
    const [giver, taker] = await pair(t, { answersAgain });
    const cid = cidOf(giver.blocks.add(sample(5_000)));
    const { wantList, peerWantLists } = taker.node.bitswap.inside;
    assert.ok(peerWantLists);
    await wantList.wantSessionPresence(cid, giver.node.peerId, { signal: soon(5_000) });
    const given = giver.node.bitswap.inside.peerWantLists.ledgerMap.get(taker.node.peerId);
    // Six seconds later, without the wait: the entry is past the library's five.
    for (const want of given?.wants.values() ?? []) Object.assign(want, { expires: 1 });
    const block = taker.node.bitswap.want(cid, giver.node.peerId, soon(answersAgain ? 5_000 : 700));
    if (answersAgain) assert.equal((await block).kind, 'block');
    else await assert.rejects(block);
  });
}

test('a want right after one that timed out is heard, as by the library’s list of wants it is not', async (t) => {
  const [giver, taker] = await pair(t);
  const { bitswap } = taker.node;
  const { wantList } = bitswap.inside;
  // Its list reaches peers that are connected and said so.
  await bitswap.want(cidOf(giver.blocks.add(sample(3))), giver.node.peerId, soon(5_000));
  const later = sample(4_000);
  const cid = cidOf(new MemoryBlocks().add(later));
  await assert.rejects(wantList.wantBlock(cid, { signal: soon(50) }));
  giver.blocks.add(later);
  await assert.rejects(wantList.wantBlock(cid, { signal: soon(700) }), 'lost by the library');
  giver.blocks.gate = new Promise(() => {});
  await assert.rejects(bitswap.want(cid, giver.node.peerId, soon(50)));
  giver.blocks.gate = Promise.resolve();
  const other = cidOf(giver.blocks.add(sample(4_001)));
  assert.equal((await bitswap.want(other, giver.node.peerId, soon(5_000))).kind, 'block');
});

for (const servesInTurns of [true, false]) {
  const word = servesInTurns
    ? `takes up ${blocksAtOnce} of them`
    : 'takes up all, with the library alone';
  test(`for a member that wants two hundred blocks at once the node ${word}`, async (t) => {
    const [giver, taker] = await pair(t, { servesInTurns });
    const cids = Array.from({ length: 200 }, (_, seed) =>
      cidOf(giver.blocks.add(sample(900, seed))),
    );
    let open = () => {};
    giver.blocks.gate = new Promise((resolve) => {
      open = resolve;
    });
    const wants = cids.map((cid) => taker.node.bitswap.want(cid, giver.node.peerId, soon(10_000)));
    const all = Promise.all(wants);
    const taken = () => {
      const ledger = giver.node.bitswap.inside.peerWantLists.ledgerMap.get(taker.node.peerId);
      return ledger?.wants.size ?? 0;
    };
    while (taken() < (servesInTurns ? 1 : 200)) await wait(5);
    await wait(200);
    assert.ok(taken() <= (servesInTurns ? blocksAtOnce : 200), `${taken()}`);
    open();
    assert.ok((await all).every(({ kind }) => kind === 'block'));
  });
}
