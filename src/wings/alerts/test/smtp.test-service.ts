import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { remove, salus, temporaryHome, up } from '../../../../test/cli/salus.ts';
import type { Outgoing } from '../node/channel.ts';
import { codeInLetter } from '../node/letter-text.ts';
import { MailChannel } from '../node/mail.ts';
import { parseRelay } from '../node/relay-url.ts';
import { SmtpRelay, type TakenLetter } from '../node/smtp-relay.ts';
import { confirmByLetter } from './confirm-by-letter.ts';
import { type Listener, OpenSmtpd, password, user } from './opensmtpd.ts';
import { AlertsSetting, allRounds, ana, bob } from './setting.ts';

/** Debian's OpenSMTPD as a hospital's relay: it takes letters of ours and hands them on to a relay of this test. */
const programs = process.env.SALUS_SERVICE ?? assert.fail('run it by npm run test:services');
const smtpd = new OpenSmtpd();
const taker = new SmtpRelay();

before(async () => smtpd.start(programs, await taker.listen()));
after(async () => {
  smtpd.stop();
  await taker.close();
});

interface Way {
  readonly scheme?: 'smtp' | 'smtps';
  readonly signIn?: string;
  readonly more?: string;
}

function urlOf(listener: Listener, { scheme = 'smtp', signIn = '', more }: Way = {}): string {
  const ca = more ?? `&ca=${encodeURIComponent(smtpd.ca)}`;
  const at = `${scheme}://${signIn}localhost:${smtpd.port(listener)}`;
  return `${at}?from=alerts@north.example${ca}`;
}

const relay = (listener: Listener, way: Way = {}) =>
  new MailChannel(parseRelay(urlOf(listener, way)));

/** Letters with this line that it handed on, once there are so many: it hands on in its own time, also what another test said. */
async function handedOn(line: RegExp, count: number): Promise<readonly TakenLetter[]> {
  for (;;) {
    const found = taker.taken.filter(({ data }) => line.test(data));
    if (found.length >= count) return found;
    await pause(20);
  }
}

const letterOf = (name: Uint8Array): Outgoing => ({
  ...{ name, address: 'a@example.org', language: 'en', cause: 'look' },
  ...{ sentMs: 0, secret: new Uint8Array(0) },
});
const letter = letterOf(new Uint8Array(16));

/** How a letter that was taken came, as the relay itself writes it above. */
async function received(channel: MailChannel): Promise<string> {
  const name = randomBytes(16);
  assert.deepEqual(await channel.deliver(letterOf(name), () => {}), { outcome: 'accepted' });
  const [{ data } = assert.fail()] = await handedOn(
    new RegExp(`^Message-ID: <${name.toString('hex')}@`, 'im'),
    1,
  );
  return /^Received: (.*(?:\r\n\s.*)*)/m.exec(data)?.[1]?.replaceAll(/\s+/g, ' ') ?? '';
}
const withheld = () => assert.fail('handed over');

test('Debian’s relay takes letters, one for each cause, and they arrive as they were written', async (t) => {
  const setting = new AlertsSetting();
  t.after(() => setting.leave());
  await setting.choose(ana, { language: 'ar' });
  setting.outbox.add('look', ana, 'grant 1');
  setting.outbox.add('freeze', ana, 'tx 1');
  const { service, letters } = await setting.service([relay('plain', { more: '&tls=none' })]);
  await allRounds(service);
  assert.equal(letters.standing().states.accepted, 2);
  for (const { to, data } of await handedOn(/^Content-Language: ar\r$/m, 2)) {
    assert.deepEqual(to, ['a@example.org']);
    assert.match(data, /^Message-ID: <[0-9a-f]{32}@north\.example>\r$/im);
  }
});

test('what Debian’s relay refuses is refused for this letter alone', async (t) => {
  const setting = new AlertsSetting();
  t.after(() => setting.leave());
  await setting.choose(ana);
  await setting.choose(bob);
  setting.outbox.add('look', bob, 'grant 2');
  setting.outbox.add('look', ana, 'grant 1');
  const { service, letters } = await setting.service([relay('rsa')]);
  await allRounds(service);
  const { states, codes } = letters.standing();
  assert.deepEqual([states.accepted, states.failed, codes], [1, 1, { RELAY_REFUSED: 1 }]);
});

for (const [name, listener, way, version] of [
  ['STARTTLS and a key of RSA', 'rsa', {}, 'TLSv1.3'],
  ['STARTTLS and a key of ECDSA', 'ecdsa', {}, 'TLSv1.3'],
  ['STARTTLS of TLS 1.2', 'only12', {}, 'TLSv1.2'],
  ['TLS from the first byte', 'smtps', { scheme: 'smtps' }, 'TLSv1.3'],
] as const satisfies readonly (readonly [string, Listener, Way, string])[]) {
  test(`a letter goes within ${name}, by a certificate of the authority that was named`, async () => {
    const how = await received(relay(listener, way));
    assert.ok(how.includes(' with ESMTPS ') && how.includes(`(${version}:`), how);
  });
}

const signIn = (said: string) => `${user}:${encodeURIComponent(said)}@`;

test('who signs in within TLS, by the password of its URL, is taken; a wrong one or none is a fault of the channel', async () => {
  const known = relay('signedIn', { signIn: signIn(password) });
  assert.match(await received(known), / with ESMTPSA id \w+ \(TLSv1\.3:/);
  for (const other of [signIn('another'), '']) {
    const told = await relay('signedIn', { signIn: other }).deliver(letter, withheld);
    assert.deepEqual(told, { outcome: 'down', code: 'RELAY_REFUSED' }, other);
  }
});

for (const [name, listener, way] of [
  ['offers no TLS', 'plain', {}],
  ['has a certificate for another name', 'elsewhere', {}],
  ['has a certificate of another authority', 'stranger', {}],
  ['has a certificate of an authority that was not named', 'ecdsa', { more: '' }],
] as const satisfies readonly (readonly [string, Listener, Way])[]) {
  test(`to Debian’s relay nothing is said when it ${name}`, async () => {
    const channel = relay(listener, { ...way, signIn: signIn(password) });
    assert.deepEqual(await channel.deliver(letter, withheld), {
      ...{ outcome: 'down', code: 'RELAY_UNSAFE' },
    });
  });
}

test('what a patient asks for goes from her device to Debian’s relay, signed in within TLS, as the operator named it', async (t) => {
  const home = temporaryHome();
  const running = await up(home, ['--smtp', urlOf('signedIn', { signIn: signIn(password) })]);
  t.after(async () => {
    await running.stop();
    remove(home);
  });
  const run = (...args: readonly string[]) => salus(args, { home });
  await run('person', 'create', 'ana', '--name', 'Ana Lima', '--hospital', 'north');
  await run('alerts', 'set', '--mail', 'ana@example.org', '--language', 'es', '--as', 'ana');
  await confirmByLetter(run, 'ana', () =>
    taker.taken.map(({ data }) => codeInLetter(data)).find((it) => it !== undefined),
  );
  await run('alerts', 'test', '--as', 'ana');
  const [{ to, data } = assert.fail()] = await handedOn(/^Subject: Una carta de prueba\r$/m, 1);
  assert.deepEqual(to, ['ana@example.org']);
  assert.match(data.replaceAll(/\s+/g, ' '), / with ESMTPSA id \w+ \(TLSv1\.3:/);
});
