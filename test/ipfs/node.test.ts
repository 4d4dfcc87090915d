import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { sha256 } from '../../src/crypto/hash.ts';
import { isCoded } from '../../src/primitives/errors.ts';
import { rejectsWith, sample } from '../../src/storage/blob-store.contract.ts';
import { formatSwarmKey, parseSwarmKey } from '../../src/storage/ipfs/swarm-key.ts';
import { cidOf, openBare } from './bare-nodes.ts';
import { openLine } from './line.ts';
import { accountOf, Membership, memberOf, swarmKey } from './swarm.ts';

const soon = (ms = 5_000) => AbortSignal.timeout(ms);
/** Until it is so; nothing waits for it otherwise. */
async function until(isSo: () => boolean): Promise<void> {
  for (let i = 0; i < 1_000 && !isSo(); i++) await wait(10);
  assert.ok(isSo());
}

test('a swarm key is three lines, the last in lower-case base16: SWARM_KEY_INVALID', () => {
  assert.deepEqual(parseSwarmKey(swarmKey), swarmKey);
  const text = new TextDecoder().decode(swarmKey);
  for (const wrong of [
    text.toUpperCase(),
    text.replace('/base16/', '/base64/'),
    text.slice(0, -3),
    `${text}00`,
    text.replace(/[0-9a-f]{64}/, (hex) => hex.toUpperCase()),
    '',
  ]) {
    assert.throws(
      () => parseSwarmKey(new TextEncoder().encode(wrong)),
      (error) => isCoded(error, 'SWARM_KEY_INVALID'),
      wrong,
    );
  }
});

test('with another swarm key no connection comes about: HOLDER_SILENT', async (t) => {
  const members = new Membership();
  await openBare(t, members, { n: 1 });
  const other = formatSwarmKey(sha256(new Uint8Array(1)));
  const stranger = await openBare(t, members, { n: 2, swarmKey: other });
  const target = members.list().find((it) => it.account === accountOf(1));
  assert.ok(target);
  await rejectsWith(stranger.node.stream(target, '/salus/pin/1', soon()), 'HOLDER_SILENT');
  assert.deepEqual(stranger.node.connected, []);
});

test('who is not listed is turned away, and who leaves the list is disconnected', async (t) => {
  const members = new Membership();
  const giver = await openBare(t, members, { n: 1 });
  const taker = await openBare(t, members, { n: 2 });
  const cid = cidOf(giver.blocks.add(sample(10)));
  await taker.node.bitswap.want(cid, giver.node.peerId, soon());
  // As the taker sees it both are in; the giver's list is another one.
  const strict = new Membership();
  const alone = await openBare(t, strict, { n: 3 });
  const outsider = new Membership();
  outsider.set([...members.list(), ...strict.list()]);
  const knocking = await openBare(t, outsider, { n: 4 });
  await assert.rejects(
    knocking.node.bitswap.want(cidOf(alone.blocks.add(sample(11))), alone.node.peerId, soon(1_500)),
  );
  assert.equal(alone.node.strangers, 0);
  members.set(members.list().filter((it) => it.account !== accountOf(2)));
  await until(() => giver.node.connected.length === 0 && giver.node.strangers === 0);
  await assert.rejects(taker.node.bitswap.want(cid, giver.node.peerId, soon(1_500)));
});

test('a member is dialled where the list says, though bitswap knows its peer id alone', async (t) => {
  const members = new Membership();
  const giver = await openBare(t, members, { n: 1 });
  const cid = cidOf(giver.blocks.add(sample(12)));
  const nowhere = new Membership();
  nowhere.set([await memberOf(1, [])]);
  const lost = await openBare(t, nowhere, { n: 2 });
  members.put(await memberOf(2, lost.node.addresses));
  await assert.rejects(lost.node.bitswap.want(cid, giver.node.peerId, soon(1_500)));
  nowhere.put(await memberOf(1, giver.node.addresses));
  await until(() => nowhere.list().length === 2);
  await wait(50);
  assert.equal((await lost.node.bitswap.want(cid, giver.node.peerId, soon())).kind, 'block');
});

for (const patientPings of [true, false]) {
  const word = patientPings ? 'lives' : 'dies with the library alone';
  test(`a connection whose pings are stuck behind its load ${word}`, async (t) => {
    const members = new Membership();
    const giver = await openBare(t, members, { n: 1 });
    const port = Number(giver.node.addresses[0]?.split('/')[4]);
    const line = await openLine(t, port);
    const seen = new Membership();
    seen.set([await memberOf(1, [line.address])]);
    const taker = await openBare(t, seen, { n: 2, pingEveryMs: 50, mended: { patientPings } });
    members.put(await memberOf(2, []));
    const cid = cidOf(giver.blocks.add(sample(100)));
    await taker.node.bitswap.want(cid, giver.node.peerId, soon());
    assert.deepEqual(taker.node.connected, [accountOf(1)]);
    line.hold();
    if (patientPings) {
      // Longer than the library waits for a ping at most.
      await wait(6_000);
      assert.deepEqual(taker.node.connected, [accountOf(1)]);
      line.release();
      assert.equal((await taker.node.bitswap.want(cid, giver.node.peerId, soon())).kind, 'block');
    } else await until(() => taker.node.connected.length === 0);
  });
}

test('a member that was restarted is found again by itself', async (t) => {
  const members = new Membership();
  const first = await openBare(t, members, { n: 1 });
  const taker = await openBare(t, members, { n: 2 });
  const cid = cidOf(first.blocks.add(sample(100)));
  await taker.node.bitswap.want(cid, first.node.peerId, soon());
  const [address = ''] = first.node.addresses;
  await first.node.stop();
  await until(() => taker.node.connected.length === 0);
  const again = await openBare(t, members, {
    n: 1,
    blocks: first.blocks,
    listen: [address.split('/p2p/')[0] ?? ''],
  });
  assert.equal(again.node.peerId.toString(), first.node.peerId.toString());
  await until(() => taker.node.connected.length === 1);
  assert.equal((await taker.node.bitswap.want(cid, again.node.peerId, soon())).kind, 'block');
});
