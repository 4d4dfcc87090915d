import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openServers } from '../settings/opened-servers.ts';
import { valuesOf } from '../settings/pages.ts';
import { actor, type Place, type ThreeServers } from '../settings/three-servers.ts';

/** What the three tell each other of what patients told them. Source: docs/protocol/vitals-servers.md, VS-6b. */

const places: readonly Place[] = [0, 1, 2];
const dataset = 'cd'.repeat(16);

/** One page of hers in a batch: by it she is known as one of the trio's. */
async function measured(three: ThreeServers): Promise<void> {
  await three.uploadTogether(await three.signTogether([valuesOf(3, 4, 1)]));
  await three.judge();
  for (const place of places) await three.server(place).seal();
}
const turn = async (three: ThreeServers, all: readonly Place[] = places) => {
  for (const place of all) await three.server(place).told.turn();
};
const kept = (three: ThreeServers) =>
  Promise.all(
    places.map(async (place) => (await three.store(place).registration(three.pseudonym))?.signed),
  );

for (const at of places)
  test(`what she told server ${at + 1} alone all three have after a turn, and the next has nothing new`, async (t) => {
    const three = await openServers(t);
    await measured(three);
    const left = await three.register({ counter: 5, datasets: [] });
    await three.server(at).register(left);
    await turn(three);
    assert.deepEqual(await kept(three), [left, left, left]);
    for (const place of places) assert.equal(await three.server(place).told.turn(), 0);
  });

test('who tells each of them something else under one counter is the same at all three, too', async (t) => {
  const three = await openServers(t);
  await measured(three);
  for (const place of places)
    await three
      .server(place)
      .register(await three.register({ counter: 7, region: place, datasets: [dataset] }));
  await turn(three);
  await turn(three);
  const [first, second, third] = await kept(three);
  assert.ok(first);
  assert.deepEqual([second, third], [first, first]);
});

test('one of them that is away, or says without end what is nobody’s, keeps no other from being heard', async (t) => {
  const three = await openServers(t);
  await measured(three);
  const before = await three.register();
  const told = await three.register({ counter: 5 });
  await three.server(2).register(told);
  three.away.add(1);
  await turn(three, [0]);
  assert.deepEqual(await kept(three), [told, before, told]);
  three.away.delete(1);
  // Signed by somebody of whom the ledger knows nothing, under her pseudonym: server 1 says it for ever.
  const signed = await three.register({ counter: 9 }, await actor('nobody'));
  const store = three.store(0);
  let answers = 0;
  t.mock.method(store, 'registrationsSince', async (from: number, most = 1) => {
    answers++;
    const { account, pseudonym } = (await store.registration(three.pseudonym)) ?? assert.fail();
    const one = { account, pseudonym, counter: 9, signed };
    return Array.from({ length: most }, (_, at) => ({ ...one, place: from + 1 + at }));
  });
  await turn(three, [1]);
  assert.equal(answers, 16);
  assert.deepEqual(await kept(three), [told, told, told]);
});
