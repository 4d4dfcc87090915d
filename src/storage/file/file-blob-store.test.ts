import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeBlobStore, type OpenForTest } from '../blob-store.contract.ts';
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
