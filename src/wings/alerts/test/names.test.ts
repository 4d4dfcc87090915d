import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import {
  close,
  closeSync,
  constants,
  mkdtempSync,
  open,
  openSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { selfSigned } from '../../../../test/tls.ts';
import type { Outgoing } from '../node/channel.ts';
import { MailChannel } from '../node/mail.ts';
import { NameLookup } from '../node/name-lookup.ts';
import { parseRelay } from '../node/relay-url.ts';
import { SmtpRelay } from '../node/smtp-relay.ts';
import { WebhookChannel } from '../node/webhook.ts';

/** Names of relays and webhooks. Source: docs/protocol/alerts.md, AL-12. */

type Answer = readonly number[] | 'none' | 'silence';

/** A name server that says this of IPv4 and nothing of IPv6; what it was asked. */
async function nameServer(t: TestContext, answer: (name: string) => Answer) {
  const asked: string[] = [];
  const socket = createSocket('udp4');
  t.after(() => socket.close());
  socket.on('message', (query, { port, address }) => {
    const labels: string[] = [];
    let at = 12;
    for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
      labels.push(query.toString('latin1', at + 1, at + 1 + length));
      at += length + 1;
    }
    const isFour = query.readUInt16BE(at + 1) === 1;
    const name = labels.join('.');
    if (isFour) asked.push(name);
    const said = answer(name);
    if (said === 'silence') return;
    const head = Buffer.from(query.subarray(0, at + 5));
    const isThere = said !== 'none';
    const records = isThere && isFour ? 1 : 0;
    head.writeUInt16BE(isThere ? 0x8180 : 0x8183, 2);
    head.writeUInt16BE(records, 6);
    head.writeUInt16BE(0, 10);
    const four = said === 'none' ? [] : said;
    const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, ...four]);
    socket.send(records === 1 ? Buffer.concat([head, record]) : head, port, address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return { asked, servers: [`127.0.0.1:${socket.address().port}`] };
}

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'salus-names-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

const letter = (address: string): Outgoing => ({
  ...{ name: new Uint8Array(16).fill(1), address, language: 'en', cause: 'freeze' },
  ...{ sentMs: 1_000, secret: new Uint8Array(32).fill(5) },
});
const patient = () => AbortSignal.timeout(60_000);

/** Whatever the process has threads for waits: a pipe is opened to be read, and nobody writes. */
async function holdingThreads<T>(t: TestContext, work: () => Promise<T>): Promise<T> {
  const pipe = join(folderOf(t), 'pipe');
  execFileSync('mkfifo', [pipe]);
  const opened: Promise<number>[] = [];
  for (let n = 0; n < 16; n++)
    opened.push(
      new Promise((resolve, reject) =>
        open(pipe, 'r', (error, file) => (error ? reject(error) : resolve(file))),
      ),
    );
  try {
    return await work();
  } finally {
    // A reader that waits goes on when there is somebody who may write.
    const writer = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
    for (const file of await Promise.all(opened)) close(file, () => {});
    closeSync(writer);
  }
}

test('a webhook and a relay on this machine are reached while every thread of the process is held', async (t) => {
  const { servers, asked } = await nameServer(t, () => [127, 0, 0, 1]);
  const { key, cert } = selfSigned('hook.example');
  const server = createServer({ key, cert }, (_request, response) => response.end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const relay = new SmtpRelay();
  const url = `smtp://localhost:${await relay.listen()}?from=alerts@north.example&tls=none`;
  t.after(async () => {
    server.closeAllConnections();
    server.close();
    await relay.close();
  });
  const names = new NameLookup({ servers });
  const webhook = new WebhookChannel({
    ...{ ca: cert, isAllowed: () => true, requestMs: 60_000 },
    resolve: (host, signal) => names.addresses(host, { signal }),
  });
  const mail = new MailChannel(parseRelay(url), { names: new NameLookup({ servers }) });
  const said = await holdingThreads(t, async () => [
    await webhook.deliver(letter(`https://hook.example:${port}/`)),
    await mail.deliver(letter('ana@example.org'), () => {}),
  ]);
  assert.deepEqual(said, [{ outcome: 'accepted' }, { outcome: 'accepted' }]);
  assert.deepEqual(asked, ['hook.example'], 'each name once, and localhost not at all');
});

test('a name whose servers are silent ends when its time is over, and sixteen of them are in nobody’s way', async (t) => {
  const { servers, asked } = await nameServer(t, (name) =>
    name === 'here.example' ? [192, 0, 2, 1] : 'silence',
  );
  const names = new NameLookup({ servers });
  const ended = new AbortController();
  const silent = Array.from({ length: 16 }, (_, at) =>
    names.addresses(`silent-${at}.example`, { signal: ended.signal }),
  );
  const found = await names.addresses('here.example', { signal: patient() });
  assert.deepEqual(found, [{ address: '192.0.2.1', family: 4 }]);
  ended.abort();
  const settled = await Promise.allSettled(silent);
  assert.ok(settled.every(({ status }) => status === 'rejected'));
  assert.ok(asked.length >= 17);
  await assert.rejects(names.addresses('here.example', { signal: ended.signal }), {
    name: 'AbortError',
  });
});

test('what is checked is what is connected to: a name is asked for once, and an address of the own network is refused', async (t) => {
  let met = 0;
  const { servers, asked } = await nameServer(t, () =>
    met++ === 0 ? [10, 0, 0, 1] : [127, 0, 0, 1],
  );
  const names = new NameLookup({ servers });
  const webhook = new WebhookChannel({
    resolve: (host, signal) => names.addresses(host, { signal }),
  });
  for (const host of ['inside.example', 'localhost', 'a.localhost'])
    assert.deepEqual(await webhook.deliver(letter(`https://${host}/`)), {
      outcome: 'never',
      code: 'WEBHOOK_FORBIDDEN',
    });
  assert.deepEqual(asked, ['inside.example']);
});

test('the hosts file comes first, in any spelling; a short name of the operator’s is looked for in this machine’s network', async (t) => {
  const { servers, asked } = await nameServer(t, (name) =>
    name === 'mail.north.example' ? [192, 0, 2, 25] : 'none',
  );
  const folder = folderOf(t);
  const [hostsFile, resolverFile] = [join(folder, 'hosts'), join(folder, 'resolv.conf')];
  writeFileSync(
    hostsFile,
    '# of us\n192.0.2.9\tRelay.Example relay # here\n2001:db8::9 relay\nnonsense relay\n',
  );
  writeFileSync(resolverFile, 'nameserver 192.0.2.53\nsearch south.example north.example.\n');
  const names = new NameLookup({ servers, hostsFile, resolverFile });
  const signal = patient();
  assert.deepEqual(await names.addresses('relay', { signal }), [
    { address: '192.0.2.9', family: 4 },
    { address: '2001:db8::9', family: 6 },
  ]);
  assert.deepEqual(await names.addresses('RELAY.example.', { signal }), [
    { address: '192.0.2.9', family: 4 },
  ]);
  assert.deepEqual(await names.addresses('::1', { signal }), [{ address: '::1', family: 6 }]);
  assert.deepEqual(asked, []);
  const found = [{ address: '192.0.2.25', family: 4 }];
  assert.deepEqual(await names.addresses('mail', { signal, isOurs: true }), found);
  assert.deepEqual(asked, ['mail.south.example', 'mail.north.example']);
  // Somebody else's word is no name of this network.
  await assert.rejects(names.addresses('mail', { signal }), { code: 'ENOTFOUND' });
  await assert.rejects(names.addresses('nobody.example', { signal, isOurs: true }), {
    code: 'ENOTFOUND',
  });
  const none = new NameLookup({
    servers,
    hostsFile: join(folder, 'none'),
    resolverFile: join(folder, 'none'),
  });
  assert.deepEqual(
    (await none.addresses('localhost', { signal })).map(({ address }) => address),
    ['127.0.0.1', '::1'],
  );
});
