import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { Checkpoints } from './checkpoints.ts';

function database(path: string): DatabaseSync {
  const opened = new DatabaseSync(path);
  opened.exec('PRAGMA journal_mode = WAL; CREATE TABLE IF NOT EXISTS rows(content BLOB) STRICT');
  return opened;
}

/** Of pages: a tenth of what the product has, so that a tenth is written. */
const worthwhile = 800;

/** Ten pages. */
const write = (to: DatabaseSync) => to.exec('INSERT INTO rows VALUES (zeroblob(40000))');
const pagesLeft = (of: DatabaseSync): number => {
  const { log, checkpointed } = of.prepare('PRAGMA wal_checkpoint(NOOP)').get() ?? {};
  return Number(log) - Number(checkpointed);
};

test('a long log is copied into its database by another thread, and a short one is not', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'salus-checkpoints-'));
  const path = join(folder, 'long.db');
  const long = database(path);
  const short = database(join(folder, 'short.db'));
  const [ofLong, ofShort] = [
    new Checkpoints(path, long, worthwhile),
    new Checkpoints('short.db', short, worthwhile),
  ];
  for (let i = 0; i < 100; i++) write(long);
  for (let i = 0; i < 10; i++) write(short);
  const before = pagesLeft(short);
  ofLong.committed();
  ofShort.committed();
  while (pagesLeft(long) > 0) await wait(5);
  assert.equal(pagesLeft(short), before);
  // It begins anew at the front and is copied again.
  for (let i = 0; i < 100; i++) write(long);
  while (pagesLeft(long) > 0) {
    ofLong.committed();
    await wait(5);
  }

  ofLong.close();
  ofShort.close();
  long.close();
  short.close();
  assert.ok(!existsSync(`${path}-wal`), 'the thread held the log when the last writer closed');
  const again = database(path);
  assert.equal(again.prepare('SELECT count(*) AS n FROM rows').get()?.n, 200);
  again.close();
  rmSync(folder, { recursive: true });
});
