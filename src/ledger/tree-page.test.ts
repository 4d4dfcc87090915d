import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sha256 } from '../crypto/hash.ts';
import { isCoded } from '../primitives/errors.ts';
import {
  emptyHash,
  maxEncodedBytes,
  pagePositions,
  stateInnerHash,
  stateLeafHash,
  TreePage,
} from './tree-page.ts';

const leaf = { keyHash: sha256(Uint8Array.of(1)), valueHash: sha256(Uint8Array.of(2)) };

function example(): TreePage {
  const page = new TreePage();
  page.putLeaf(16, leaf);
  page.putLeaf(17, { ...leaf, valueHash: sha256() });
  for (const position of [8, 4, 2, 1]) page.join(position);
  return page;
}

test('a page holds leaves, the hashes over them, and zeros where nothing stands', () => {
  const page = example();
  assert.deepEqual(page.leaf(16), leaf);
  assert.deepEqual(page.hash(16), stateLeafHash(leaf));
  assert.deepEqual(page.hash(8), stateInnerHash(page.hash(16), page.hash(17)));
  assert.deepEqual(page.hash(4), stateInnerHash(page.hash(8), emptyHash));
  assert.deepEqual([page.kind(1), page.kind(9), page.kind(16)], ['inner', 'empty', 'leaf']);
  assert.deepEqual(page.hash(9), emptyHash);
  page.clear(16);
  assert.deepEqual([page.kind(16), page.hash(16)], ['empty', emptyHash]);
});

test('a page comes back from its bytes, and bytes that are none are refused', () => {
  const page = example();
  const bytes = page.encode();
  const again = TreePage.decode(bytes);
  for (let position = 1; position < pagePositions; position++) {
    assert.equal(again.kind(position), page.kind(position));
    assert.deepEqual(again.hash(position), page.hash(position));
  }
  assert.deepEqual(again.encode(), bytes);
  const used = new Uint8Array(maxEncodedBytes).fill(255);
  assert.deepEqual(again.encodeInto(used).slice(), bytes);
  const unknownKind = bytes.slice();
  unknownKind[4] = 3;
  for (const wrong of [
    bytes.subarray(0, -1),
    bytes.subarray(0, 8),
    Uint8Array.of(...bytes, 0),
    unknownKind,
  ]) {
    assert.throws(
      () => TreePage.decode(wrong),
      (error) => isCoded(error, 'LEDGER_CORRUPT'),
    );
  }
});

test('a page that was given back fails whoever still reads it, and its memory begins empty', () => {
  const kept = new TreePage(example());
  const page = example();
  page.giveBack();
  page.giveBack();
  for (const read of [() => page.kind(1), () => page.hash(1), () => new TreePage(page)]) {
    assert.throws(read, (error) => isCoded(error, 'INTERNAL'));
  }
  const [one, other] = [new TreePage(), new TreePage()];
  one.putLeaf(1, leaf);
  for (let position = 1; position < pagePositions; position++) {
    assert.equal(other.kind(position), 'empty');
    assert.deepEqual(other.hash(position), emptyHash);
  }
  assert.deepEqual(kept.leaf(16), leaf);
});
