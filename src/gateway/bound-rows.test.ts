import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, test } from 'node:test';
import type { UnboundRow } from '../primitives/row-guard.ts';
import { boundPieces } from './bound-pieces.ts';
import { followRows, unboundRows } from './bound-rows.ts';
import { Store } from './store.ts';

const key = new Uint8Array(32).fill(7);
const owner = {
  owner: 'letters',
  writes: ['letter'],
  migrations: [
    `CREATE TABLE letters (id INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL UNIQUE, sealed BLOB, told INTEGER) STRICT;
     CREATE TABLE room (account TEXT PRIMARY KEY, n INTEGER NOT NULL) STRICT, WITHOUT ROWID;
     CREATE TABLE marks (n INTEGER NOT NULL) STRICT;
     CREATE TABLE leaves (id INTEGER PRIMARY KEY, leaf BLOB, tombstone BLOB) STRICT;
     CREATE TRIGGER letters_come AFTER INSERT ON letters BEGIN
       INSERT INTO room VALUES (new.account, 1) ON CONFLICT (account) DO UPDATE SET n = n + 1;
     END;`,
  ],
  boundElsewhere: { leaves: 'tombstone IS NOT NULL' },
};
let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'salus-bound-'));
  path = join(folder, 'gateway.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (owners = [owner], rowKey = key) => new Store(path, owners, undefined, rowKey);

function filled(): void {
  const db = open();
  for (const account of ['ana', 'bo', 'cem']) {
    db.run('INSERT INTO letters (account, sealed, told) VALUES (?, ?, 0)', account, key);
  }
  db.run('INSERT INTO marks VALUES (1)');
  db.run('INSERT INTO leaves VALUES (1, ?, NULL), (2, NULL, ?)', key, key);
  db.run("INSERT OR REPLACE INTO letters (id, account, sealed) VALUES (2, 'bo', NULL)");
  db.run("INSERT OR IGNORE INTO letters (account) VALUES ('ana')");
  db.run("UPDATE letters SET told = 1 WHERE account = 'ana'");
  db.run("UPDATE letters SET id = 9 WHERE account = 'cem'");
  db.run('UPDATE leaves SET leaf = NULL, tombstone = ? WHERE id = 1', key);
  db.run('DELETE FROM leaves WHERE id = 2');
  db.close();
}

function found(sql = ''): string[] {
  const db = new DatabaseSync(path);
  try {
    db.exec(sql);
    const told = (all: readonly (UnboundRow | undefined)[]) =>
      all
        .filter((it) => it !== undefined)
        .map(
          ({ table, because, row }) => `${table} ${because}${row === undefined ? '' : ` ${row}`}`,
        );
    const all = told([...unboundRows(db, key)]);
    for (const rows of [1, 2, 64]) {
      const pieces = [...boundPieces(db, key, rows)];
      assert.deepEqual(told(pieces.flatMap(({ wrong }) => wrong)).sort(), all.toSorted());
      assert.ok(pieces.every((it) => it.rows <= rows));
    }
    return all;
  } finally {
    db.close();
  }
}

test('what the gateway wrote is as it was written, however it wrote it', () => {
  filled();
  assert.deepEqual(found(), []);
  open().close();
  assert.deepEqual(found(), [], 'opened again');
});

test('what the gateway writes between two pieces is as it wrote it, and its log is cut', () => {
  filled();
  const db = open();
  for (let at = 0; at < 40; at++)
    db.run('INSERT INTO letters (account, told) VALUES (?, 0)', `n${at}`);
  const [reader, cutter] = [new DatabaseSync(path, { readOnly: true }), new DatabaseSync(path)];
  let steps = 0;
  for (const { wrong } of boundPieces(reader, key, 4)) {
    assert.deepEqual(wrong, []);
    steps += 1;
    db.run('INSERT INTO letters (account, told) VALUES (?, 0)', `m${steps}`);
    db.run('DELETE FROM letters WHERE account = ?', `n${steps}`);
    db.run('UPDATE letters SET told = told + 1 WHERE id % 3 = 0');
    const { busy, log } = cutter.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get() ?? {};
    assert.deepEqual([busy, log], [0, 0]);
  }
  assert.ok(steps > 10, String(steps));
  for (const it of [reader, cutter, db]) it.close();
});

for (const [what, sql, expected] of [
  [
    'a changed value',
    "UPDATE letters SET told = 2 WHERE account = 'ana'",
    ['letters changed 8101'],
  ],
  [
    'a changed name of a row',
    'UPDATE letters SET id = 5 WHERE id = 1',
    ['letters foreign 8105', 'letters gone 8101'],
  ],
  [
    'a row that another hand put there',
    "INSERT INTO room VALUES ('eve', 1)",
    ['room foreign 8163657665'],
  ],
  ['a row that another hand took', 'DELETE FROM marks', ['marks gone 8101']],
  [
    'a row and its MAC',
    "DELETE FROM letters WHERE id = 1; DELETE FROM row_macs WHERE tbl = 'letters' AND key = x'8101'",
    ['letters count'],
  ],
  ['a changed MAC', "UPDATE row_macs SET mac = x'00' WHERE tbl = 'marks'", ['marks changed 8101']],
  ['a changed count', "UPDATE row_totals SET count = 7 WHERE tbl = 'marks'", ['marks count']],
  [
    'a table that is said to be bound elsewhere',
    "UPDATE row_totals SET bound = '0' WHERE tbl = 'letters'",
    ['letters count'],
  ],
  ['a table without a count', "DELETE FROM row_totals WHERE tbl = 'room'", ['room key']],
  ['a tombstone', "UPDATE leaves SET tombstone = x'00'", ['leaves changed 8101']],
  [
    'a number too large for one',
    "UPDATE letters SET told = 4611686018427387904 WHERE account = 'ana'",
    ['letters changed 8101'],
  ],
  [
    'a number below zero',
    "UPDATE letters SET told = -9223372036854775808 WHERE account = 'ana'",
    ['letters changed 8101'],
  ],
  [
    'a row of another hand with a number too large for one',
    'INSERT INTO marks (rowid, n) VALUES (4611686018427387904, 4611686018427387904)',
    ['marks foreign 815334363131363836303138343237333837393034'],
  ],
  [
    'a count too large for a number',
    "UPDATE row_totals SET count = 4611686018427387904 WHERE tbl = 'marks'",
    ['marks count'],
  ],
  [
    'a version',
    "UPDATE owners SET version = 2 WHERE owner = 'letters'",
    ['owners changed 81676c657474657273'],
  ],
] as const) {
  test(`found: ${what}`, () => {
    filled();
    assert.deepEqual(found(sql), expected);
  });
}

test('rows of another hand with numbers too large for one keep no store from opening', () => {
  filled();
  found(`UPDATE letters SET told = 4611686018427387904;
    UPDATE row_totals SET count = 4611686018427387904 WHERE tbl = 'marks'`);
  const db = open();
  db.run("UPDATE letters SET told = 1 WHERE account = 'ana'");
  db.close();
  assert.deepEqual(found(), ['letters changed 8102', 'letters changed 8109', 'marks count']);
});

test('a row that a block binds has no MAC', () => {
  filled();
  const db = open();
  db.run("INSERT INTO leaves VALUES (7, x'01', NULL)");
  db.close();
  assert.deepEqual(found("UPDATE leaves SET leaf = x'02' WHERE id = 7"), []);
});

test('what was written in a transaction that came to nothing has no MAC', () => {
  filled();
  const db = open();
  assert.throws(
    () =>
      db.transaction('letter', () => {
        db.run("UPDATE letters SET told = 3 WHERE account = 'ana'");
        throw new Error('no');
      }),
    /no/,
  );
  db.close();
  assert.deepEqual(found(), []);
});

test('a file of before is bound as it is, once; after that a table without its count is told', () => {
  new Store(path, [owner]).close();
  const before = new DatabaseSync(path);
  before.exec(
    "DROP TABLE row_macs; DROP TABLE row_totals; DELETE FROM owners WHERE owner = 'bindings'",
  );
  before.close();
  assert.deepEqual(open().unbound, []);
  found("DELETE FROM row_totals WHERE tbl = 'room'");
  const db = open();
  assert.deepEqual(db.unbound, [{ table: 'room', because: 'key' }]);
  db.close();
  assert.deepEqual(found(), []);
});

test('a file whose MACs and counts are all gone is bound as it is, and that is told', () => {
  filled();
  found('DELETE FROM row_totals; DELETE FROM row_macs; UPDATE letters SET told = 7');
  const db = open();
  db.close();
  assert.deepEqual(db.unbound, [{ table: '*', because: 'key' }]);
  assert.deepEqual(open().unbound, [], 'once');
  assert.deepEqual(found(), []);
});

test('another key binds all anew, and it is told', () => {
  filled();
  const db = open([owner], new Uint8Array(32).fill(8));
  db.close();
  assert.deepEqual(db.unbound, [{ table: '*', because: 'key' }]);
  assert.equal(
    found().every((it) => it.endsWith(' key')),
    true,
  );
});

test('another program of this home writes rows that are as it wrote them', () => {
  filled();
  const db = new DatabaseSync(path);
  followRows(db, key);
  db.exec(
    "UPDATE letters SET told = 5 WHERE account = 'bo'; INSERT INTO leaves VALUES (4, NULL, x'00')",
  );
  db.close();
  assert.deepEqual(found(), []);
});

test('a process that ends anywhere in a migration changed nothing that another hand could have', () => {
  const later = {
    ...owner,
    migrations: [
      ...owner.migrations,
      "ALTER TABLE letters ADD COLUMN lang TEXT; UPDATE letters SET lang = 'en'",
      'CREATE TABLE notes (n INTEGER PRIMARY KEY) STRICT; UPDATE room SET n = n + 10',
    ],
  };
  let isOver = false;
  for (let stopAt = 1; !isOver; stopAt++) {
    rmSync(path, { force: true });
    filled();
    let passed = 0;
    const stop = () => {
      if (++passed === stopAt) throw new Error('stopped');
    };
    try {
      new Store(path, [later], stop, key).close();
      isOver = true;
    } catch (error) {
      assert.match(String(error), /stopped|INTERNAL/);
    }
    const db = open([later]);
    assert.deepEqual(db.unbound, [], `stopped at ${stopAt}`);
    assert.equal(db.get("SELECT n FROM room WHERE account = 'ana'")?.uint('n'), 11);
    db.close();
    assert.deepEqual(found(), [], `stopped at ${stopAt}`);
  }
});

test('a migration writes what it likes; what was changed before it is told first', () => {
  filled();
  found("UPDATE letters SET told = 2 WHERE account = 'ana'");
  const later = {
    ...owner,
    migrations: [
      ...owner.migrations,
      "ALTER TABLE letters ADD COLUMN lang TEXT; UPDATE letters SET lang = 'en'",
    ],
  };
  const db = open([later]);
  assert.deepEqual(db.unbound, [{ table: 'letters', because: 'changed', row: '8101' }]);
  db.run("UPDATE letters SET lang = 'es' WHERE account = 'bo'");
  db.close();
  assert.deepEqual(found(), []);
});
