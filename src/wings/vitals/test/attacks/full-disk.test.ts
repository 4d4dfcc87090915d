import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const stores = new URL('../../node/stores/', import.meta.url);

/** A data server's file in a process that may write no file of more than some megabytes: what it answers, as JSON. */
function whereNoRoomIs(path: string, work: string): unknown {
  const code = `
    import { DatabaseSync } from 'node:sqlite';
    import { PagesDb } from '${stores.href}sqlite/sqlite-pages-db.ts';
    import { rowMacsOf } from '${stores.href}row-macs.ts';
    const db = new PagesDb(${JSON.stringify(path)}, rowMacsOf(new Uint8Array(32)));
    const elsewhere = () => {
      const other = new DatabaseSync(${JSON.stringify(path)});
      other.exec('CREATE TABLE IF NOT EXISTS another (n); DELETE FROM another');
      other.close();
    };
    /** More than fits into memory, so that it goes into the log before its end. */
    const fails = () => {
      try {
        db.together(() => {
          for (let n = 0; n < 3_000; n++) db.run('INSERT INTO kept VALUES (?, ?)', 'kept ' + n, new Uint8Array(16_000));
        });
        return 'written';
      } catch (error) {
        return error.errcode & 0xff;
      }
    };
    const said = [];
    ${work}
    console.log(JSON.stringify(said));`;
  const node = [process.execPath, '--input-type=module', '--eval', code];
  const { stdout, stderr } = spawnSync('sh', ['-c', 'ulimit -f 4000; exec "$@"', 'sh', ...node]);
  assert.notEqual(String(stdout), '', String(stderr));
  return JSON.parse(String(stdout));
}

test('what a full disk keeps a data server from writing was written by nobody else, and who wrote before is seen', () => {
  const folder = mkdtempSync(join(tmpdir(), 'salus-full-'));
  try {
    const work = `
      said.push(fails(), db.guard.wasWrittenByOthers());
      elsewhere();
      said.push(fails(), db.guard.wasWrittenByOthers(), db.guard.wasWrittenByOthers());
      elsewhere();
      said.push(db.guard.wasWrittenByOthers());`;
    const ioError = 10;
    assert.deepEqual(whereNoRoomIs(join(folder, 'pages.db'), work), [
      ...[ioError, false],
      ...[ioError, true, false],
      true,
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
