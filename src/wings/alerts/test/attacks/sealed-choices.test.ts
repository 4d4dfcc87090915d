import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Choice } from '../../api/choice.ts';
import { PushChannel } from '../../node/push.ts';
import { newSender, vapidOf } from '../../node/web-push.ts';
import { WebhookChannel } from '../../node/webhook.ts';
import { AlertsSetting, allRounds, ana, bob, relayOfFile } from '../setting.ts';

/** What somebody's device may seal as a choice: nobody else sees it before the service does. */

const { relay, mail } = relayOfFile();
const nowhere = { resolve: async () => [{ address: '127.0.0.1', family: 4 }] };
const ways = () => [
  mail(),
  new WebhookChannel(nowhere),
  new PushChannel(vapidOf(newSender().getPrivateKey(), 'mailto:alerts@north.example'), nowhere),
];

for (const length of [1, 31, 1_119, 1_120, 1_121, 2_048])
  test(`${length} bytes that are sealed to nobody keep nobody else’s letter`, async (t) => {
    const setting = new AlertsSetting();
    t.after(() => setting.leave());
    const sealed = new Uint8Array(length).fill(7);
    for (const channel of ['mail', 'webhook', 'push', 'inbox'])
      setting.outbox.choose({ account: ana, channel, keyId: 'the-key', counter: 1, sealed });
    await setting.choose(bob);
    setting.outbox.add('freeze', ana, 'tx 1');
    setting.outbox.add('freeze', bob, 'tx 2');
    const { service, letters } = await setting.service(ways());
    await allRounds(service);
    assert.equal(relay.taken.length, 1);
    const { states } = letters.standing();
    assert.deepEqual([states.accepted, states.waiting], [1, 1], 'and an inbox, which is not here');
  });

for (const [name, change] of [
  ['a webhook without a secret', { channel: 'webhook', address: 'https://a.example/' }],
  ['a webhook with an address of mail', { channel: 'webhook', address: 'ana@example.org' }],
  ['mail to a webhook', { address: 'https://a.example/' }],
  ['a push without its keys', { channel: 'push', address: 'https://push.example/#.' }],
  [
    'a push to a point that is none',
    { channel: 'push', address: `https://push.example/#B${'A'.repeat(86)}.${'A'.repeat(22)}` },
  ],
  ['causes that nobody knows', { causes: ['a'.repeat(32), '__proto__', 'constructor'] }],
  ['quiet hours all day but a minute', { quietFrom: 721, quietUntil: 720 }],
  ['a clock a day from here', { zoneMinutes: 1_560, quietFrom: 1_439, quietUntil: 0 }],
] as const satisfies readonly (readonly [string, Partial<Choice>])[])
  test(`${name}: the service goes on, and others are told`, async (t) => {
    const setting = new AlertsSetting();
    t.after(() => setting.leave());
    await setting.choose(ana, { secret: new Uint8Array(0), ...change });
    await setting.choose(bob);
    for (const cause of ['freeze', 'look'] as const) {
      setting.outbox.add(cause, ana, 'tx 1');
      setting.outbox.add(cause, bob, 'tx 2');
    }
    const { service } = await setting.service(ways());
    await allRounds(service);
    assert.equal(relay.taken.filter(({ to }) => to.includes('b@example.org')).length, 2);
    assert.deepEqual(
      setting.logged.filter(({ code }) => code === 'INTERNAL'),
      [],
    );
  });

test('who asks for letters all day long has 24 rows, and hides nothing that happens to him', async (t) => {
  const setting = new AlertsSetting();
  t.after(() => setting.leave());
  await setting.choose(ana);
  const { outbox } = setting;
  const tried = (at: number) => outbox.tryOut(ana, `try ${at}`);
  for (let at = 0; at < 24; at++) {
    tried(at);
    setting.nowMs += 60_000;
  }
  assert.throws(() => tried(24), { code: 'ALERT_TRIES_OVER' });
  assert.doesNotThrow(() => outbox.tryOut(bob, 'his own'));
  outbox.add('freeze', ana, 'tx 1');
  assert.equal(outbox.count(), 25);
  setting.nowMs += 24 * 3_600_000;
  assert.doesNotThrow(() => tried(25));
});
