import assert from 'node:assert/strict';
import { test } from 'node:test';
import { trustedProxies } from './trusted-proxies.ts';

test('who is named is trusted, in whichever form his address comes, and nobody else', () => {
  const isProxy = trustedProxies(['127.0.0.1', '10.0.0.0/8', '2001:db8::/32']);
  const asked = [
    ...['127.0.0.1', '::ffff:127.0.0.1', '::ffff:7f00:1', '127.0.0.1:443', '10.9.8.7'],
    ...['2001:db8::7', '[2001:db8::7]:443', '2001:db8::7%eth0'],
  ];
  assert.deepEqual(
    asked.map(isProxy),
    asked.map(() => true),
  );
  const others = ['127.0.0.2', '11.0.0.1', '2001:db9::7', '', 'localhost', '10.0.0.0/8'];
  assert.deepEqual(
    others.map(isProxy),
    others.map(() => false),
  );
  assert.equal(trustedProxies([])('127.0.0.1'), false);
});

test('an IPv4 network that is written as IPv6 is that network, and no more', () => {
  const isProxy = trustedProxies(['::ffff:10.0.0.0/104']);
  assert.deepEqual(['10.9.8.7', '::ffff:10.9.8.7', '11.0.0.1'].map(isProxy), [true, true, false]);
});

for (const text of [
  '',
  '::ffff:0:0/96',
  '::ffff:10.0.0.0/64',
  'fe80::1%eth0',
  '10.0.0.1:443',
  'localhost',
  '10.0.0.0/33',
  '10.0.0.0/x',
  '0.0.0.0/0',
  '10.0.0.0/8/8',
  '::/0',
]) {
  test(`"${text}" names no proxy: USAGE`, () => {
    assert.throws(() => trustedProxies([text]), { code: 'USAGE' });
  });
}
