import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConsentId } from '../../../primitives/ids.ts';
import { AlertsSetting, allRounds, ana, bob, relayOfFile } from './setting.ts';

const hour = 60 * 60_000;
const { relay, mail } = relayOfFile();

class Killed extends Error {}

const stepsOf = async (setting: AlertsSetting): Promise<string[]> => {
  const steps: string[] = [];
  await setting.run(mail(), (name) => steps.push(name));
  return steps;
};

test('a cause gives one letter that says nothing about it, and the same cause gives no other', async (t) => {
  const setting = new AlertsSetting();
  t.after(() => setting.leave());
  await setting.choose(ana);
  setting.outbox.add('look', ana, 'grant 1');
  setting.outbox.add('look', ana, 'grant 1');
  await setting.run(mail());
  setting.nowMs += 5 * hour;
  setting.outbox.add('look', ana, 'grant 1');
  await setting.run(mail());

  const [letter, ...others] = relay.taken;
  assert.deepEqual(others, []);
  assert.deepEqual([letter?.from, letter?.to], ['alerts@north.example', ['a@example.org']]);
  const data = letter?.data ?? '';
  assert.match(data, /^Subject: There is news in your health record\r$/m);
  assert.match(data, /^Auto-Submitted: auto-generated\r$/m);
  assert.match(data, /^Message-ID: <[0-9a-f]{32}@north\.example>\r$/m);
  assert.doesNotMatch(data, /grant|look|https?:|aaaa/);
});

test('whoever did not ask to be told leaves no row behind', async (t) => {
  const setting = new AlertsSetting();
  t.after(() => setting.leave());
  setting.outbox.add('look', bob, 'grant 1');
  assert.equal(setting.outbox.count(), 0);
});

test('a kill between any two steps neither loses the letter nor sends it twice', async (t) => {
  const whole = new AlertsSetting();
  t.after(() => whole.leave());
  await whole.choose(ana);
  whole.outbox.add('freeze', ana, 'tx 1');
  const steps = await stepsOf(whole);
  assert.ok(steps.length >= 9, steps.join(' '));
  assert.equal(relay.taken.length, 1);

  for (const [place, name] of steps.entries()) {
    await t.test(`at step ${place}, ${name}`, async (t) => {
      relay.taken.length = 0;
      const setting = new AlertsSetting();
      t.after(() => setting.leave());
      await setting.choose(ana);
      setting.outbox.add('freeze', ana, 'tx 1');
      let at = 0;
      await assert.rejects(
        setting.run(mail(), () => {
          if (at++ === place) throw new Killed();
        }),
        Killed,
      );
      const { states } = await setting.run(mail());
      assert.ok(relay.taken.length <= 1);
      // Where the relay may have had it, it says so; everywhere else the letter came.
      assert.equal(states.accepted + states.doubt, 1, JSON.stringify(states));
      assert.equal(relay.taken.length === 1 || states.doubt === 1, true);
    });
  }
});

test('a flood of one kind is one letter now and one an hour later, and delays neither another kind nor another account', async (t) => {
  const setting = new AlertsSetting();
  t.after(() => setting.leave());
  await setting.choose(ana);
  await setting.choose(bob);
  for (let n = 0; n < 200; n++) setting.outbox.add('refusal', ana, `refused ${n}`);
  await setting.run(mail());
  for (let n = 200; n < 400; n++) setting.outbox.add('refusal', ana, `refused ${n}`);
  setting.outbox.add('freeze', ana, 'tx 1');
  setting.outbox.add('look', bob, 'grant 2');
  await setting.run(mail());
  assert.deepEqual(
    relay.taken.map(({ to }) => to[0]),
    ['a@example.org', 'a@example.org', 'b@example.org'],
  );
  setting.nowMs += hour;
  await setting.run(mail());
  assert.equal(relay.taken.length, 4);
  setting.nowMs += hour;
  await setting.run(mail());
  assert.equal(relay.taken.length, 4);
});

test('a grant that was given for long is told of three days before its end, a short one and one that was taken back are not', async (t) => {
  const setting = new AlertsSetting();
  t.after(() => setting.leave());
  await setting.choose(ana);
  const timeMs = setting.nowMs;
  for (const [consent, days] of [
    ['1'.repeat(32), 30],
    ['2'.repeat(32), 5],
    ['3'.repeat(32), 30],
  ] as const) {
    const notAfterMs = timeMs + days * 24 * hour;
    setting.outbox.granted({ account: ana, consent: consent as ConsentId, timeMs, notAfterMs });
  }
  setting.outbox.revoked('3'.repeat(32) as ConsentId);
  const toldAfter = async (days: number) => {
    setting.nowMs = timeMs + days * 24 * hour;
    setting.outbox.turn();
    await setting.run(mail());
    return relay.taken.length;
  };
  const told = [];
  for (const days of [0, 4, 26, 27.5, 29, 31]) told.push(await toldAfter(days));
  assert.deepEqual(told, [0, 0, 0, 1, 1, 1]);
});

test('a grant’s first look is one by somebody new; the next and one of another’s grant are not', async (t) => {
  const setting = new AlertsSetting();
  t.after(() => setting.leave());
  await setting.choose(ana);
  const consent = '1'.repeat(32) as ConsentId;
  const notAfterMs = setting.nowMs + 24 * hour;
  setting.outbox.granted({ account: ana, consent, timeMs: setting.nowMs, notAfterMs });
  for (const it of [consent, consent, '2'.repeat(32) as ConsentId]) setting.outbox.looked(it);
  assert.equal(setting.outbox.count(), 1);
});

test('an operator is told once of what his machine lacks, in plain words, at the address of the relay’s URL', async (t) => {
  const setting = new AlertsSetting();
  t.after(() => setting.leave());
  const { service } = await setting.service([mail()], undefined, 'ops@north.example');
  for (const _ of [1, 2]) {
    service.tellOperator('backup', '1000');
    await allRounds(service);
  }
  assert.deepEqual(
    relay.taken.map(({ to }) => to[0]),
    ['ops@north.example'],
  );
  assert.match(
    relay.taken[0]?.data ?? '',
    /^Subject: Salus: the backup of this hospital is too old\r$/m,
  );
});
