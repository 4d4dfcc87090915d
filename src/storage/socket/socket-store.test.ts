import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  describeBlobStore,
  joined,
  mib,
  type OpenForTest,
  rejectsWith,
  sample,
} from '../blob-store.contract.ts';
import type { BlobStore } from '../blob-store.ts';
import { describeClaims } from '../claims.contract.ts';
import { openFileBlobStore } from '../file/file-blob-store.ts';
import { SocketBlobStore, type SocketStoreOptions } from './store-client.ts';
import { type StoreServer, serveStore } from './store-server.ts';

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'salus-socket-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const open: OpenForTest = async (t, options) => {
  const folder = folderFor(t);
  const path = join(folder, 'storage.sock');
  const shares = { uploadsOf: () => 1_000, maxUploads: 1_000 };
  const inner = openFileBlobStore({ ...options, ...shares, folder: join(folder, 'blobs') });
  const server = await serveStore(path, inner);
  const store = new SocketBlobStore({ path });
  t.after(async () => {
    await store.close();
    await server.close();
    await inner.close();
  });
  return store;
};

describeBlobStore('a store in another process', open);
describeClaims('a store in another process', open);

const ana = 'account-of-ana';

/** A file store in a folder, closed after the test. */
function storeIn(t: TestContext, folder: string) {
  const store = openFileBlobStore({ folder: join(folder, 'blobs'), now: () => 0 });
  t.after(() => store.close());
  return store;
}

async function served(t: TestContext, path: string, inner: BlobStore): Promise<StoreServer> {
  const server = await serveStore(path, inner);
  t.after(() => server.close());
  return server;
}

function clientOf(t: TestContext, options: SocketStoreOptions): SocketBlobStore {
  const store = new SocketBlobStore(options);
  t.after(() => store.close());
  return store;
}

test('the socket is its user’s alone, also in a folder with a long name', async (t) => {
  const folder = join(folderFor(t), 'a'.repeat(90), 'b'.repeat(90));
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'storage.sock');
  const inner = storeIn(t, folder);
  await served(t, path, inner);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const store = clientOf(t, { path });
  const { id } = await store.put(sample(10), { owner: ana });
  assert.deepEqual(await store.read(id), sample(10));
});

test('a node that is not there is waited for, and one that ended is found again', async (t) => {
  const folder = folderFor(t);
  const path = join(folder, 'storage.sock');
  const store = clientOf(t, { path });
  const waiting = store.put(sample(10), { owner: ana });
  const inner = storeIn(t, folder);
  const first = await served(t, path, inner);
  const { id } = await waiting;
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (let seed = 0; ; seed++) yield sample(mib, seed);
  }
  const cut = store.put(endless(), { owner: ana });
  const refused = rejectsWith(cut, 'STORE_BUSY');
  await store.read(id);
  await first.close();
  await refused;
  await served(t, path, inner);
  assert.deepEqual(await joined(store.readStream(id)), sample(10));
  assert.deepEqual(await store.total(), { blobs: 1, bytes: 10 });
});

test('nobody there within the patience: STORE_BUSY', async (t) => {
  const store = clientOf(t, { path: join(folderFor(t), 'none'), patienceMs: 0 });
  await rejectsWith(store.total(), 'STORE_BUSY');
});

test('what is no frame ends its connection and nothing else', async (t) => {
  const folder = folderFor(t);
  const path = join(folder, 'storage.sock');
  const inner = storeIn(t, folder);
  await served(t, path, inner);
  const store = clientOf(t, { path });
  await store.total();
  const stranger = connect(path);
  stranger.on('error', () => {});
  const closed = new Promise((resolve) => stranger.on('close', resolve));
  stranger.write(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
  await closed;
  await rejectsWith(store.ask('nothing'), 'INTERNAL');
  assert.deepEqual(await store.total(), { blobs: 0, bytes: 0 });
});
