import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { openKernel } from '../crypto/page-arithmetic-wasm.ts';
import { describePageStore } from './page-store.contract.ts';
import { RowMacs } from './row-macs.ts';
import { SqlitePageStore } from './sqlite-page-store.ts';

const testMacs = new RowMacs(new Uint8Array(32));

describePageStore('the embedded page store', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'salus-pages-'));
  const kernel = await openKernel();
  const path = join(folder, 'pages.db');
  let store = new SqlitePageStore(path, kernel, testMacs);
  t.after(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });
  const again = async () => {
    await store.close();
    store = new SqlitePageStore(path, kernel, testMacs);
    return store;
  };
  return { store, again };
});

test('the file is its user’s alone, and a body that was deleted is gone from it', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'salus-pages-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'pages.db');
  const store = new SqlitePageStore(path, await openKernel(), testMacs);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const body = Buffer.from('what nobody may find later '.repeat(400));
  const bytes = new Uint8Array(32).fill(7);
  const page = {
    ...{
      page: bytes.slice(16),
      trio: 'aa',
      manifestHash: bytes,
      manifest: bytes,
      body,
      leaf: bytes,
    },
    ...{ signature: bytes, sensor: bytes, pseudonym: bytes, panel: 1, startHour: 1, n: 1, atMs: 1 },
  };
  await store.takeIn([page]);
  await store.settle([{ page: page.page, manifestHash: bytes, code: 'PROOF_REJECTED' }]);
  await store.close();
  assert.equal(readFileSync(path).includes('what nobody may find later'), false);
});

test('a database from before there were envelopes is taken, with its pages', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'salus-pages-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'pages.db');
  const kernel = await openKernel();
  const first = new SqlitePageStore(path, kernel, testMacs);
  await first.keepOnce('from before', Uint8Array.of(1));
  await first.close();
  const before = new DatabaseSync(path);
  before.exec('DROP TABLE page_envelopes; DROP TABLE envelopes; PRAGMA user_version = 1;');
  before.close();
  const store = new SqlitePageStore(path, kernel, testMacs);
  assert.deepEqual(await store.kept('from before'), Uint8Array.of(1));
  assert.deepEqual(await store.envelopes([new Uint8Array(16)]), []);
  await store.close();
});
