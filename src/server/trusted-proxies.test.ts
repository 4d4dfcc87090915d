import assert from 'node:assert/strict';
import { test } from 'node:test';
import { trustedProxies } from './trusted-proxies.ts';

test('who is named is trusted, in whichever form his address comes, and nobody else', () => {
  const isProxy = trustedProxies(['127.0.0.1', '10.0.0.0/8', '2001:db8::/32']);
  const asked = ['127.0.0.1', '::ffff:127.0.0.1', '10.9.8.7', '2001:db8::7'];
  assert.deepEqual(asked.map(isProxy), [true, true, true, true]);
  const others = ['127.0.0.2', '11.0.0.1', '2001:db9::7', '', 'localhost', '10.0.0.0/8'];
  assert.deepEqual(
    others.map(isProxy),
    others.map(() => false),
  );
  assert.equal(trustedProxies([])('127.0.0.1'), false);
});

for (const text of [
  '',
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
