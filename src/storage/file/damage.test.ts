import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { isCoded } from '../../primitives/errors.ts';
import type { BlobId } from '../../primitives/ids.ts';
import { isLeafId } from '../blob-id.ts';
import { kib, mib, rejectsWith, sample } from '../blob-store.contract.ts';
import type { BlobStore, CorruptBlob } from '../blob-store.ts';
import { openFileBlobStore } from './file-blob-store.ts';

const ana = 'account-of-ana';

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'salus-damage-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

function opened(t: TestContext, folder: string, readOnly = false): BlobStore {
  const store = openFileBlobStore({ folder, now: () => 0, readOnly });
  t.after(() => store.close());
  return store;
}

async function filled(t: TestContext, contents: readonly Uint8Array[]) {
  const folder = folderFor(t);
  const store = opened(t, folder);
  const ids: BlobId[] = [];
  for (const content of contents) ids.push((await store.put(content, { owner: ana })).id);
  await store.close();
  return { folder, ids };
}

async function corruptOf(store: BlobStore): Promise<CorruptBlob[]> {
  const found: CorruptBlob[] = [];
  for await (const blob of store.corrupt()) found.push(blob);
  return found;
}

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

/** The place of a content in a file of the folder. */
function placeOf(path: string, content: Uint8Array): number {
  return readFileSync(path).indexOf(content);
}

const contents = [sample(900, 1), sample(900, 2), sample(300 * kib, 3), sample(3 * mib + 7, 4)];

test('a changed byte of a row is named, and the others are still served', async (t) => {
  const { folder, ids } = await filled(t, contents);
  const path = join(folder, 'blobs.sqlite');
  const place = placeOf(path, sample(900, 2));
  assert.ok(place > 0);
  flip(path, place + 500);
  const store = opened(t, folder);
  const [first, second] = ids;
  assert.ok(first && second);
  await assert.rejects(
    store.verify(),
    (error) => isCoded(error, 'BLOB_CORRUPT') && error.details.blobId === second,
  );
  assert.deepEqual(await corruptOf(store), [{ id: second, reason: 'changed' }]);
  await rejectsWith(store.read(second, { from: 0, to: 1 }), 'BLOB_CORRUPT');
  assert.deepEqual(await store.read(first), sample(900, 1));

  await store.put(sample(900, 2), { owner: ana });
  assert.deepEqual(await corruptOf(store), []);
  assert.equal((await store.usage(ana)).blobs, 4);
});

test('a changed byte of a large file is found by the leaf it lies in, and a put mends it', async (t) => {
  const { folder, ids } = await filled(t, contents);
  const large = ids.find((id) => !isLeafId(id));
  assert.ok(large);
  flip(join(folder, 'files', large), mib + 5);
  const store = opened(t, folder);
  const whole = sample(3 * mib + 7, 4);
  assert.deepEqual(await store.read(large, { from: 10, to: mib }), whole.subarray(10, mib));
  await rejectsWith(store.read(large, { from: mib - 1, to: mib + 1 }), 'BLOB_CORRUPT');
  const late = { from: 2 * mib, to: whole.length };
  assert.deepEqual(await store.read(large, late), whole.subarray(2 * mib));
  let yielded = 0;
  await assert.rejects(async () => {
    for await (const piece of store.readStream(large)) yielded += piece.length;
  });
  assert.equal(yielded, mib);
  assert.deepEqual(await corruptOf(store), [{ id: large, reason: 'changed' }]);
  await store.put(whole, { owner: ana });
  assert.deepEqual(await store.read(large), whole);
});

test('files that are gone or cut short are named, all of them', async (t) => {
  const { folder, ids } = await filled(t, contents);
  const [, , middle, large] = ids;
  assert.ok(middle && large);
  rmSync(join(folder, 'files', middle));
  const path = join(folder, 'files', large);
  writeFileSync(path, readFileSync(path).subarray(0, -1));
  const found = await corruptOf(opened(t, folder));
  const expected: CorruptBlob[] = [
    { id: middle, reason: 'missing' },
    { id: large, reason: 'changed' },
  ];
  assert.deepEqual(
    found,
    expected.sort((a, b) => (a.id < b.id ? -1 : 1)),
  );
});

