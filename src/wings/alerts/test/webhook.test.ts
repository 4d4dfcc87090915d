import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hmacSha256 } from '../../../crypto/hash.ts';
import { bytesToHex, utf8 } from '../../../primitives/bytes.ts';
import { describeChannel, type Manner } from '../node/channel.contract.ts';
import type { Outgoing } from '../node/channel.ts';
import { isPublicAddress } from '../node/public-address.ts';
import { WebhookChannel } from '../node/webhook.ts';
import { receiversAt } from './receiver.ts';

const { here, open } = receiversAt('hook.example');

interface Met {
  readonly path: string;
  readonly signature: string;
  readonly body: string;
}

/** A server of somebody's own, on this machine, which the channel under test is told to allow. */
async function hook(answer: (met: Met) => { status: number; location?: string } | 'silence') {
  const met: Met[] = [];
  const { origin, close } = await open((request, response) => {
    let body = '';
    request.on('data', (bytes) => {
      body += bytes;
    });
    request.on('end', () => {
      const one = {
        path: request.url ?? '',
        signature: String(request.headers['salus-signature']),
        body,
      };
      met.push(one);
      const said = answer(one);
      if (said === 'silence') return;
      response.writeHead(
        said.status,
        said.location === undefined ? {} : { location: said.location },
      );
      response.end('x'.repeat(100_000));
    });
  });
  return { met, close, address: `${origin}/alerts?who=1` };
}

const statusOf: Readonly<Record<Manner, number>> = {
  takes: 204,
  'puts off': 503,
  refuses: 410,
  'is away': 204,
};

describeChannel('webhook', {
  away: 'later',
  open: async (manner) => {
    const { met, close, address } = await hook(() => ({ status: statusOf[manner] }));
    if (manner === 'is away') await close();
    const taken = (name: Uint8Array) =>
      manner === 'takes' ? met.filter(({ body }) => body.includes(bytesToHex(name))).length : 0;
    return {
      channel: new WebhookChannel(here),
      ...{ address, taken },
      close: async () => {
        if (manner !== 'is away') await close();
      },
    };
  },
});

const letter = (address: string): Outgoing => ({
  name: new Uint8Array(16).fill(1),
  ...{
    address,
    language: 'en',
    cause: 'freeze',
    sentMs: 1_000,
    secret: new Uint8Array(32).fill(5),
  },
});

test('a request says that there is news, and is signed with the secret of its choice', async (t) => {
  const { met, close, address } = await hook(() => ({ status: 200 }));
  t.after(close);
  await new WebhookChannel(here).deliver(letter(address));
  const [one] = met;
  assert.deepEqual(JSON.parse(one?.body ?? ''), { id: '01'.repeat(16), what: 'news' });
  const mac = hmacSha256(new Uint8Array(32).fill(5), utf8(`1000.${one?.body}`));
  assert.deepEqual([one?.path, one?.signature], ['/alerts?who=1', `t=1000,v1=${bytesToHex(mac)}`]);
});

test('a redirect is followed nowhere', async (t) => {
  const other = await hook(() => ({ status: 200 }));
  const { close, address } = await hook(() => ({ status: 307, location: other.address }));
  t.after(async () => {
    await close();
    await other.close();
  });
  const told = await new WebhookChannel(here).deliver(letter(address));
  assert.deepEqual(told, { outcome: 'never', code: 'WEBHOOK_REFUSED' });
  assert.equal(other.met.length, 0);
});

test('a server that says nothing is left, and its letter comes later', async (t) => {
  const { close, address } = await hook(() => 'silence');
  t.after(close);
  const told = await new WebhookChannel({ ...here, requestMs: 300 }).deliver(letter(address));
  assert.deepEqual(told, { outcome: 'later', code: 'WEBHOOK_UNREACHABLE' });
});

test('a name that leads to this machine, or into a private network, is told nothing, also beside a public address', async (t) => {
  const { met, close, address } = await hook(() => ({ status: 200 }));
  t.after(close);
  for (const found of [
    [{ address: '127.0.0.1', family: 4 }],
    [{ address: '::1', family: 6 }],
    [{ address: '::ffff:127.0.0.1', family: 6 }],
    [
      { address: '93.184.216.34', family: 4 },
      { address: '10.0.0.5', family: 4 },
    ],
  ]) {
    const { ca, requestMs } = here;
    const channel = new WebhookChannel({ ca, requestMs, resolve: async () => found });
    const told = await channel.deliver(letter(address));
    assert.deepEqual(told, { outcome: 'never', code: 'WEBHOOK_FORBIDDEN' });
  }
  assert.equal(met.length, 0);
});

test('the name is looked up once: what it leads to a moment later is not asked', async (t) => {
  const { met, close, address } = await hook(() => ({ status: 200 }));
  t.after(close);
  let looked = 0;
  const resolve = async () => [{ address: looked++ === 0 ? '127.0.0.1' : '127.0.0.2', family: 4 }];
  const told = await new WebhookChannel({ ...here, resolve }).deliver(letter(address));
  assert.deepEqual([told, looked, met.length], [{ outcome: 'accepted' }, 1, 1]);
});

test('a server whose certificate is for another name is told nothing', async (t) => {
  const { met, close, address } = await hook(() => ({ status: 200 }));
  t.after(close);
  const other = address.replace('hook.example', 'other.example');
  const told = await new WebhookChannel(here).deliver(letter(other));
  assert.deepEqual([told.outcome, met.length], ['later', 0]);
});

for (const [address, isPublic] of [
  ['93.184.216.34', true],
  ['8.8.8.8', true],
  ['0.0.0.0', false],
  ['10.1.2.3', false],
  ['100.64.0.1', false],
  ['127.255.0.1', false],
  ['169.254.169.254', false],
  ['172.16.0.1', false],
  ['172.31.255.255', false],
  ['172.32.0.1', true],
  ['192.168.1.1', false],
  ['224.0.0.1', false],
  ['255.255.255.255', false],
  ['2606:2800:220:1::1', true],
  ['::', false],
  ['::1', false],
  ['::ffff:10.0.0.1', false],
  ['64:ff9b::a00:1', false],
  ['fc00::1', false],
  ['fe80::1', false],
  ['ff02::1', false],
  ['2001:db8::1', false],
  ['2001:0:a00::1', false],
  ['2002:a00:1::', false],
] as const) {
  test(`${address} is ${isPublic ? '' : 'not '}of the public internet`, () => {
    assert.equal(isPublicAddress(address, address.includes(':') ? 6 : 4), isPublic);
  });
}

for (const address of [
  'http://hook.example/',
  'https://user@hook.example/',
  'https://user:secret@hook.example/',
  'https://hook.example/#part',
  'https://HOOK.example/',
  'https://hook.example',
  'https://0x7f.1/',
  'https://2130706433/',
  'https://hook.example/\r\nhost: other',
  'ftp://hook.example/',
]) {
  test(`${JSON.stringify(address)} is no address of a webhook`, async () => {
    const told = await new WebhookChannel(here).deliver(letter(address));
    assert.deepEqual(told, { outcome: 'never', code: 'ALERT_ADDRESS_WRONG' });
  });
}
