import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { BlobHasher } from '../blob-id.ts';
import {
  describeBlobStore,
  inPieces,
  mib,
  type OpenForTest,
  rejectsWith,
  sample,
} from '../blob-store.contract.ts';
import { describeClaims } from '../claims.contract.ts';
import { openFileBlobStore } from './file-blob-store.ts';

const open: OpenForTest = async (t, options) => {
  const folder = mkdtempSync(join(tmpdir(), 'salus-blobs-'));
  // The contract puts hundreds at once for one owner; that each has a share is in uploads.test.ts.
  const store = openFileBlobStore({
    ...options,
    folder,
    uploadsOf: () => 1_000,
    maxUploads: 1_000,
  });
  t.after(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });
  return store;
};

describeBlobStore('the file store', open);
describeClaims('the file store', open);

test('leaves that are proven are kept without another hash, all of them or none: BLOB_MISMATCH', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'salus-blobs-'));
  const store = openFileBlobStore({ folder, now: () => 0 });
  t.after(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });
  const content = sample(2 * mib + 5);
  const tree = new BlobHasher().update(content).finish();
  const owner = 'account-of-ana';
  await rejectsWith(
    store.putLeaves(tree, inPieces(content.subarray(0, 2 * mib), mib), { owner }),
    'BLOB_MISMATCH',
  );
  assert.equal((await store.total()).blobs, 0);
  await store.putLeaves(tree, inPieces(content, mib), { owner });
  assert.deepEqual(await store.read(tree.id), content);
  assert.deepEqual(
    await store.leaf(tree.id, 2, tree.leafDigests.subarray(64)),
    content.subarray(2 * mib),
  );
  await rejectsWith(store.leaf(tree.id, 1, tree.leafDigests.subarray(0, 32)), 'BLOB_CORRUPT');
  assert.equal(store.tree(tree.id)?.nodes.length, 1);
  assert.deepEqual(store.list('', 9), [{ id: tree.id, bytes: content.length, isLarge: true }]);
});
