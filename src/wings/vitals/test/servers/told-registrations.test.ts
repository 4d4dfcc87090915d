import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accounts } from '../../../../ledger/tables/accounts.ts';
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

test('who is refused while she is frozen is taken once she is not', async (t) => {
  const three = await openServers(t);
  await measured(three);
  const told = await three.register({ counter: 5 });
  await three.server(2).register(told);
  const row = (await three.ledger.row(accounts, three.ana.account)) ?? assert.fail();
  three.ledger.put(accounts, three.ana.account, { ...row, frozen: true });
  await turn(three);
  assert.notDeepEqual((await kept(three))[0], told);
  three.ledger.put(accounts, three.ana.account, row);
  await turn(three);
  assert.deepEqual(await kept(three), [told, told, told]);
});

test('a server whose places begin anew, or that counts somebody later, is heard from the beginning each hour', async (t) => {
  const three = await openServers(t);
  await measured(three);
  const told = await three.register({ counter: 5 });
  const { account, pseudonym } =
    (await three.store(0).registration(three.pseudonym)) ?? assert.fail();
  const one = { account, pseudonym, counter: 1, signed: await three.register() };
  let all = Array.from({ length: 80 }, (_, at) => ({ ...one, place: at + 1 }));
  t.mock.method(three.store(0), 'registrationsSince', async (from: number, most = 1) =>
    all.filter(({ place }) => place > from).slice(0, most),
  );
  await turn(three, [1]);
  all = [{ ...one, counter: 5, signed: told, place: 1 }];
  await turn(three, [1]);
  assert.notDeepEqual((await kept(three))[1], told);
  three.now += 3_600_000;
  await turn(three, [1]);
  assert.deepEqual((await kept(three))[1], told);
});

test('a server that takes long for an answer holds up one turn, and then none for longer and longer', async (t) => {
  const three = await openServers(t);
  await measured(three);
  const told = await three.register({ counter: 5 });
  await three.server(2).register(told);
  let answers = 0;
  let passedMs = 0;
  const clock = performance.now.bind(performance);
  t.mock.method(performance, 'now', () => clock() + passedMs);
  const store = three.store(0);
  const since = store.registrationsSince.bind(store);
  t.mock.method(store, 'registrationsSince', async (from: number, most?: number) => {
    answers++;
    passedMs += 30_000;
    return since(from, most);
  });
  const asked: number[] = [];
  for (let minutes = 0; minutes < 8; minutes++) {
    await turn(three, [1]);
    asked.push(answers);
    three.now += 60_000;
  }
  assert.deepEqual(asked, [1, 2, 2, 3, 3, 3, 3, 4]);
  assert.deepEqual((await kept(three))[1], told);
});
