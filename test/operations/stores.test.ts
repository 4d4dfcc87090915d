import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { hospitalsOf, serversOf } from '../../src/server/process.ts';
import { remove, root, temporaryHome, up } from '../cli/salus.ts';

const text = readFileSync(join(root, 'docs/protocol/stores.md'), 'utf8');

/** The first column of every table there: `path` and the tables that follow it. */
const rows = [...text.matchAll(/^\| (`[^|]+?) \|/gm)].map(([, cell = '']) => cell);
const paths = rows.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, it = '']) => it));

/** Tables of this file: those after its path, or in rows of their own where all of it is named. */
function tablesOf(file: string): string[] {
  const named = rows
    .filter((cell) => cell.startsWith(`\`${file}\` `))
    .flatMap((cell) => cell.slice(file.length + 3).split(', '));
  return named.includes('every other table') ? [...named, ...paths] : named;
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((it) => {
    const path = join(folder, it.name);
    return it.isDirectory() ? filesBelow(path) : [path];
  });
}

/** Every file of a home as the tables write it, and of a database its tables. */
function storesOf(home: string): Map<string, readonly string[]> {
  const hospitals = hospitalsOf(home);
  const found = new Map<string, readonly string[]>();
  for (const path of filesBelow(home)) {
    if (!statSync(path).isFile() || /-(wal|shm|journal)$/.test(path)) continue;
    const inServers = relative(serversOf(home), path);
    const isServers = !inServers.startsWith('..');
    const [first = '', ...rest] = inServers.split('/');
    const name = !isServers
      ? relative(home, path)
      : hospitals.includes(first)
        ? ['HOSPITAL', ...rest].join('/')
        : inServers;
    found.set(name, tablesIn(path));
  }
  return found;
}

function tablesIn(path: string): string[] {
  if (!/\.(db|sqlite)$/.test(path) || path.endsWith('lock.sqlite')) return [];
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    return db
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
      .all()
      .map(({ name }) => String(name));
  } finally {
    db.close();
  }
}

/** What of a store stands in no table: the file, or `file table`. */
function missingOf(name: string, tables: readonly string[]): string[] {
  const within = paths.find((it) => name === it || name.startsWith(`${it}/`));
  if (within === undefined) return [name];
  const listed = tablesOf(name);
  if (listed.length === 0) return [];
  return tables.filter((it) => !listed.includes(it)).map((it) => `${name} ${it}`);
}

test('every file, and every table of every file, that a home with its demo keeps stands in stores.md', async () => {
  const home = temporaryHome();
  const running = await up(home, ['--demo']);
  try {
    const stores = storesOf(home);
    assert.ok(stores.has('HOSPITAL/gateway.db'), 'the walk met a gateway');
    assert.ok(stores.size > 20, String([...stores.keys()]));
    const missing = [...stores].flatMap(([name, tables]) => missingOf(name, tables));
    assert.deepEqual(missing, []);
    assert.deepEqual(missingOf('HOSPITAL/notes.db', []), ['HOSPITAL/notes.db']);
    assert.deepEqual(missingOf('HOSPITAL/gateway.db', ['inbox', 'notes']), [
      'HOSPITAL/gateway.db notes',
    ]);
  } finally {
    await running.stop();
    remove(home);
  }
});
