import assert from 'node:assert/strict';
import { createDecipheriv, createECDH, hkdfSync, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { bytesToBase64url, bytesToHex } from '../../../primitives/bytes.ts';
import { describeChannel, type Manner } from '../node/channel.contract.ts';
import type { Outgoing } from '../node/channel.ts';
import { PushChannel } from '../node/push.ts';
import { vapidOf } from '../node/web-push.ts';
import { receiversAt } from './receiver.ts';

const { here, open } = receiversAt('push.example');
const vapid = vapidOf(new Uint8Array(32).fill(3), 'mailto:alerts@north.example');

/** A browser: it alone opens what is pushed to it. */
const browser = createECDH('prime256v1');
browser.generateKeys();
const auth = randomBytes(16);
const keys = `${bytesToBase64url(new Uint8Array(browser.getPublicKey()))}.${bytesToBase64url(new Uint8Array(auth))}`;

/** RFC 8291 from the browser's side. */
function opened(body: Buffer): string {
  const salt = body.subarray(0, 16);
  const point = body.subarray(21, 86);
  const sealed = body.subarray(86);
  const secret = browser.computeSecret(point);
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), browser.getPublicKey(), point]);
  const keying = Buffer.from(hkdfSync('sha256', secret, auth, info, 32));
  const part = (label: string, length: number) =>
    Buffer.from(hkdfSync('sha256', keying, salt, `Content-Encoding: ${label}\0`, length));
  const decipher = createDecipheriv('aes-128-gcm', part('aes128gcm', 16), part('nonce', 12));
  decipher.setAuthTag(sealed.subarray(-16));
  const plain = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
  return plain.subarray(0, plain.lastIndexOf(2)).toString('utf8');
}

interface Met {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
}

/** A push service on this machine, which the channel under test is told to allow. */
async function pushService(status: number) {
  const met: Met[] = [];
  const { origin, close } = await open((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (bytes) => parts.push(bytes));
    request.on('end', () => {
      met.push({ headers: request.headers, body: Buffer.concat(parts) });
      response.writeHead(status, { location: 'https://push.example/other' }).end();
    });
  });
  return { met, close, address: `${origin}/to/one#${keys}` };
}

const statusOf: Readonly<Record<Manner, number>> = {
  ...{ takes: 201, 'puts off': 429, refuses: 410, 'is away': 201 },
};

describeChannel('push', {
  away: 'later',
  open: async (manner) => {
    const { met, close, address } = await pushService(statusOf[manner]);
    if (manner === 'is away') await close();
    return {
      channel: new PushChannel(vapid, here),
      address,
      taken: (name) =>
        manner === 'takes'
          ? met.filter(({ body }) => opened(body).includes(bytesToHex(name))).length
          : 0,
      close: async () => {
        if (manner !== 'is away') await close();
      },
    };
  },
});

const letter = (address: string, change: Partial<Outgoing> = {}): Outgoing => ({
  name: new Uint8Array(16).fill(1),
  ...{ address, language: 'es', cause: 'freeze', sentMs: 1_000, secret: new Uint8Array(0) },
  ...change,
});

test('a push says to its browser alone that there is news, and to the push service nothing', async (t) => {
  const { met, close, address } = await pushService(201);
  t.after(close);
  const channel = new PushChannel(vapid, here);
  await channel.deliver(letter(address));
  await channel.deliver(letter(address, { cause: 'test', language: 'ar' }));
  const [one, other] = met;
  const id = '01'.repeat(16);
  assert.deepEqual(JSON.parse(opened(one?.body ?? Buffer.of())), {
    id,
    what: 'news',
    language: 'es',
  });
  assert.deepEqual(JSON.parse(opened(other?.body ?? Buffer.of())), {
    id,
    what: 'test',
    language: 'ar',
  });
  assert.equal(one?.body.length, other?.body.length);
  assert.notDeepEqual(one?.body.subarray(0, 86), other?.body.subarray(0, 86));
  const { authorization, ttl, topic, 'content-encoding': encoding } = one?.headers ?? {};
  assert.match(String(authorization), /^vapid t=[\w-]+\.[\w-]+\.[\w-]+, k=[\w-]{87}$/);
  assert.deepEqual([ttl, topic, encoding], ['259200', 'news', 'aes128gcm']);
});

for (const [status, told] of [
  [404, { outcome: 'never', code: 'PUSH_GONE' }],
  [307, { outcome: 'never', code: 'PUSH_REFUSED' }],
  [403, { outcome: 'never', code: 'PUSH_REFUSED' }],
  [503, { outcome: 'later', code: 'PUSH_UNREACHABLE' }],
] as const) {
  test(`a push service that answers ${status}: ${told.code}, and nobody else is asked`, async (t) => {
    const { met, close, address } = await pushService(status);
    t.after(close);
    assert.deepEqual(await new PushChannel(vapid, here).deliver(letter(address)), told);
    assert.equal(met.length, 1);
  });
}

test('a push service in the own network is told nothing, also where its name leads there only the second time', async (t) => {
  const { met, close, address } = await pushService(201);
  t.after(close);
  const forbidden = { outcome: 'never', code: 'PUSH_FORBIDDEN' };
  for (const inner of ['127.0.0.1', '10.0.0.5', '169.254.169.254', '::1', 'fd00::1']) {
    const resolve = async () => [{ address: inner, family: inner.includes(':') ? 6 : 4 }];
    const channel = new PushChannel(vapid, { ca: here.ca, resolve });
    assert.deepEqual(await channel.deliver(letter(address)), forbidden);
  }
  let looked = 0;
  const rebinding = async () => [
    { address: looked++ === 0 ? '192.0.0.8' : '127.0.0.1', family: 4 },
  ];
  const channel = new PushChannel(vapid, { ca: here.ca, resolve: rebinding });
  assert.deepEqual(await channel.deliver(letter(address)), forbidden);
  assert.deepEqual([looked, met.length], [1, 0]);
});

for (const [name, change] of [
  ['no keys', (it: string) => it.replace(/#.*/, '')],
  ['a key that is no point', (it: string) => it.replace(/#B.{86}/, `#B${'A'.repeat(86)}`)],
  ['a short key', (it: string) => it.slice(0, -1)],
  ['no TLS', (it: string) => it.replace('https:', 'http:')],
  ['a line of its own', (it: string) => it.replace('/to', '/\r\nx')],
] as const) {
  test(`an address of a push with ${name} is refused with a code, and nothing is sent`, async (t) => {
    const { met, close, address } = await pushService(201);
    t.after(close);
    const told = await new PushChannel(vapid, here).deliver(letter(change(address)));
    assert.equal(told.outcome, 'never');
    assert.equal(met.length, 0);
  });
}
