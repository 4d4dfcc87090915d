import assert from 'node:assert/strict';
import test from 'node:test';
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

test('an address of a megabyte of slashes or versions is read in one pass', () => {
  const startedMs = performance.now();
  for (const part of ['/', '/_history/']) {
    const long = `https://a.example/${part.repeat(1_000_000)}`;
    for (const address of [`${long}x`, `${long}\nx`]) {
      withoutVersion(address);
      baseOf(address);
    }
  }
  assert.ok(performance.now() - startedMs < 10_000);
});
