import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { blobIdOf } from '../blob-id.ts';
import { type FileBlobStoreOptions, openFileBlobStore } from './file-blob-store.ts';

const kib = 1024;

function opened(t: TestContext, options: Partial<FileBlobStoreOptions> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'salus-uploads-'));
  const store = openFileBlobStore({ now: () => 0, ...options, folder });
  t.after(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });
  const partBytes = () =>
    readdirSync(join(folder, 'files'))
      .filter((name) => name.endsWith('.part'))
      .reduce((sum, name) => sum + statSync(join(folder, 'files', name)).size, 0);
  return { store, partBytes };
}

/** A body that brings `first` and then nothing until `end` is called. */
function stalled(first: Uint8Array) {
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  async function* pieces() {
    yield first;
    await ended;
  }
  return { source: pieces(), end };
}

const bytesOf = (length: number, fill = 1) => new Uint8Array(length).fill(fill);

test('one owner’s stalled streams are his share, and others’ large blobs come in: STORE_BUSY', async (t) => {
  const { store } = opened(t);
  const streams = Array.from({ length: 10 }, () => stalled(bytesOf(400 * kib)));
  const puts = streams.map(({ source }) =>
    store.put(source, { owner: 'eve' }).then(
      () => 'stored',
      (error: { code?: string }) => error.code,
    ),
  );
  const first = await Promise.race(puts);
  assert.equal(first, 'STORE_BUSY');
  await store.put(bytesOf(600 * kib, 2), { owner: 'ana' });
  for (const { end } of streams) end();
  const outcomes = await Promise.all(puts);
  assert.equal(outcomes.filter((it) => it === 'stored').length, 4);
  await store.put(bytesOf(700 * kib, 3), { owner: 'eve' });
});

test('a stream under an id that its owner has is cut where those bytes end: BLOB_MISMATCH', async (t) => {
  const { store, partBytes } = opened(t, { quotaBytesOf: () => 1_000_000 });
  const small = bytesOf(3);
  const id = blobIdOf(small);
  await store.put(small, { owner: 'eve' });
  let read = 0;
  let most = 0;
  async function* endless() {
    for (;;) {
      read += 64 * kib;
      most = Math.max(most, partBytes());
      yield bytesOf(64 * kib);
    }
  }
  await assert.rejects(store.put(endless(), { owner: 'eve', expectedId: id }), {
    code: 'BLOB_MISMATCH',
  });
  assert.ok(read <= 512 * kib, `${read} bytes were read`);
  assert.ok(most <= 512 * kib, `${most} bytes on disk`);
  assert.equal(partBytes(), 0);
});

test('the same large bytes again cost no room, also when there is none left', async (t) => {
  const { store } = opened(t, { quotaBytesOf: () => 500 * kib });
  const large = bytesOf(500 * kib);
  const expectedId = blobIdOf(large);
  async function* pieces() {
    for (let at = 0; at < large.length; at += 100 * kib) {
      yield large.subarray(at, at + 100 * kib);
      await nextTurn();
    }
  }
  for (let n = 0; n < 3; n++) await store.put(pieces(), { owner: 'ana', expectedId });
  assert.equal((await store.usage('ana')).bytes, 500 * kib);
});
