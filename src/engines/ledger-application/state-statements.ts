import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { maxEncodedBytes } from '../../ledger/tree-page.ts';
import type { StateLayer } from './state-layer.ts';

/** The tables of `state.db`: rows by their key in the tree, pages of the tree, tiles of the logs, and where it stands. */
export const schema = `
  CREATE TABLE IF NOT EXISTS head (
    id INTEGER PRIMARY KEY CHECK (id = 1), genesis_hash BLOB NOT NULL,
    height INTEGER NOT NULL, app_hash BLOB NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS logs (name TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS kv (id INTEGER PRIMARY KEY, k BLOB NOT NULL UNIQUE, v BLOB NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS pages (id INTEGER PRIMARY KEY, page BLOB NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS deep_pages (path TEXT PRIMARY KEY, page BLOB NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS tiles (id INTEGER PRIMARY KEY, hashes BLOB NOT NULL) STRICT;
`;

/** What brings a layer to disk. */
export interface WriteStatements {
  readonly row: StatementSync;
  readonly page: StatementSync;
  readonly dropPage: StatementSync;
  readonly deepPage: StatementSync;
  readonly dropDeepPage: StatementSync;
  readonly tile: StatementSync;
  readonly log: StatementSync;
  readonly head: StatementSync;
}

/** SQLite copies what it is given, so that one buffer serves every page. */
const scratch = new Uint8Array(maxEncodedBytes);

/** Writes a layer, one statement a step; the head last, in the same transaction. */
export function* writeSteps(statements: WriteStatements, layer: StateLayer): Generator<void> {
  const { row, page, dropPage, deepPage, dropDeepPage, tile, log } = statements;
  for (const { key, value } of layer.rows()) {
    row.run(key, value);
    yield;
  }
  for (const [path, content] of layer.pages) {
    const id = pageId(path);
    if (id === undefined) {
      if (content === undefined) dropDeepPage.run(path);
      else deepPage.run(path, content.encodeInto(scratch));
    } else if (content === undefined) dropPage.run(id);
    else page.run(id, content.encodeInto(scratch));
    yield;
  }
  for (const [id, hashes] of layer.tiles) {
    tile.run(id, hashes);
    yield;
  }
  log.run('user', layer.logs.user.size, layer.logs.user.root);
  log.run('doc', layer.logs.doc.size, layer.logs.doc.root);
  statements.head.run(layer.head.genesisHash, layer.head.height, layer.head.appHash);
}

/** Prepared once: a block writes thousands of rows. */
export function prepareWrites(database: DatabaseSync): WriteStatements {
  return {
    row: database.prepare(
      'INSERT INTO kv (k, v) VALUES (?, ?) ON CONFLICT (k) DO UPDATE SET v = excluded.v',
    ),
    page: database.prepare('INSERT OR REPLACE INTO pages (id, page) VALUES (?, ?)'),
    dropPage: database.prepare('DELETE FROM pages WHERE id = ?'),
    deepPage: database.prepare('INSERT OR REPLACE INTO deep_pages (path, page) VALUES (?, ?)'),
    dropDeepPage: database.prepare('DELETE FROM deep_pages WHERE path = ?'),
    tile: database.prepare('INSERT OR REPLACE INTO tiles (id, hashes) VALUES (?, ?)'),
    log: database.prepare('INSERT OR REPLACE INTO logs (name, size, root) VALUES (?, ?, ?)'),
    head: database.prepare(
      'INSERT OR REPLACE INTO head (id, genesis_hash, height, app_hash) VALUES (1, ?, ?, ?)',
    ),
  };
}

/** What is read of the file, one row at a time. */
export interface ReadStatements {
  readonly row: StatementSync;
  readonly page: StatementSync;
  readonly deepPage: StatementSync;
  readonly tile: StatementSync;
}

/** Prepared once, as the writes. */
export function prepareReads(database: DatabaseSync): ReadStatements {
  return {
    row: database.prepare('SELECT v FROM kv WHERE k = ?'),
    page: database.prepare('SELECT page FROM pages WHERE id = ?'),
    deepPage: database.prepare('SELECT page FROM deep_pages WHERE path = ?'),
    tile: database.prepare('SELECT hashes FROM tiles WHERE id = ?'),
  };
}

/** '1' ‖ path as hexadecimal; undefined from 13 digits on, where it would not fit a number exactly. */
export function pageId(path: string): number | undefined {
  return path.length > 12 ? undefined : Number.parseInt(`1${path}`, 16);
}
