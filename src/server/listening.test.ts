import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requireShielded, urlAt } from './listening.ts';

for (const [host, proxies, code] of [
  ['127.0.0.1', [], undefined],
  ['127.8.8.8', [], undefined],
  ['::1', [], undefined],
  ['localhost', [], undefined],
  ['0.0.0.0', [], 'HOST_OPEN'],
  ['::', [], 'HOST_OPEN'],
  ['10.0.0.1', [], 'HOST_OPEN'],
  ['0.0.0.0', ['10.0.0.0/8'], undefined],
] as const) {
  test(`${host} behind ${proxies.join() || 'no proxy'}: ${code ?? 'served'}`, () => {
    const listen = () => requireShielded(host, { proxies });
    if (code === undefined) listen();
    else assert.throws(listen, { code });
  });
}

test('the machine itself asks at an address that it has', () => {
  assert.deepEqual(
    ['0.0.0.0', '::', '10.0.0.1', 'fd00::1', 'localhost'].map((host) => urlAt(host, 7420)),
    [
      ...['http://127.0.0.1:7420', 'http://[::1]:7420', 'http://10.0.0.1:7420'],
      ...['http://[fd00::1]:7420', 'http://localhost:7420'],
    ],
  );
});
