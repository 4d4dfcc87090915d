import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { isCoded } from '../../../../../primitives/errors.ts';
import { openKernel } from '../../../crypto/pages/page-arithmetic-wasm.ts';
import { pageTables } from '../guarded-tables.ts';
import { describePageStore } from '../page-store.contract.ts';
import { RowMacs } from '../row-macs.ts';
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

test('a database of another version is refused, and a statement of anybody else fails', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'salus-pages-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'pages.db');
  const kernel = await openKernel();
  await new SqlitePageStore(path, kernel, testMacs).close();
  const other = new DatabaseSync(path);
  for (const { name } of pageTables) {
    const columns = other.prepare(`PRAGMA table_info(${name})`).all();
    const [first] = columns.map(({ name: it }) => String(it));
    for (const sql of [
      `DELETE FROM ${name}`,
      `UPDATE ${name} SET ${first} = ${first}`,
      `INSERT INTO ${name} VALUES (${columns.map(() => "x'00'").join(', ')})`,
    ])
      assert.throws(() => other.exec(sql), /no such function: row_/, sql);
  }
  other.exec('PRAGMA user_version = 3');
  other.close();
  const open = () => new SqlitePageStore(path, kernel, testMacs);
  assert.throws(open, (error) => isCoded(error, 'HOME_INVALID'));
});
