import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { authority, type KeyAndCertificate, selfSigned } from '../../../../test/tls.ts';
import { MailChannel } from '../node/mail.ts';
import { parseRelay } from '../node/relay-url.ts';
import type { RelayManners } from '../node/smtp-relay.ts';
import { letter, withRelay } from './setting.ts';

const folder = mkdtempSync(join(tmpdir(), 'salus-relay-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** A certificate for this name that its own key signed, as a relay has it. */
function certificate(host: string): {
  readonly cert: string;
  readonly key: string;
  readonly file: string;
} {
  const { cert, key } = selfSigned(host);
  const file = join(folder, `${host}.pem`);
  writeFileSync(file, cert);
  return { cert, key, file };
}

/** Of one who is believed, and whose own certificate says that he is no authority. */
function ofNoAuthority(): KeyAndCertificate {
  const noAuthority = authority('no-authority', { mayIssue: false });
  writeFileSync(join(folder, 'no-authority.pem'), noAuthority.cert);
  return noAuthority.issue('localhost', 'ecdsa');
}

test('TLS with a certificate of the relay’s name, and the letter goes inside', async () => {
  const tls = certificate('localhost');
  await withRelay({ tls }, async (relay, port) => {
    const channel = new MailChannel(
      parseRelay(
        `smtp://localhost:${port}?from=alerts@north.example&ca=${encodeURIComponent(tls.file)}`,
      ),
    );
    assert.deepEqual(await channel.deliver(letter, () => {}), { outcome: 'accepted' });
    assert.deepEqual(
      relay.taken.map(({ isSecure }) => isSecure),
      [true],
    );
  });
});

test('who names an authority believes no other, also none that machines know', async (t) => {
  const [known, named] = [authority('known to machines'), authority('named')];
  const before = getCACertificates('default');
  t.after(() => setDefaultCACertificates(before));
  setDefaultCACertificates([known.cert]);
  const file = join(folder, 'named.pem');
  writeFileSync(file, named.cert);
  await withRelay({ tls: known.issue('localhost', 'ecdsa') }, async (_relay, port) => {
    const url = `smtp://localhost:${port}?from=alerts@north.example`;
    const told = (more: string) =>
      new MailChannel(parseRelay(url + more)).deliver(letter, () => {});
    assert.deepEqual(await told(''), { outcome: 'accepted' });
    const unsafe = { outcome: 'down', code: 'RELAY_UNSAFE' };
    assert.deepEqual(await told(`&ca=${encodeURIComponent(file)}`), unsafe);
  });
});

for (const [name, manners, more] of [
  ['that offers no TLS', {}, ''],
  ['whose certificate nobody vouches for', { tls: certificate('localhost') }, ''],
  [
    'whose certificate is of an authority that this machine does not know',
    { tls: authority('an authority').issue('localhost', 'ecdsa') },
    '',
  ],
  ['whose certificate is of one who may not issue any', { tls: ofNoAuthority() }, 'no-authority'],
  ['whose certificate is for another name', { tls: certificate('other.example') }, 'other.example'],
  [
    'that offers TLS and then refuses it',
    {
      tls: certificate('localhost'),
      answer: (it) => (it === 'STARTTLS' ? '454 not now' : undefined),
    },
    '',
  ],
] as const satisfies readonly (readonly [string, RelayManners, string])[]) {
  test(`a relay ${name} is told neither sender, address nor password`, async () => {
    await withRelay(manners, async (relay, port) => {
      const ca = more === '' ? '' : `&ca=${encodeURIComponent(join(folder, `${more}.pem`))}`;
      const url = `smtp://user:secret@localhost:${port}?from=alerts@north.example${ca}`;
      const told = await new MailChannel(parseRelay(url)).deliver(letter, () =>
        assert.fail('handed over'),
      );
      assert.deepEqual(told, { outcome: 'down', code: 'RELAY_UNSAFE' });
      assert.deepEqual(
        relay.commands.filter((it) => !/^(EHLO north\.example|STARTTLS|QUIT)$/.test(it)),
        [],
      );
    });
  });
}
