import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { openKernel } from '../../crypto/pages/page-arithmetic-wasm.ts';
import { rowMacsOf } from '../../node/stores/row-macs.ts';
import { SqlitePageStore } from '../../node/stores/sqlite/sqlite-page-store.ts';
import type { BadRow, ScrubStep } from '../../node/stores/upkeep.ts';
import { fileLook } from '../../server/file-looks.ts';
import { furnish } from '../settings/furnished-server.ts';
import { valuesOf } from '../settings/pages.ts';
import { ThreeServers } from '../settings/three-servers.ts';
import { tampered } from './tampered-file.ts';

const kernel = await openKernel();

interface KeptFile {
  readonly path: string;
  readonly bytes: Buffer;
  /** What a full scrub finds, by MACs, hashes, counts and lists. */
  scrub(): Promise<readonly BadRow[]>;
}

/** The file of a server with a row in every table, as it stands once it is closed, without free places in its pages. */
async function keptFile(t: TestContext): Promise<KeptFile> {
  const folder = mkdtempSync(join(tmpdir(), 'salus-indexes-'));
  const three = await ThreeServers.open(folder, kernel);
  t.after(() => three.close());
  await three.registerEverywhere();
  const values = [valuesOf(1, 64, 1), valuesOf(3, 10, 3), valuesOf(1, 2, 2)];
  await three.uploadTogether(await three.signTogether(values));
  await three.judge();
  assert.equal(await three.server(0).seal(), 1);
  await furnish(three);
  const path = join(folder, 'kept.db');
  const db = new DatabaseSync(join(folder, '0.db'));
  db.prepare('VACUUM INTO ?').run(path);
  db.close();
  const macs = rowMacsOf(three.actors[0]?.rootSecret ?? assert.fail());
  const scrub = async () => {
    const store = new SqlitePageStore(path, kernel, macs);
    try {
      const bad: BadRow[] = [];
      let step: ScrubStep | undefined;
      do {
        step = await store.upkeep.scrub(step?.next, 1_024, () => undefined);
        bad.push(...step.bad);
      } while (step.next !== undefined);
      return [...bad, ...(await store.upkeep.scrubWhole(true))];
    } finally {
      await store.close();
    }
  };
  return { path, bytes: readFileSync(path), scrub };
}

interface IndexPage {
  readonly name: string;
  /** Where its entries begin and end in the file; none: there is no entry. */
  readonly from: number;
  readonly until: number;
}

/** All of an index is one page here. */
function indexPages({ path, bytes }: KeptFile): readonly IndexPage[] {
  const db = new DatabaseSync(path);
  const pageBytes = Number(db.prepare('PRAGMA page_size').get()?.page_size);
  const indexes = db.prepare("SELECT name, rootpage FROM sqlite_schema WHERE type = 'index'").all();
  db.close();
  return indexes.map(({ name, rootpage }) => {
    const until = Number(rootpage) * pageBytes;
    const page = until - pageBytes;
    // A leaf of an index; bytes 5 and 6: where its cells begin (SQLite, file format, 1.6).
    assert.equal(bytes[page], 0x0a);
    return { name: String(name), from: page + bytes.readUInt16BE(page + 5), until };
  });
}

test('one bit of any entry of any index that is another is found by a full scrub', async (t) => {
  const file = await keptFile(t);
  assert.deepEqual(await file.scrub(), []);
  const pages = indexPages(file).filter(({ from, until }) => from < until);
  assert.ok(pages.length >= 10, String(pages.length));
  for (const { name, from, until } of pages)
    for (let at = from; at < until; at += until - from > 128 ? 3 : 1) {
      const changed = Buffer.from(file.bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      writeFileSync(file.path, changed);
      const bad = await file.scrub();
      assert.ok(
        bad.some(({ bound }) => bound === 'index'),
        `${name} byte ${at - from} of ${until - from}: ${JSON.stringify(bad)}`,
      );
    }
  writeFileSync(file.path, file.bytes);
  assert.deepEqual(await file.scrub(), []);
});

test('of a large file a thread of its own looks at trees and indexes: it finds what is changed in one, and in the whole one nothing', async (t) => {
  const file = await keptFile(t);
  const look = fileLook(0)(file.path);
  assert.deepEqual(await look(), []);
  assert.equal(fileLook(file.bytes.length + 1)(file.path)(), undefined);
  assert.equal(fileLook(0)(`${file.path} of before`)(), undefined);
  for (const { name, from, until } of indexPages(file).filter((it) => it.from < it.until)) {
    const changed = Buffer.from(file.bytes);
    changed[until - 1] = (changed[until - 1] ?? 0) ^ 1;
    writeFileSync(file.path, changed);
    const bad = (await look()) ?? assert.fail();
    assert.ok(
      bad.some(({ bound }) => bound === 'index'),
      `${name}, ${until - from} bytes: ${JSON.stringify(bad)}`,
    );
  }
  writeFileSync(file.path, 'no database');
  await assert.rejects(look() ?? assert.fail(), /not a database/u);
  // Whole, and in the place of the one that was opened: that one is looked at by who has it open.
  const whole = `${file.path} that is whole`;
  writeFileSync(whole, file.bytes);
  renameSync(whole, file.path);
  assert.equal(look(), undefined);
});

test('a sealed page whose name is longer, and another shorter, is found', async (t) => {
  const file = await keptFile(t);
  // All names together are the same bytes.
  tampered(file.path, (db) => {
    const rows = db.prepare('SELECT id, page FROM sealed_pages ORDER BY page').all();
    const [first, second] = rows.map(({ page }) => page as Uint8Array);
    if (first === undefined || second === undefined) assert.fail();
    const set = db.prepare('UPDATE sealed_pages SET page = ? WHERE id = ?');
    set.run(Uint8Array.of(...first, second[0] ?? 0), rows[0]?.id ?? null);
    set.run(second.slice(1), rows[1]?.id ?? null);
  });
  const bad = await file.scrub();
  assert.ok(bad.some(({ table, bound }) => table === 'sealed_pages' && bound === 'index'));
});

for (const [what, sql] of [
  ['with a name that is a statement', 'CREATE INDEX "x ON y; --" ON sealed (day)'],
  ['over what is no column', 'CREATE INDEX strange ON sealed (day + 1)'],
  ['of rows by what is no test of ours', "CREATE INDEX strange ON sealed (day) WHERE trio > 'a'"],
])
  test(`an index of somebody else, ${what}, is found and is no part of a statement`, async (t) => {
    const file = await keptFile(t);
    tampered(file.path, (db) => db.exec(sql ?? ''));
    const bad = await file.scrub();
    assert.deepEqual(
      bad.map(({ table, bound }) => `${table} ${bound}`),
      ['sealed index'],
    );
  });

test('an index that is gone from the file is found', async (t) => {
  const file = await keptFile(t);
  tampered(file.path, (db) => {
    db.exec('ALTER TABLE sealed_pages RENAME TO before');
    db.exec('CREATE TABLE sealed_pages (id INTEGER PRIMARY KEY, page BLOB NOT NULL) STRICT');
    db.exec('INSERT INTO sealed_pages SELECT id, page FROM before; DROP TABLE before');
  });
  const bad = await file.scrub();
  assert.ok(bad.some(({ table, bound }) => table === 'sealed_pages' && bound === 'index'));
});
