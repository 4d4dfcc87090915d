import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { Store } from './store.ts';

const letters = {
  owner: 'letters',
  migrations: ['CREATE TABLE cards (account TEXT PRIMARY KEY, card BLOB NOT NULL) STRICT'],
};

test('what was deleted while somebody reads an older state leaves the log as soon as he is gone', () => {
  const folder = mkdtempSync(join(tmpdir(), 'salus-database-'));
  const path = join(folder, 'gateway.db');
  const db = new Store(path, [letters]);
  try {
    const secret = new TextEncoder().encode('a header that was erased');
    const account = 'aa'.repeat(32);
    db.run('INSERT INTO cards VALUES (?, ?)', account, secret);
    const reader = new DatabaseSync(path, { readOnly: true });
    reader.exec('BEGIN');
    reader.prepare('SELECT 1 FROM cards').get();
    const isHere = () =>
      ['', '-wal'].some((end) => readFileSync(path + end).includes(Buffer.from(secret)));
    db.run('DELETE FROM cards');
    db.forgetDeleted();
    assert.equal(isHere(), true, 'the reader is not in the way: this test shows nothing');
    reader.close();
    db.forgetDue();
    assert.equal(isHere(), false);
  } finally {
    db.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
