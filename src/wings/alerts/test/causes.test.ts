import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IncidentFacts } from '../../../api/incident-facts.ts';
import { causeNames, causes, causesToldOf, chosenCauses } from '../api/causes.ts';
import { languages } from '../api/choice.ts';
import { factsBytes, factsIn } from '../api/incident-facts.ts';
import type { Channel } from '../node/channel.ts';
import { textOf } from '../node/templates.ts';
import { AlertsSetting, ana, relayOfFile } from './setting.ts';

const { relay, mail } = relayOfFile();

const facts: IncidentFacts = {
  server: 'harbour',
  fromMs: Date.UTC(2026, 10, 20, 9, 5),
  untilMs: Date.UTC(2026, 10, 20, 11, 30),
  done: 'quarantined',
  source: '192.0.2.7',
  claimedMac: '02:00:5e:10:00:01',
};

test('each cause that can be chosen gives one letter, and all letters but an incident’s look alike', async (t) => {
  const setting = new AlertsSetting();
  t.after(() => setting.leave());
  await setting.choose(ana, { causes: chosenCauses });
  for (const cause of chosenCauses) {
    setting.outbox.add(
      cause,
      ana,
      'the same',
      cause === 'incident' ? factsBytes(facts) : undefined,
    );
    setting.outbox.add(cause, ana, 'the same');
  }
  await setting.run(mail());
  await setting.run(mail());
  assert.equal(relay.taken.length, chosenCauses.length);
  const subjects = relay.taken.map(({ data }) => /^Subject: (.*)\r$/m.exec(data)?.[1]);
  assert.deepEqual(
    new Set(subjects),
    new Set([
      'There is news in your health record',
      'Somebody tampered with a server that keeps data of yours',
    ]),
  );
});

test('a letter of an incident says which server, which hours, what was done and from where, and calls a MAC a claim', async (t) => {
  const setting = new AlertsSetting();
  t.after(() => setting.leave());
  await setting.choose(ana, { causes: ['incident'] });
  setting.outbox.add('incident', ana, 'incident 1', factsBytes(facts));
  await setting.run(mail());
  const [letter] = relay.taken;
  const data = (letter?.data ?? '').replaceAll('=\r\n', '');
  for (const said of [
    /^Server: harbour\r$/m,
    /^When: 2026-11-20 09:05 to 2026-11-20 11:30 \(UTC\)\r$/m,
    /this server is not asked any more/,
    /from the address 192\.0\.2\.7\. Whether it was the same one is not known\./,
    /names the device 02:00:5e:10:00:01\. That is a claim/,
  ]) {
    assert.match(data, said);
  }
});

test('facts that another hand changed in the outbox are not sent', async (t) => {
  const setting = new AlertsSetting();
  t.after(() => setting.leave());
  await setting.choose(ana, { causes: ['incident'] });
  setting.outbox.add('incident', ana, 'incident 1', factsBytes(facts));
  const other = factsBytes({ ...facts, source: '192.0.2.8' });
  setting.db.run('UPDATE alerts_outbox SET facts = ?', other);
  await setting.run(mail());
  assert.deepEqual(relay.taken, []);
});

test('facts that could begin a line of their own are left out, and the incident is told all the same', () => {
  for (const wrong of [
    { server: 'harbour\r\nBcc: all@example.org' },
    { server: '' },
    // A mail program would make a link of it, in a letter that says that it has none.
    { server: 'see evil.example.org' },
    { source: 'https://example.org' },
    // Neither an address, nor one of a network: somebody would call it.
    { source: '0900.555.1234' },
    { source: 'dead:beef' },
    { source: '192.0.2.256' },
    { claimedMac: 'Ana Lima' },
    { fromMs: Number.MAX_SAFE_INTEGER },
  ]) {
    assert.equal(factsBytes({ ...facts, ...wrong }).length, 0, JSON.stringify(wrong));
  }
  for (const source of ['', '192.0.2.7', '2001:db8::7', '::ffff:192.0.2.7']) {
    assert.deepEqual(factsIn(factsBytes({ ...facts, source })), { ...facts, source });
  }
});

for (const language of languages) {
  test(`no letter in ${language} says which cause it is for, but an incident’s and what one asked for oneself`, () => {
    const alike = causeNames.filter((it) => chosenCauses.some((chosen) => chosen === it));
    const bodies = new Set(alike.map((cause) => textOf({ cause, language }).body));
    assert.equal(bodies.size, 1);
    const said = textOf({ cause: 'incident', language, facts, count: 3 }).body;
    for (const word of ['harbour', '2026-11-20 09:05', '192.0.2.7', '02:00:5e:10:00:01', ': 2.']) {
      assert.ok(said.includes(word), word);
    }
  });
}

test('of a cause that came after a choice was made, one that warns of somebody is told, and another is not until it is chosen', async (t) => {
  const order = [...chosenCauses];
  assert.deepEqual(order.slice(-2), ['silent-device', 'incident']);
  const known = order.length - 2;
  for (const [change, expected] of [
    [{ causes: ['look'], known }, ['incident', 'look']],
    [{ causes: ['look'], known: known + 1 }, ['incident', 'look']],
    // Chosen, and left out, by somebody who was asked.
    [{ causes: ['look'], known: known + 2 }, ['look']],
    [{ causes: ['look', 'silent-device'], known: known + 2 }, ['look', 'silent-device']],
    // A newer device says of a cause that this service does not know; the rest holds.
    [{ causes: ['look', 'of-the-future'], known: 20 }, ['look']],
    [{ causes: [], known: 0 }, order.filter((it) => causes[it].night).toSorted()],
  ] as const) {
    const setting = new AlertsSetting();
    t.after(() => setting.leave());
    await setting.choose(ana, change);
    for (const cause of order) setting.outbox.add(cause, ana, 'the same');
    const told: string[] = [];
    const channel: Channel = {
      ...{ name: 'mail', atOnce: 1 },
      async deliver({ cause }) {
        told.push(cause);
        return { outcome: 'accepted' };
      },
    };
    const { service } = await setting.service([channel]);
    for (let rounds = 0; await service.round(); rounds++) assert.ok(rounds < 50, 'it ends');
    assert.deepEqual(told.toSorted(), expected);
    const shown = causesToldOf(change).toSorted();
    assert.deepEqual(shown, expected, 'and her device shows the same');
  }
});
