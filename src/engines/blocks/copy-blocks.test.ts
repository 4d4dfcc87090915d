import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { isCoded } from '../../primitives/errors.ts';
import { copyBlocks } from './copy-blocks.ts';

function runningDatabase() {
  const folder = mkdtempSync(join(tmpdir(), 'salus-copy-'));
  const [from, to] = [join(folder, 'from'), join(folder, 'to')];
  for (const each of [from, to]) mkdirSync(each);
  const live = new DatabaseSync(join(from, 'blocks.db'));
  live.exec('PRAGMA journal_mode = WAL; CREATE TABLE blocks(height INTEGER PRIMARY KEY) STRICT');
  let height = 0;
  const append = () => live.prepare('INSERT INTO blocks VALUES (?)').run(++height);
  const close = () => {
    live.close();
    rmSync(folder, { recursive: true });
  };
  return { from, to, live, append, close };
}

test('a log that begins anew while it is copied costs a second copy, and no block', () => {
  const { from, to, live, append, close } = runningDatabase();
  append();
  append();
  let files = 0;
  copyBlocks(from, to, (source, target) => {
    copyFileSync(source, target);
    files += 1;
    if (files > 1) return;
    // Both blocks leave the log after the database was copied without them.
    live.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    append();
  });
  const copy = new DatabaseSync(join(to, 'blocks.db'));
  assert.equal(copy.prepare('SELECT count(*) AS n FROM blocks').get()?.n, 3);
  assert.equal(files, 4);
  copy.close();
  close();
});

test('a log that begins anew every time is refused', () => {
  const { from, to, live, append, close } = runningDatabase();
  append();
  assert.throws(
    () =>
      copyBlocks(from, to, (source, target) => {
        copyFileSync(source, target);
        live.exec('PRAGMA wal_checkpoint(TRUNCATE)');
        append();
      }),
    (error) => isCoded(error, 'STORE_BUSY'),
  );
  close();
});
