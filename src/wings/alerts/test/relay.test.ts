import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesToHex } from '../../../primitives/bytes.ts';
import { describeChannel } from '../node/channel.contract.ts';
import { MailChannel } from '../node/mail.ts';
import { parseRelay } from '../node/relay-url.ts';
import { type RelayManners, SmtpRelay } from '../node/smtp-relay.ts';
import { AlertsSetting, allRounds, ana, bob, letter, relayAt, withRelay } from './setting.ts';

const minute = 60_000;

const nameIn = (name: Uint8Array) => `Message-ID: <${bytesToHex(name)}@`;

describeChannel('mail', {
  away: 'down',
  open: async (manner) => {
    const relay = new SmtpRelay({
      answer: (command) => {
        if (!command.startsWith('RCPT')) return undefined;
        if (manner === 'puts off') return '451 4.7.1 greylisted, come again';
        return manner === 'refuses' ? '550 5.1.1 nobody of this name' : undefined;
      },
    });
    const port = await relay.listen();
    if (manner === 'is away') await relay.close();
    return {
      channel: new MailChannel(relayAt(port)),
      address: 'ana@example.org',
      taken: (name) => relay.taken.filter(({ data }) => data.includes(nameIn(name))).length,
      close: async () => {
        if (manner !== 'is away') await relay.close();
      },
    };
  },
});

for (const [name, manners, outcome, code, handed] of [
  ['greets without end', { greet: endless }, 'down', 'RELAY_UNREACHABLE', 0],
  ['says nothing', { greet: () => {} }, 'down', 'RELAY_UNREACHABLE', 0],
  ['drips a greeting that has no end', { greet: drip }, 'down', 'RELAY_UNREACHABLE', 0],
  ['hangs up', { greet: (socket) => socket.destroy() }, 'down', 'RELAY_UNREACHABLE', 0],
  [
    'is no relay',
    { greet: (socket) => socket.write('HTTP/1.1 200 OK\r\n\r\n') },
    'down',
    'RELAY_UNREACHABLE',
    0,
  ],
  [
    'has no time for anybody',
    { answer: (it) => (it.startsWith('EHLO') ? '421 4.3.2 later' : undefined) },
    'down',
    'RELAY_UNREACHABLE',
    0,
  ],
  [
    'does not know our sender',
    { answer: (it) => (it.startsWith('MAIL') ? '550 5.7.1 who are you' : undefined) },
    'down',
    'RELAY_REFUSED',
    0,
  ],
  ['refuses the letter itself', { onLetter: () => '554 5.7.1 spam' }, 'never', 'RELAY_REFUSED', 1],
  ['puts off the letter itself', { onLetter: () => '452 4.3.1 full' }, 'later', 'RELAY_LATER', 1],
  ['takes the letter and hangs up', { onLetter: () => 'cut' }, 'doubt', 'RELAY_SILENT', 1],
  ['takes the letter and is silent', { onLetter: () => 'silence' }, 'doubt', 'RELAY_SILENT', 1],
] as const satisfies readonly (readonly [string, RelayManners, string, string, number])[]) {
  test(`a relay that ${name}: ${outcome}, ${code}`, async () => {
    await withRelay(manners, async (_relay, port) => {
      let handings = 0;
      const channel = new MailChannel(relayAt(port), { letterMs: 700, greetingMs: 500 });
      const told = await channel.deliver(letter, () => {
        handings += 1;
      });
      assert.deepEqual([told, handings], [{ outcome, code }, handed]);
    });
  });
}

function endless(socket: {
  readonly destroyed: boolean;
  write(text: string): boolean;
  once(event: 'drain', then: () => void): unknown;
}): void {
  while (!socket.destroyed && socket.write(`220-${'welcome '.repeat(1_000)}\r\n`)) {
    // as fast as it goes
  }
  if (!socket.destroyed) socket.once('drain', () => endless(socket));
}

function drip(socket: { readonly destroyed: boolean; write(text: string): boolean }): void {
  const timer = setInterval(() => {
    if (socket.destroyed) clearInterval(timer);
    else socket.write('220-wait\r\n');
  }, 50);
}

