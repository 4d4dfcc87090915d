import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { CodedError, isCoded } from '../primitives/errors.ts';
import { Database } from './database.ts';

const count = (db: Database) => db.get('SELECT count(*) AS n FROM consents')?.uint('n');
const add = (db: Database) => db.run("INSERT INTO consents VALUES ('a', 'b')");

function fileIn(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'salus-database-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return join(folder, 'gateway.db');
}

for (const [step, kept] of [
  ['begin', 0],
  ['commit', 0],
  ['done', 1],
] as const) {
  test(`a transaction stopped at ${step} leaves ${kept} of 1 rows, also in the file, and the next one works`, (t) => {
    const path = fileIn(t);
    let stops = true;
    const db = new Database(path, (name) => {
      if (stops && name === `index:${step}`) throw new CodedError('DISK_FULL');
    });
    assert.throws(
      () => db.transaction('index', () => add(db)),
      (error) => isCoded(error, 'DISK_FULL'),
    );
    assert.equal(count(db), kept);
    stops = false;
    db.transaction('index', () => db.run("INSERT INTO consents VALUES ('c', 'd')"));
    db.close();
    const again = new Database(path);
    assert.equal(count(again), kept + 1);
    again.close();
  });
}

test('a disk that is full is DISK_FULL, inside a transaction and without one', (t) => {
  const db = new Database(fileIn(t));
  const pages = db.get('PRAGMA page_count')?.uint('page_count') ?? 0;
  db.get(`PRAGMA max_page_count = ${pages + 1}`);
  const large = (text: string) =>
    db.run('INSERT INTO consents VALUES (?, ?)', text, text.repeat(50_000));
  const isFull = (error: unknown) => isCoded(error, 'DISK_FULL');
  assert.throws(() => db.transaction('items', () => large('x')), isFull);
  assert.throws(() => large('y'), isFull);
  assert.equal(count(db), 0);
  db.get('PRAGMA max_page_count = 100000');
  db.transaction('items', () => large('z'));
  assert.equal(count(db), 1);
  db.close();
});
