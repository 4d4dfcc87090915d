import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Channel, Delivered, Outgoing } from '../../node/channel.ts';
import { keepSending } from '../../node/rounds.ts';
import { AlertsSetting, ana, bob } from '../setting.ts';

/** A patient whose webhook says nothing for as long as it may, and another who waits for a letter. */

const accepted: Delivered = { outcome: 'accepted' };

/** A way out whose answers a test gives one by one. */
class HeldChannel implements Channel {
  readonly name = 'webhook';
  readonly atOnce = 16;
  readonly onTheirWay: { readonly letter: Outgoing; readonly end: (told: Delivered) => void }[] =
    [];
  #met: (() => void) | undefined;

  deliver(letter: Outgoing): Promise<Delivered> {
    return new Promise((end) => {
      this.onTheirWay.push({ letter, end });
      this.#met?.();
    });
  }
  /** Once so many were asked. */
  async asked(count: number): Promise<void> {
    while (this.onTheirWay.length < count)
      await new Promise<void>((resolve) => {
        this.#met = resolve;
      });
  }
}

async function setting(t: TestContext): Promise<AlertsSetting> {
  const made = new AlertsSetting();
  t.after(() => made.leave());
  const address = 'https://slow.example.org/';
  await made.choose(ana, { channel: 'webhook', address });
  await made.choose(bob);
  return made;
}

/** Mail that a test waits for. */
function mailOf() {
  const sent: Outgoing[] = [];
  let met = () => {};
  const channel: Channel = {
    ...{ name: 'mail', atOnce: 1 },
    deliver: async (letter, handing) => {
      handing();
      sent.push(letter);
      met();
      return accepted;
    },
  };
  const came = async (count: number) => {
    while (sent.length < count)
      await new Promise<void>((resolve) => {
        met = resolve;
      });
  };
  return { channel, sent, came };
}

const running = async (t: TestContext, of: AlertsSetting, channels: readonly Channel[]) => {
  const { service, letters } = await of.service(channels);
  const stopping = new AbortController();
  const ended = keepSending(service, {
    ...{ signal: stopping.signal, roundMs: 1, hourly: () => {} },
    log: (line) => of.logged.push(line),
  });
  t.after(() => ended);
  return { letters, stop: () => stopping.abort() };
};

test('a webhook that says nothing keeps no mail back, and no cause in the outbox', {
  timeout: 60_000,
}, async (t) => {
  const of = await setting(t);
  const hook = new HeldChannel();
  const { channel, sent, came } = mailOf();
  const { stop } = await running(t, of, [channel, hook]);
  of.outbox.add('freeze', ana, 'tx 1');
  await hook.asked(1);
  // It says nothing, and goes on saying nothing.
  of.outbox.add('freeze', bob, 'tx 2');
  await came(1);
  assert.equal(sent[0]?.address, 'b@example.org');
  stop();
  for (const { end } of hook.onTheirWay) end(accepted);
});

/** A letter of Ana's is on its way, and the same happened again meanwhile. */
async function twiceMeanwhile(t: TestContext) {
  const of = await setting(t);
  const hook = new HeldChannel();
  const { letters, stop } = await running(t, of, [hook]);
  of.outbox.add('freeze', ana, 'tx 1');
  await hook.asked(1);
  of.outbox.add('freeze', ana, 'tx 2');
  while (letters.cursor().seq < 2) await new Promise((resolve) => setImmediate(resolve));
  return { of, hook, letters, stop };
}

test('what happens while a letter is on its way is not told by it: there is another', {
  timeout: 60_000,
}, async (t) => {
  const { of, hook, stop } = await twiceMeanwhile(t);
  hook.onTheirWay[0]?.end(accepted);
  of.nowMs += 3_600_000;
  await hook.asked(2);
  const [first, second] = hook.onTheirWay.map(({ letter }) => letter.name);
  assert.notDeepEqual(first, second);
  stop();
  hook.onTheirWay[1]?.end(accepted);
});

test('and where the one on its way comes back, both are one letter again', {
  timeout: 60_000,
}, async (t) => {
  const { of, hook, letters, stop } = await twiceMeanwhile(t);
  hook.onTheirWay[0]?.end({ outcome: 'later', code: 'WEBHOOK_UNREACHABLE' });
  while (letters.standing().states.waiting !== 1)
    await new Promise((resolve) => setImmediate(resolve));
  of.nowMs += 60_000;
  await hook.asked(2);
  assert.deepEqual(hook.onTheirWay[1]?.letter.name, hook.onTheirWay[0]?.letter.name);
  assert.equal(hook.onTheirWay[1]?.letter.count, 2);
  stop();
  hook.onTheirWay[1]?.end(accepted);
});

test('what one letter throws sends no other twice, and those that were never tried go before those that were put off', async (t) => {
  const of = await setting(t);
  const address = 'https://quick.example.org/';
  await of.choose(bob, { channel: 'webhook', address });
  of.outbox.add('freeze', ana, 'tx 1');
  of.outbox.add('freeze', bob, 'tx 2');
  const hook = new HeldChannel();
  let faults = 0;
  // The disk is full for what became of the first.
  const { service } = await of.service([hook], (step) => {
    if (step === 'letter-accepted:begin' && faults++ === 0) throw new Error('full');
  });
  const failed = assert.rejects(service.round(), /full/);
  await hook.asked(2);
  hook.onTheirWay[0]?.end(accepted);
  await new Promise((resolve) => setImmediate(resolve));
  hook.onTheirWay[1]?.end({ outcome: 'later', code: 'WEBHOOK_UNREACHABLE' });
  await failed;
  of.nowMs += 60_000;
  const again = service.round();
  await hook.asked(4);
  assert.deepEqual(
    hook.onTheirWay.map(({ letter }) => letter.address.slice(8, 12)),
    ['slow', 'quic', 'slow', 'quic'],
  );
  for (const { end } of hook.onTheirWay) end(accepted);
  await again;
});
