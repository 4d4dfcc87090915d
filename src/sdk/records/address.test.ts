import assert from 'node:assert/strict';
import test from 'node:test';
import { assertGrowsAlong } from '../../../test/growth.ts';
import { baseOf, referenceName, withoutVersion } from './address.ts';

for (const [address, bare, name] of [
  ['Patient/1', 'Patient/1', 'Patient/1'],
  ['Patient/1/_history/3', 'Patient/1', 'Patient/1'],
  [
    'https://a.example/fhir/Patient/1/_history/3?x=/_history',
    'https://a.example/fhir/Patient/1',
    'Patient/1',
  ],
  ['https://a.example/Patient/1//#part', 'https://a.example/Patient/1', 'Patient/1'],
  ['https://a.example/Patient/1/_history', 'https://a.example/Patient/1', 'Patient/1'],
  [
    'https://a.example/_historyless/Patient/1',
    'https://a.example/_historyless/Patient/1',
    'Patient/1',
  ],
  ['urn:uuid:1', 'urn:uuid:1', 'urn:uuid:1'],
] as const) {
  test(`${address} without its version`, () => {
    assert.equal(withoutVersion(address), bare);
    assert.equal(referenceName(address), name);
  });
}

test('an address of slashes or versions alone is read in one pass', () => {
  assertGrowsAlong(10_000, (size) => {
    for (const part of ['/', '/_history/']) {
      const long = `https://a.example/${part.repeat(size)}`;
      for (const address of [`${long}x`, `${long}\nx`]) {
        withoutVersion(address);
        baseOf(address);
      }
    }
  });
});
