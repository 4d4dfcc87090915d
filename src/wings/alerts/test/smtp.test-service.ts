import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { freePorts } from '../../../story/free-ports.ts';
import type { Outgoing } from '../node/channel.ts';
import { MailChannel } from '../node/mail.ts';
import { parseRelay } from '../node/relay-url.ts';
import { SmtpRelay } from '../node/smtp-relay.ts';
import { AlertsSetting, ana, bob } from './setting.ts';

/**
 * Debian's OpenSMTPD as a hospital's relay on the same machine: it takes letters of ours and hands them on to a relay of this test. It
 * wants users, a spool and programs at places of the system, so it runs in a mount namespace of its own (root on Linux),
 * and nothing of this machine changes.
 *
 * Without TLS: OpenSMTPD 6.8.0p2, as Debian has it, ends every handshake when it signs (`SSL routines::EVP lib`; STARTTLS and smtps,
 * TLS keys of RSA and of ECDSA), and does not start with an Ed25519 key. Whom we trust inside TLS is in `relay.test.ts`.
 */
const programs = process.env.SALUS_SERVICE ?? assert.fail('run it by npm run test:services');
const unpacked = join(programs, '..', '..');
const libraries = globSync('{usr/,}lib*/*-linux-gnu*', { cwd: unpacked }).map((it) =>
  join(unpacked, it),
);

const folder = mkdtempSync(join(tmpdir(), 'salus-smtpd-'));
const taker = new SmtpRelay();
let smtpd: ChildProcess;
let port = 0;

const inNamespace = `
set -e
cp /etc/passwd /etc/group "$1"
echo 'opensmtpd:x:7001:7001::/nonexistent:/usr/sbin/nologin' >> "$1/passwd"
echo 'opensmtpq:x:7002:7002::/nonexistent:/usr/sbin/nologin' >> "$1/passwd"
echo 'opensmtpd:x:7001:' >> "$1/group"
echo 'opensmtpq:x:7002:' >> "$1/group"
mount --bind "$1/passwd" /etc/passwd
mount --bind "$1/group" /etc/group
for at in /var/spool /var/lib /run; do mount -t tmpfs tmpfs "$at"; done
mkdir -p /var/spool/smtpd /var/lib/opensmtpd/empty
chmod 711 /var/spool/smtpd
exec "$2/smtpd" -d -f "$1/smtpd.conf"
`;

before(async () => {
  const takerPort = await taker.listen();
  [port = 0] = await freePorts(1);
  writeFileSync(
    join(folder, 'smtpd.conf'),
    `listen on 127.0.0.1 port ${port} hostname localhost
action "on" relay host smtp://127.0.0.1:${takerPort}
match from any for any rcpt-to "b@example.org" reject
match from any for any action "on"
`,
    { mode: 0o600 },
  );
  smtpd = spawn(
    'unshare',
    ['--mount', '--propagation', 'private', 'sh', '-c', inNamespace, 'sh', folder, programs],
    {
      env: { ...process.env, LD_LIBRARY_PATH: libraries.join(':') },
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  smtpd.on('exit', (code) => {
    if (code !== 0 && code !== null) process.stderr.write(`smtpd ended with ${code}\n`);
  });
  while (!(await greets())) {
    assert.equal(smtpd.exitCode, null, 'smtpd runs');
    await pause(100);
  }
});
after(async () => {
  smtpd.kill('SIGTERM');
  await taker.close();
  rmSync(folder, { recursive: true, force: true });
});

function greets(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (isThere: boolean) => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once('error', () => end(false));
    socket.once('data', (said) => end(said.toString('latin1').startsWith('220')));
  });
}

const relay = (more: string) =>
  new MailChannel(parseRelay(`smtp://127.0.0.1:${port}?from=alerts@north.example${more}`));

test('Debian’s relay takes letters, one for each cause, and they arrive as they were written', async (t) => {
  const setting = new AlertsSetting();
  t.after(() => setting.leave());
  await setting.choose(ana, { language: 'ar' });
  setting.outbox.add('look', ana, 'grant 1');
  setting.outbox.add('freeze', ana, 'tx 1');
  const channel = relay('&tls=none');
  const { service, letters } = await setting.service([channel]);
  while (await service.round()) {
    // until nothing is due
  }
  assert.equal(letters.standing().states.accepted, 2);
  while (taker.taken.length < 2) await pause(50);
  for (const { to, data } of taker.taken) {
    assert.deepEqual(to, ['a@example.org']);
    assert.match(data, /^Content-Language: ar\r$/m);
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
  const { service, letters } = await setting.service([relay('&tls=none')]);
  while (await service.round()) {
    // until nothing is due
  }
  const { states, codes } = letters.standing();
  assert.deepEqual([states.accepted, states.failed, codes], [1, 1, { RELAY_REFUSED: 1 }]);
});

test('nothing is said to it where TLS is asked for, since it offers none', async () => {
  const letter: Outgoing = {
    ...{ name: new Uint8Array(16), address: 'a@example.org', language: 'en', cause: 'look' },
    ...{ sentMs: 0, secret: new Uint8Array(0) },
  };
  const told = await relay('').deliver(letter, () => assert.fail('handed over'));
  assert.deepEqual(told, { outcome: 'down', code: 'RELAY_UNSAFE' });
});
