import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, test } from 'node:test';
import { layout3 } from '../../test/gateway/layout-3.ts';
import { isCoded } from '../primitives/errors.ts';
import { indexStore } from './ledger-index.ts';
import type { StoreOwner } from './migrations.ts';
import { storesOf } from './part.ts';
import { spineParts } from './parts/all.ts';
import { Store } from './store.ts';

const spine = [indexStore, ...storesOf(spineParts)];

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'salus-migrations-'));
  path = join(folder, 'gateway.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Opens, looks, closes: as a process that starts and ends. */
function opened<Found>(owners: readonly StoreOwner[], look: (db: Store) => Found): Found {
  const db = new Store(path, owners);
  try {
    return look(db);
  } finally {
    db.close();
  }
}

const versions = (db: Store) =>
  Object.fromEntries(
    db.all('SELECT * FROM owners').map((row) => [row.text('owner'), row.uint('version')]),
  );
const tablesOf = (db: Store) =>
  db
    .all('SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name')
    .map((row) => `${row.text('name')}: ${row.text('sql').replaceAll(/\s+/g, ' ')}`);
const notes = (...more: string[]): StoreOwner => ({
  owner: 'notes',
  writes: ['note'],
  migrations: ['CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT', ...more],
});
const withColour = notes("ALTER TABLE notes ADD COLUMN colour TEXT NOT NULL DEFAULT 'white'");

test('a new file has every table at its newest version, and nothing was migrated', () => {
  opened(spine, (db) => {
    assert.equal(db.migrated, undefined);
    for (const { owner, migrations } of spine) {
      assert.equal(versions(db)[owner], migrations.length, owner);
    }
  });
  opened(spine, (db) => assert.equal(db.migrated, undefined));
});

test('a file of layout 3 is taken over with its rows, once', () => {
  layout3(path, (db) => {
    db.exec("INSERT INTO wallet_copies VALUES ('locator', 'ana', 7, x'0102', 1000)");
    db.exec("INSERT INTO accounts VALUES ('ana', 'north', 'patient')");
    db.exec('UPDATE progress SET height = 41');
  });
  opened(spine, (db) => {
    assert.equal(db.migrated?.layout, 3);
    // Copies of wallets have another form since: nobody had any.
    assert.equal(db.get('SELECT count(*) AS n FROM wallet_heads')?.uint('n'), 0);
    assert.throws(() => db.get('SELECT * FROM wallet_copies'), /no such table/);
    assert.equal(db.get('SELECT organisation FROM accounts')?.text('organisation'), 'north');
    assert.equal(db.get('SELECT height FROM progress')?.uint('height'), 41);
  });
  opened(spine, (db) => assert.equal(db.migrated, undefined));
});

test('a file that was taken over has the tables of a new one', () => {
  layout3(path);
  const taken = opened(spine, tablesOf);
  path = join(folder, 'new.db');
  assert.deepEqual(taken, opened(spine, tablesOf));
});

test('a takeover that stops at any step goes on at the next start', () => {
  const steps = ['migrate:begin', 'migrate:commit', 'migrate:done'];
  for (const [at, stopAt] of [...steps, ...steps].entries()) {
    path = join(folder, `${at}.db`);
    layout3(path, (db) => db.exec("INSERT INTO cards VALUES ('doctor', x'0102')"));
    let passed = 0;
    const stop = (name: string) => {
      // The first three stop while the owners are noted, the others in a migration.
      if (name === stopAt && passed++ === Math.floor(at / 3)) throw new Error('stopped');
    };
    assert.throws(() => new Store(path, [...spine, withColour], stop), /stopped/);
    opened([...spine, withColour], (db) => {
      assert.equal(versions(db).notes, 2);
      assert.equal(db.all('SELECT * FROM cards').length, 1);
    });
  }
});

test('between two migrations of one owner nothing is lost and nothing is done twice', () => {
  opened([notes()], (db) => {
    db.transaction('note', () => db.run("INSERT INTO notes VALUES (1, 'kept')"));
  });
  const third = 'CREATE TABLE note_words (word TEXT PRIMARY KEY) STRICT';
  const owners = [notes(...withColour.migrations.slice(1), third)];
  let commits = 0;
  const stop = (name: string) => {
    if (name === 'migrate:commit' && ++commits === 2) throw new Error('stopped');
  };
  assert.throws(() => new Store(path, owners, stop), /stopped/);
  opened(owners, (db) => {
    assert.deepEqual(db.migrated, { layout: 4, steps: 1 });
    assert.equal(versions(db).notes, 3);
    assert.equal(db.get('SELECT colour FROM notes')?.text('colour'), 'white');
    assert.equal(db.all('SELECT * FROM note_words').length, 0);
  });
});

test('a new owner joins a file that was there before', () => {
  opened(spine, () => undefined);
  opened([...spine, notes()], (db) => {
    assert.deepEqual(db.migrated, { layout: 4, steps: 1 });
    assert.equal(versions(db).notes, 1);
  });
});

test('tables of an owner that this build does not know are left alone', () => {
  opened([...spine, withColour], (db) => db.run("INSERT INTO notes VALUES (1, 'kept', 'red')"));
  opened(spine, (db) => {
    assert.equal(db.migrated, undefined);
    assert.equal(versions(db).notes, 2);
  });
  opened([...spine, withColour], (db) => {
    assert.equal(db.get('SELECT colour FROM notes')?.text('colour'), 'red');
  });
});

test('what a later build wrote is refused and left as it is: HOME_NEWER', () => {
  opened([...spine, withColour], () => undefined);
  assert.throws(
    () => new Store(path, [...spine, notes()]),
    (error) => {
      assert.ok(isCoded(error, 'HOME_NEWER'));
      assert.deepEqual(error.details, { file: 'gateway.db', owner: 'notes', version: 2, known: 1 });
      return true;
    },
  );
  opened([...spine, withColour], (db) => assert.equal(db.migrated, undefined));
});

for (const [version, code] of [
  [1, 'HOME_INVALID'],
  [2, 'HOME_INVALID'],
  [5, 'HOME_NEWER'],
] as const) {
  test(`a file of layout ${version} is refused and left as it is: ${code}`, () => {
    const old = new DatabaseSync(path);
    old.exec(`CREATE TABLE progress (height INTEGER); PRAGMA user_version=${version}`);
    old.close();
    assert.throws(
      () => new Store(path, spine),
      (error) => {
        assert.ok(isCoded(error, code));
        assert.equal(error.details.version, version);
        assert.equal('wayOn' in error.details, code === 'HOME_INVALID');
        return true;
      },
    );
    const db = new DatabaseSync(path, { readOnly: true });
    assert.deepEqual({ ...db.prepare('PRAGMA user_version').get() }, { user_version: version });
    db.close();
  });
}

test('a transaction that no owner declares is a fault of the programmer', () => {
  opened([notes()], (db) => {
    assert.throws(() => db.transaction('other', () => undefined), { code: 'INTERNAL' });
  });
});

test('two processes that bring one file on at once run each migration once', () => {
  opened([notes()], (db) => {
    db.transaction('note', () => db.run("INSERT INTO notes VALUES (1, 'a')"));
  });
  const owners = [
    notes("UPDATE notes SET text = text || 'b'", "UPDATE notes SET text = text || 'c'"),
  ];
  let isMet = false;
  const meet = (name: string) => {
    if (name !== 'migrate:begin' || isMet) return;
    isMet = true;
    opened(owners, (db) => assert.equal(db.get('SELECT text FROM notes')?.text('text'), 'abc'));
  };
  const db = new Store(path, owners, meet);
  assert.equal(db.get('SELECT text FROM notes')?.text('text'), 'abc');
  assert.equal(versions(db).notes, 3);
  db.close();
});

test('two processes that make a new file, or take layout 3 over, at once make one of it', () => {
  for (const begin of [() => undefined, () => layout3(path)]) {
    rmSync(path, { force: true });
    begin();
    let isMet = false;
    const meet = (name: string) => {
      if (name !== 'migrate:begin' || isMet) return;
      isMet = true;
      opened([...spine, notes()], () => undefined);
    };
    const db = new Store(path, [...spine, notes()], meet);
    assert.equal(versions(db).notes, 1);
    db.close();
  }
});