for (const [text, problem] of [
  ['relay.example', 'no URL'],
  ['http://relay.example?from=a@b.example', 'smtp: or smtps:'],
  ['smtp://relay.example', 'from=ADDRESS'],
  ['smtp://relay.example?from=a@b.example%0D%0ABcc:x@y.example', 'from=ADDRESS'],
  ['smtp://relay.example?from=a@b.example&tls=none', 'tls=none is for a relay on this machine'],
  ['smtps://127.0.0.1?from=a@b.example&tls=none', 'tls=none is for a relay on this machine'],
  ['smtp://relay.example?from=a@b.example&tls=maybe', 'tls=required or tls=none'],
  ['smtp://relay.example?from=a@b.example&port=25', 'parameters'],
  ['smtp://relay.example?from=a@b.example&from=c@d.example', 'parameters'],
  ['smtp://relay.example?from=a@b.example&ca=/nowhere', 'ca=FILE'],
] as const) {
  test(`${text} names no relay: ${problem}`, () => {
    assert.throws(() => parseRelay(text), { code: 'RELAY_INVALID', details: { problem } });
  });
}

test('a relay that greylists gets the letter at the next try, and one that always does is given up after nine', async (t) => {
  const setting = new AlertsSetting();
  t.after(() => setting.leave());
  await setting.choose(ana);
  setting.outbox.add('look', ana, 'grant 1');
  let patience = 1;
  await withRelay(
    { answer: (it) => (it.startsWith('RCPT') && patience-- > 0 ? '450 4.7.1 later' : undefined) },
    async (relay, port) => {
      const { service, letters } = await setting.service([setting.mail(port)]);
      await allRounds(service);
      assert.deepEqual([relay.taken.length, letters.standing().codes], [0, { RELAY_LATER: 1 }]);
      setting.nowMs += minute;
      await allRounds(service);
      assert.equal(relay.taken.length, 1);

      patience = 1_000;
      setting.outbox.add('refusal', ana, 'notice 1');
      for (let hours = 0; hours < 72; hours++) {
        await allRounds(service);
        setting.nowMs += 60 * minute;
      }
      assert.equal(1_000 - patience, 9);
      assert.deepEqual(
        [letters.standing().states.failed, letters.standing().codes],
        [1, { RELAY_LATER: 1 }],
      );
    },
  );
});

test('a relay that is away for a month loses no letter, and nobody gets two when it is back', async (t) => {
  const setting = new AlertsSetting();
  t.after(() => setting.leave());
  await setting.choose(ana);
  await setting.choose(bob);
  const gone = new SmtpRelay();
  const port = await gone.listen();
  await gone.close();
  const { service, letters } = await setting.service([setting.mail(port)]);
  setting.outbox.add('look', ana, 'grant 1');
  setting.outbox.add('freeze', bob, 'tx 1');
  for (let days = 0; days < 30; days++) {
    await service.round();
    setting.nowMs += 24 * 60 * minute;
  }
  assert.equal(letters.standing().states.waiting, 2);
  const back = new SmtpRelay();
  await back.listen(port);
  t.after(() => back.close());
  await allRounds(service);
  assert.deepEqual(back.taken.map(({ to }) => to[0]).sort(), ['a@example.org', 'b@example.org']);
});

test('a clock that jumps a year ahead and back gives up no letter, and holds none back', async (t) => {
  const setting = new AlertsSetting();
  t.after(() => setting.leave());
  await setting.choose(ana);
  let isBusy = true;
  await withRelay(
    { answer: (it) => (it.startsWith('RCPT') && isBusy ? '450 4.7.1 later' : undefined) },
    async (relay, port) => {
      const { service, letters } = await setting.service([setting.mail(port)]);
      const yearMs = 365 * 24 * 60 * minute;
      setting.nowMs += yearMs;
      setting.outbox.add('look', ana, 'grant 1');
      await service.round();
      setting.nowMs -= yearMs;
      await service.round();
      isBusy = false;
      setting.nowMs += 5 * minute;
      await service.round();
      assert.deepEqual([relay.taken.length, letters.standing().states.accepted], [1, 1]);
    },
  );
});
