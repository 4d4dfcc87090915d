import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { test } from 'node:test';
import { asServerName, isNetworkAddress } from './incident-facts.ts';

test('an address of the network is what the machine takes for one, without a zone', () => {
  for (const text of [
    ...['', '::', '::1', '1::', '1::8', '1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:8:9'],
    ...['::ffff:192.0.2.7', '::192.0.2.7.9', '1:2:3:4:5:6:192.0.2.7', '1:2:3:4:5:6:7:192.0.2.7'],
    ...['192.0.2.7::', '1:::2', '1::2::3', ':1', '1:', 'fffff::', 'g::', '2001:DB8::7', '1:2'],
    ...['192.0.2.7', '192.0.2.256', '192.0.2', '0900.555.1234', '1.2.3.4.5', '01.2.3.4', '0.0.0.0'],
    ...['255.255.255.255', '1.2.3.4.', '.1.2.3.4', ' 1.2.3.4', '1.2.3.4\n', 'dead:beef', '1..2.3'],
  ])
    assert.equal(isNetworkAddress(text), isIP(text) !== 0, JSON.stringify(text));
  assert.equal(isNetworkAddress('fe80::1%eth0'), false);
});

for (const [said, name] of [
  ['Harbour Hospital', 'Harbour Hospital'],
  ["Valley Children's Hospital", "Valley Children's Hospital"],
  ['Hospital Clínico Universitario', 'Hospital Clínico Universitario'],
  ['مستشفى الميناء', 'مستشفى الميناء'],
  ['see evil.example.org', 'see evil example org'],
  ['https://evil.example', 'https evil example'],
  ['North\r\nSubject: you won', 'North Subject you won'],
  ['\u202egnp.exe', 'gnp exe'],
  ['-- ', ''],
  ['😀', ''],
  [' x'.repeat(100), 'x '.repeat(32).trim()],
] as const)
  test(`a server of ${JSON.stringify(said)} is called ${JSON.stringify(name)}`, () => {
    assert.equal(asServerName(said), name);
    assert.equal(asServerName(name), name);
  });
