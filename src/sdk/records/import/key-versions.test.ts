import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { sha256 } from '../../../crypto/hash.ts';
import { bytesToHex, utf8 } from '../../../primitives/bytes.ts';
import { recordIdOf } from '../../../primitives/ids.ts';
import { KeyVersions } from './key-versions.ts';
import { areVersions, type KnownItem } from './known-items.ts';
import { compareVersions, newestAmong } from './version-order.ts';

const itemAt = (number: number, change: Partial<KnownItem>): KnownItem => {
  const contentHash = bytesToHex(sha256(utf8(`${number}`)));
  return {
    ...{ recordId: recordIdOf(sha256(utf8(`${number}`)).subarray(0, 16)), key: 'k', contentHash },
    ...{ jsonHash: contentHash.slice(0, 32), about: 'a'.repeat(32), isPatient: false },
    ...{ isAddress: true, updatedMs: undefined, version: undefined, ...change },
  };
};
const mostly = fc.option(fc.nat(4), { nil: undefined });
const orders = fc.array(fc.record({ updatedMs: mostly, version: mostly }), { maxLength: 12 });

test('a version is older where any one of its line comes after it, however its source orders them', () => {
  fc.assert(
    fc.property(orders, fc.boolean(), fc.nat(12), (drawn, isAddress, brought) => {
      const items = drawn.map((order, i) => itemAt(i, { ...order, isAddress }));
      const [known, own] = [items.slice(brought), items.slice(0, brought)];
      const versions = new KeyVersions(known);
      for (const [i, item] of own.entries()) {
        const line = [...known, ...own.slice(0, i)];
        const isOlder = line.some((it) => compareVersions(it, item) > 0);
        const place = versions.placeOf(item);
        assert.equal(place.isOlder, isOlder);
        if (isOlder) assert.equal(place.previous, undefined);
        else if (isAddress) assert.equal(place.previous, newestAmong(line)?.recordId);
        versions.add(item);
      }
      assert.equal(versions.newest, newestAmong([...known, ...own]));
    }),
  );
});

test('without an address only what is about the same is a line, and of other imports only what is ordered', () => {
  const known = itemAt(1, { isAddress: false, updatedMs: 1 });
  const versions = new KeyVersions([known]);
  const previousOf = (change: Partial<KnownItem>) =>
    versions.placeOf(itemAt(9, { isAddress: false, ...change })).previous;
  assert.equal(previousOf({ updatedMs: 2 }), known.recordId);
  assert.equal(previousOf({ updatedMs: 2, about: 'b'.repeat(32) }), undefined);
  assert.equal(previousOf({}), undefined, 'nobody orders the two');
  assert.equal(areVersions(known, itemAt(9, { isAddress: false })), false);
  const brought = itemAt(2, { isAddress: false });
  versions.add(brought);
  assert.equal(previousOf({}), brought.recordId, 'of one file the later one is newer');
});
