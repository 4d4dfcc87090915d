import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { LogName } from '../../ledger/acts.ts';
import type { LogHead } from '../../ledger/app-hash.ts';
import type { BlockWrites, LedgerStore } from '../../ledger/ledger.ts';
import { decodePage, encodePage, type TreePage } from '../../ledger/tree-page.ts';
import { CodedError } from '../../primitives/errors.ts';
import { PageCache } from './page-cache.ts';

export interface CommittedHead {
  readonly genesisHash: Uint8Array;
  readonly height: number;
  readonly appHash: Uint8Array;
}

const schema = `
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

/** Pages of 32 positions kept decoded: about 60 MB when full. */
const maxCachedPages = 16_384;

/**
 * The ledger's state in one SQLite file: the state of a height, its app hash and its height become visible
 * together or not at all. The file may lose its last heights in a power failure; the engine replays them.
 */
export class StateDatabase {
  /** Reads the state that the open transaction started from, or made. */
  readonly working: LedgerStore;
  /** Reads the last committed state, whatever the open transaction did. */
  readonly committed: LedgerStore;
  readonly #writer: DatabaseSync;
  readonly #reader: DatabaseSync;
  readonly #readHead: StatementSync;
  readonly #statements: WriteStatements;
  readonly #cache = new PageCache(maxCachedPages);
  #dirtyPages: BlockWrites['pages'] | undefined;

  constructor(path: string) {
    this.#writer = new DatabaseSync(path, { timeout: 2_000 });
    this.#writer.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    this.#writer.exec('PRAGMA cache_size = -65536;');
    // Blocks change the same upper pages again and again: copying them back less often saves most of it.
    this.#writer.exec('PRAGMA wal_autocheckpoint = 16384;');
    this.#writer.exec(schema);
    this.#reader = new DatabaseSync(path, { readOnly: true, timeout: 2_000 });
    this.#reader.exec('PRAGMA cache_size = -16384;');
    this.#readHead = this.#reader.prepare('SELECT genesis_hash, height, app_hash FROM head');
    this.#statements = prepareWrites(this.#writer);
    const readUncached = storeOf(this.#writer);
    this.working = {
      ...readUncached,
      page: (pagePath) => this.#cache.get(pagePath) ?? this.#fill(pagePath, readUncached),
    };
    this.committed = storeOf(this.#reader);
  }

  /** From disk; undefined: the file is new. Throws LEDGER_CORRUPT. */
  head(): CommittedHead | undefined {
    const row = this.#readHead.get();
    if (row === undefined) return undefined;
    const { genesis_hash: genesisHash, height, app_hash: appHash } = row;
    if (!(genesisHash instanceof Uint8Array) || !(appHash instanceof Uint8Array)) throw corrupt();
    if (typeof height !== 'number') throw corrupt();
    return { genesisHash, height, appHash };
  }

  begin(): void {
    this.rollback();
    this.#writer.exec('BEGIN IMMEDIATE');
  }

  rollback(): void {
    this.#dirtyPages = undefined;
    if (this.#writer.isTransaction) this.#writer.exec('ROLLBACK');
  }

  write(head: CommittedHead, writes: BlockWrites): void {
    const { row, page, dropPage, deepPage, dropDeepPage, tile, log, headRow } = this.#statements;
    for (const { key, value } of writes.rows) row.run(key, value);
    for (const [path, content] of writes.pages) {
      const id = pageId(path);
      if (id === undefined) {
        if (content === undefined) dropDeepPage.run(path);
        else deepPage.run(path, encodePage(content));
      } else if (content === undefined) dropPage.run(id);
      else page.run(id, encodePage(content));
    }
    for (const { log: name, level, index, hashes } of writes.tiles) {
      tile.run(tileId(name, level, index), hashes);
    }
    log.run('user', writes.logs.user.size, writes.logs.user.root);
    log.run('doc', writes.logs.doc.size, writes.logs.doc.root);
    headRow.run(head.genesisHash, head.height, head.appHash);
    this.#dirtyPages = writes.pages;
  }

  commit(): void {
    if (!this.#writer.isTransaction) throw new CodedError('INTERNAL', { reason: 'no open block' });
    this.#writer.exec('COMMIT');
    for (const [path, page] of this.#dirtyPages ?? []) this.#cache.set(path, page);
    this.#dirtyPages = undefined;
  }

  close(): void {
    this.rollback();
    this.#reader.close();
    this.#writer.close();
  }

  #fill(path: string, store: LedgerStore): TreePage | undefined {
    const page = store.page(path);
    if (page !== undefined) this.#cache.set(path, page);
    return page;
  }
}

interface WriteStatements {
  readonly row: StatementSync;
  readonly page: StatementSync;
  readonly dropPage: StatementSync;
  readonly deepPage: StatementSync;
  readonly dropDeepPage: StatementSync;
  readonly tile: StatementSync;
  readonly log: StatementSync;
  readonly headRow: StatementSync;
}

function prepareWrites(database: DatabaseSync): WriteStatements {
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
    headRow: database.prepare(
      'INSERT OR REPLACE INTO head (id, genesis_hash, height, app_hash) VALUES (1, ?, ?, ?)',
    ),
  };
}

function storeOf(database: DatabaseSync): LedgerStore {
  const row = database.prepare('SELECT v FROM kv WHERE k = ?');
  const page = database.prepare('SELECT page FROM pages WHERE id = ?');
  const deepPage = database.prepare('SELECT page FROM deep_pages WHERE path = ?');
  const tile = database.prepare('SELECT hashes FROM tiles WHERE id = ?');
  const log = database.prepare('SELECT size, root FROM logs WHERE name = ?');
  return {
    row: (key) => blobOf(row.get(key)?.v),
    page: (path) => {
      const id = pageId(path);
      const found = id === undefined ? deepPage.get(path) : page.get(id);
      const bytes = blobOf(found?.page);
      return bytes === undefined ? undefined : decodePage(bytes);
    },
    tile: (name, level, index) => blobOf(tile.get(tileId(name, level, index))?.hashes),
    logHead: (name): LogHead => {
      const head = log.get(name);
      const { size, root } = head ?? {};
      if (typeof size !== 'number' || !(root instanceof Uint8Array)) throw corrupt();
      return { size, root };
    },
  };
}

function blobOf(value: unknown): Uint8Array | undefined {
  if (value === undefined) return undefined;
  if (value instanceof Uint8Array) return value;
  throw corrupt();
}

function corrupt(): CodedError {
  return new CodedError('LEDGER_CORRUPT');
}

/** '1' ‖ path as hexadecimal; undefined from 13 digits on, where it would not fit a number exactly. */
function pageId(path: string): number | undefined {
  return path.length > 12 ? undefined : Number.parseInt(`1${path}`, 16);
}

/** Log (1 bit), tile level (4 bits), index (below 2^48). */
function tileId(log: LogName, level: number, index: number): number {
  return ((log === 'user' ? 0 : 1) * 16 + level / 4) * 2 ** 47 + index;
}
