import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { authority } from '../../../../test/tls.ts';
import { freePorts } from '../../../story/free-ports.ts';

/** It wants users, a spool and programs at places of the system. */
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

/** How it is listened to, one port each; all are named `localhost`. */
const listeners = {
  plain: '',
  rsa: 'tls-require pki rsa',
  ecdsa: 'tls-require pki ecdsa',
  /** TLS from the first byte. */
  smtps: 'smtps pki ecdsa',
  only12: 'tls-require protocols "TLSv1.2" pki ecdsa',
  /** Its certificate is for another name, and by the authority that is believed. */
  elsewhere: 'tls-require pki elsewhere',
  /** Its certificate is for this name, and by an authority that is not believed. */
  stranger: 'tls-require pki stranger',
  /** It takes letters of who signs in alone. */
  signedIn: 'tls-require pki ecdsa auth <known>',
};
export type Listener = keyof typeof listeners;

export const user = 'north';
export const password = 'p@ss:w/rd %';
/** Of this password (crypt(3), SHA-512), as `smtpctl encrypt` writes it. */
const kept =
  '$6$salus$hb8//VSy24BzACUq20ywCAKGyRyT.ZpARaxMoRiPM.nEmRVNzmB7SUGQ41OiVbk8OhKjgfesgsSiGUgtUaPrI/';

/**
 * Debian's OpenSMTPD as a hospital's relay on this machine, which hands on to `taker` (a port of this machine). It runs in a mount namespace
 * of its own (root on Linux), and nothing of this machine changes.
 */
export class OpenSmtpd {
  readonly #folder = mkdtempSync(join(tmpdir(), 'salus-smtpd-'));
  /** The certificate (PEM) of the authority that its relays are believed by. */
  readonly ca = join(this.#folder, 'ca.pem');
  #ports = new Map<Listener, number>();
  #process: ChildProcess | undefined;

  /** `programs`: the folder of smtpd, in the unpacked package. */
  async start(programs: string, taker: number): Promise<void> {
    const names = Object.keys(listeners) as Listener[];
    const ports = await freePorts(names.length);
    this.#ports = new Map(names.map((name, at) => [name, ports[at] ?? 0]));
    this.#write('smtpd.conf', this.#configuration(taker));
    const unpacked = join(programs, '..', '..');
    const libraries = globSync('{usr/,}lib*/*-linux-gnu*', { cwd: unpacked });
    const started = spawn(
      'unshare',
      [
        ...['--mount', '--propagation', 'private'],
        ...['sh', '-c', inNamespace, 'sh', this.#folder, programs],
      ],
      {
        env: {
          ...process.env,
          LD_LIBRARY_PATH: libraries.map((it) => join(unpacked, it)).join(':'),
        },
        stdio: ['ignore', 'ignore', 'inherit'],
      },
    );
    this.#process = started;
    started.on('exit', (code) => {
      if (code !== 0 && code !== null) process.stderr.write(`smtpd ended with ${code}\n`);
    });
    while (!(await greets(this.port('plain')))) {
      assert.equal(started.exitCode, null, 'smtpd runs');
      await pause(100);
    }
  }

  port(listener: Listener): number {
    return this.#ports.get(listener) ?? assert.fail(`no listener ${listener}`);
  }

  stop(): void {
    this.#process?.kill('SIGTERM');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #configuration(taker: number): string {
    const ours = authority('an authority of a test');
    const other = authority('another authority');
    writeFileSync(this.ca, ours.cert);
    const shown = {
      rsa: ours.issue('localhost', 'rsa'),
      ecdsa: ours.issue('localhost', 'ecdsa'),
      elsewhere: ours.issue('relay.example', 'ecdsa'),
      stranger: other.issue('localhost', 'ecdsa'),
    };
    const lines = Object.entries(shown).flatMap(([name, { key, cert }]) => [
      `pki ${name} cert "${this.#write(`${name}.pem`, cert)}"`,
      `pki ${name} key "${this.#write(`${name}.key`, key)}"`,
    ]);
    lines.push(`table known { ${user} = "${kept}" }`);
    for (const [name, port] of this.#ports) {
      lines.push(`listen on 127.0.0.1 port ${port} ${listeners[name]} hostname localhost`);
    }
    lines.push(
      `action "on" relay host smtp://127.0.0.1:${taker}`,
      'match from any for any rcpt-to "b@example.org" reject',
      'match from any for any action "on"',
    );
    return `${lines.join('\n')}\n`;
  }

  #write(name: string, content: string): string {
    const file = join(this.#folder, name);
    writeFileSync(file, content, { mode: 0o600 });
    return file;
  }
}

function greets(port: number): Promise<boolean> {
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
