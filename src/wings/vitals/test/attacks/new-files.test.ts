import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, test } from 'node:test';
import { RowMacs } from '../../node/stores/row-macs.ts';
import { sqliteIncidentStore } from '../../node/stores/sqlite/sqlite-incident-store.ts';
import { PagesDb } from '../../node/stores/sqlite/sqlite-pages-db.ts';
import { sqliteQuestionStore } from '../../node/stores/sqlite/sqlite-question-store.ts';

const macs = new RowMacs(new Uint8Array(32));
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'salus-new-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const opening: Readonly<Record<string, (path: string, by?: RowMacs) => { close(): unknown }>> = {
  pages: (path, by = macs) => new PagesDb(path, by),
  questions: (path, by = macs) => sqliteQuestionStore(path, by),
  incidents: (path, by = macs) => sqliteIncidentStore(path, by),
};

for (const [name, open] of Object.entries(opening)) {
  test(`${name}: a file that says it is new has none of its rows taken for what was written here`, async () => {
    const path = join(folder, 'a.db');
    await open(path).close();
    const other = new DatabaseSync(path);
    other.exec('PRAGMA user_version = 0');
    other.close();
    assert.throws(() => open(path), { code: 'HOME_INVALID' });
  });

  test(`${name}: a process that ends while it makes its file makes it when it starts again`, async () => {
    const path = join(folder, 'b.db');
    class Ends extends RowMacs {
      override mac(): never {
        throw new Error('the process ends');
      }
    }
    assert.throws(() => open(path, new Ends(new Uint8Array(32))), /the process ends/);
    await open(path).close();
    await open(path).close();
  });
}