for (const [name, damage] of [
  [
    'digests of leaves that were changed',
    'UPDATE blobs SET leaves = zeroblob(128) WHERE leaves NOT NULL',
  ],
  ['digests of leaves that are gone', 'UPDATE blobs SET leaves = NULL WHERE leaves NOT NULL'],
  ['a length that was changed', 'UPDATE blobs SET bytes = bytes - 1 WHERE leaves NOT NULL'],
] as const) {
  test(`${name} do not pass for the blob: BLOB_CORRUPT`, async (t) => {
    const { folder, ids } = await filled(t, contents);
    const db = new DatabaseSync(join(folder, 'blobs.sqlite'));
    db.exec(damage);
    db.close();
    const large = ids.find((id) => !isLeafId(id));
    assert.ok(large);
    const store = opened(t, folder);
    await rejectsWith(store.read(large, { from: 0, to: 1 }), 'BLOB_CORRUPT');
    assert.deepEqual(await corruptOf(store), [{ id: large, reason: 'changed' }]);
  });
}

test('good bytes of another blob in its place do not pass: BLOB_CORRUPT', async (t) => {
  const { folder, ids } = await filled(t, [sample(300 * kib, 1), sample(300 * kib, 2)]);
  const [one, other] = ids;
  assert.ok(one && other);
  writeFileSync(join(folder, 'files', one), sample(300 * kib, 2));
  const store = opened(t, folder);
  await rejectsWith(store.read(one), 'BLOB_CORRUPT');
  assert.deepEqual(await store.read(other), sample(300 * kib, 2));
});

test('what was deleted is overwritten: its bytes are in no file of the folder', async (t) => {
  const folder = folderFor(t);
  const store = opened(t, folder);
  const secrets = [sample(700, 1), sample(20_000, 2), sample(200 * kib, 3), sample(300 * kib, 4)];
  const marks = secrets.map((content) => Buffer.from(content.subarray(600, 664)));
  const traces = () => {
    const files = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name)));
    return marks.map((mark) => files.some((bytes) => bytes.includes(mark)));
  };
  const ids: BlobId[] = [];
  for (const content of secrets) ids.push((await store.put(content, { owner: ana })).id);
  await store.put(sample(5_000, 5), { owner: ana });
  assert.deepEqual(traces(), [true, true, true, true]);
  for (const id of ids) assert.equal(await store.delete(id, ana), true);
  assert.deepEqual(traces(), [false, false, false, false]);
  assert.equal((await store.verify()).blobs, 1);
});

test('what the collection took is overwritten too', async (t) => {
  const folder = folderFor(t);
  const store = opened(t, folder);
  const secret = Buffer.from(sample(700, 1));
  await store.put(secret, { owner: ana });
  await store.collect({ nowMs: 1_000, olderThanMs: 1_000 });
  for (const name of ['blobs.sqlite', 'blobs.sqlite-wal']) {
    assert.equal(readFileSync(join(folder, name)).includes(secret.subarray(600, 664)), false);
  }
});

test('a second store of the same folder is refused, and a read-only one sees what is committed: STORE_LOCKED', async (t) => {
  const folder = folderFor(t);
  const store = opened(t, folder);
  const content = sample(40);
  const { id } = await store.put(content, { owner: ana });
  assert.throws(
    () => opened(t, folder),
    (error) => isCoded(error, 'STORE_LOCKED'),
  );
  const reader = opened(t, folder, true);
  assert.deepEqual(await reader.read(id), content);
  await rejectsWith(reader.put(content, { owner: ana }), 'HOME_READ_ONLY');
  await rejectsWith(reader.delete(id, ana), 'HOME_READ_ONLY');
  assert.deepEqual(await reader.verify(), { blobs: 1, bytes: 40 });
  await reader.close();
  await store.close();
  assert.deepEqual(await opened(t, folder, true).verify(), { blobs: 1, bytes: 40 });
  assert.deepEqual(await opened(t, folder).read(id), content);
});

test('a folder of something else is refused: HOME_INVALID', (t) => {
  const folder = folderFor(t);
  const db = new DatabaseSync(join(folder, 'blobs.sqlite'));
  db.exec('PRAGMA user_version = 9');
  db.close();
  assert.throws(
    () => opened(t, folder),
    (error) => isCoded(error, 'HOME_INVALID'),
  );
  assert.throws(
    () => opened(t, folder),
    (error) => isCoded(error, 'HOME_INVALID'),
    'the lock was given back',
  );
});

test('only the user of the process can read the folder', async (t) => {
  const { folder, ids } = await filled(t, [sample(10), sample(300 * kib)]);
  const store = opened(t, folder);
  await store.put(sample(11), { owner: ana });
  const mode = (...path: string[]) => statSync(join(folder, ...path)).mode & 0o077;
  assert.equal(mode('files'), 0);
  for (const name of ['blobs.sqlite', 'blobs.sqlite-wal']) assert.equal(mode(name), 0);
  assert.equal(mode('files', ids[1] ?? ''), 0);
});
