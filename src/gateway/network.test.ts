import assert from 'node:assert/strict';
import { test } from 'node:test';
import { networkOf } from './network.ts';

for (const [ip, network] of [
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['::FFFF:c000:207', '192.0.2.7'],
  ['0:0:0:0:0:ffff:192.0.2.7', '192.0.2.7'],
  ['0000:0000:0000:0000:0000:ffff:c000:0207', '192.0.2.7'],
  ['192.0.2.7:50123', '192.0.2.7'],
  ['[::ffff:192.0.2.7]:50123', '192.0.2.7'],
  ['[2001:db8:1:2::9]:50123', '2001:db8:1:2::/64'],
  ['[2001:db8:1:2::9%eth0]', '2001:db8:1:2::/64'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0DB8:0001:0002::9', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['64:ff9b::192.0.2.7', '64:ff9b:0:0::/64'],
  ['1:2:3', '1:2:3'],
  ['1:2:3:4:5:6:7:88888', '1:2:3:4:5:6:7:88888'],
  ['not an address', 'not an address'],
] as const) {
  test(`who comes from ${ip} is counted as ${network}`, () => {
    assert.equal(networkOf(ip), network);
  });
}

test('who owns a /64 is one caller, whatever address of it he takes', () => {
  const networks = new Set(Array.from({ length: 100 }, (_, n) => networkOf(`2001:db8::${n}:1`)));
  assert.deepEqual([...networks], ['2001:db8:0:0::/64']);
});

test('a proxy that passes on a text of any length makes no key of any length', () => {
  assert.equal(networkOf('x'.repeat(10_000)).length, 64);
});
