import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { sha256 } from '../../../crypto/hash.ts';
import { tileId } from '../../../engines/ledger-application/state-layer.ts';
import { pageId } from '../../../engines/ledger-application/state-statements.ts';
import { appHashOf, type LogHead } from '../../../ledger/app-hash.ts';
import { genesisHash } from '../../../ledger/genesis.ts';
import { appendToLog, emptyLog } from '../../../ledger/log-tree.ts';
import {
  bitAt,
  bottomRow,
  emptyHash,
  stateInnerHash,
  TreePage,
} from '../../../ledger/tree-page.ts';
import { bytesToHex, equalBytes } from '../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../primitives/errors.ts';
import { Recent } from '../../../primitives/recent.ts';
import { openToRead } from '../verify-rows.ts';
import { isUnreadable, isUnsound } from './databases.ts';
import type { Flaw, Scrubbing } from './flaw.ts';

const keptPages = 8_192;
const itemsATurn = 64;

const flawOf = (table: string, row: string, bound = 'ledger root'): Flaw => ({
  ...{ of: 'ledger', store: 'ledger', table, row, column: '', bound, code: 'LEDGER_CORRUPT' },
});

/**
 * `state.db` against the headers: every page of the tree against those below it, every row against its leaf, the logs
 * against their leaves, and the root of all of it against what the ledger says of that height.
 * Source: docs/protocol/stores.md, rule SR-7; state.md, ST-1 to ST-5.
 */
export async function* scrubState(servers: string): Scrubbing {
  const path = join(servers, 'ledger', 'state.db');
  // Made again from the blocks at the next start: nothing is missing.
  if (!existsSync(path)) return;
  const file = openToRead(path);
  try {
    if (isUnsound(file.db)) yield flawOf('', '', 'structure');
    file.db.exec('BEGIN');
    if (file.db.prepare('SELECT 1 FROM head').get() === undefined) return;
    const pages = new Pages(file.db);
    const counted = { leaves: 0 };
    yield* everyPage(file.db, pages, counted);
    yield* everyRow(file.db, pages, counted);
    const logs = { user: emptyLog, doc: emptyLog };
    for (const log of ['user', 'doc'] as const) {
      logs[log] = headOf(file.db, log);
      yield* everyTile(file.db, log, logs[log]);
    }
    const root = pages.at('')?.hash(1) ?? emptyHash;
    yield* headFlaws(file.db, appHashOf(root, logs), {
      blocksPath: join(servers, 'ledger', 'blocks.db'),
      genesisPath: join(servers, 'genesis.cbor'),
    });
  } catch (error) {
    if (!isUnreadable(error) && !isCoded(error, 'LEDGER_CORRUPT')) throw error;
    yield flawOf('', '', 'structure');
  } finally {
    file.close();
  }
}

/** Pages as they lie in the file; undefined: none, or none that can be read. */
class Pages {
  readonly #pages: ReturnType<DatabaseSync['prepare']>;
  readonly #deep: ReturnType<DatabaseSync['prepare']>;
  readonly #kept = new Recent<string, TreePage>(keptPages);

  constructor(db: DatabaseSync) {
    this.#pages = db.prepare('SELECT page FROM pages WHERE id = ?');
    this.#deep = db.prepare('SELECT page FROM deep_pages WHERE path = ?');
  }

  at(path: string): TreePage | undefined {
    const kept = this.#kept.get(path);
    if (kept !== undefined) return kept;
    const id = pageId(path);
    const bytes = (id === undefined ? this.#deep.get(path) : this.#pages.get(id))?.page;
    const page = bytes instanceof Uint8Array ? decoded(bytes) : undefined;
    if (page !== undefined) this.#kept.set(path, page);
    return page;
  }
}

function decoded(bytes: Uint8Array): TreePage | undefined {
  try {
    return TreePage.decode(bytes);
  } catch (error) {
    if (isCoded(error, 'LEDGER_CORRUPT')) return undefined;
    throw error;
  }
}

async function* everyPage(db: DatabaseSync, pages: Pages, counted: { leaves: number }): Scrubbing {
  const paths = function* () {
    for (const { id } of db.prepare('SELECT id FROM pages').iterate()) {
      yield Number(id).toString(16).slice(1);
    }
    for (const { path } of db.prepare('SELECT path FROM deep_pages').iterate()) yield String(path);
  };
  for (const path of paths()) {
    const page = pages.at(path);
    if (page === undefined || !isJoined(page, path, pages)) yield flawOf('pages', path);
    if (page !== undefined) counted.leaves += leavesOf(page);
    yield { items: 1, bytes: 2_048 };
  }
}

/** Every inner node is over the two below it, in this page or the next. */
function isJoined(page: TreePage, path: string, pages: Pages): boolean {
  for (let position = 1; position < 2 * bottomRow; position++) {
    if (page.kind(position) !== 'inner') continue;
    if (position >= bottomRow) {
      const below = pages.at(path + (position - bottomRow).toString(16));
      if (below === undefined || !equalBytes(below.hash(1), page.hash(position))) return false;
    } else {
      const over = stateInnerHash(page.hash(2 * position), page.hash(2 * position + 1));
      if (!equalBytes(over, page.hash(position))) return false;
    }
  }
  return true;
}

function leavesOf(page: TreePage): number {
  let leaves = 0;
  for (let position = 1; position < 2 * bottomRow; position++) {
    if (page.kind(position) === 'leaf') leaves += 1;
  }
  return leaves;
}

async function* everyRow(db: DatabaseSync, pages: Pages, counted: { leaves: number }): Scrubbing {
  let rows = 0;
  let bytes = 0;
  for (const { k, v } of db.prepare('SELECT k, v FROM kv').iterate()) {
    if (!(k instanceof Uint8Array) || !(v instanceof Uint8Array)) throw corrupt();
    rows += 1;
    bytes += k.length + v.length;
    const leaf = leafOf(pages, sha256(k));
    // A row's key names its table and what it is of, by hashes and ids of accounts: told by its own hash.
    if (leaf === undefined || !equalBytes(leaf, sha256(v))) {
      yield flawOf('kv', bytesToHex(sha256(k).slice(0, 8)));
    }
    if (rows % itemsATurn === 0) yield { items: itemsATurn, bytes };
    if (rows % itemsATurn === 0) bytes = 0;
  }
  yield { items: rows % itemsATurn, bytes };
  if (rows !== counted.leaves) yield flawOf('kv', '', 'recount');
}

/** The value's hash as the tree has it for this key; undefined: it has none, or a page is missing. */
function leafOf(pages: Pages, keyHash: Uint8Array): Uint8Array | undefined {
  let path = '';
  let page = pages.at('');
  let position = 1;
  for (let depth = 0; page !== undefined && depth < 256; depth++) {
    const kind = page.kind(position);
    if (kind === 'leaf') {
      const leaf = page.leaf(position);
      return equalBytes(leaf.keyHash, keyHash) ? leaf.valueHash : undefined;
    }
    if (kind === 'empty') return undefined;
    if (position >= bottomRow) {
      path += (position - bottomRow).toString(16);
      page = pages.at(path);
      position = 1;
    }
    position = 2 * position + bitAt(keyHash, depth);
  }
  return undefined;
}

function headOf(db: DatabaseSync, log: 'user' | 'doc'): LogHead {
  const { size, root } = db.prepare('SELECT size, root FROM logs WHERE name = ?').get(log) ?? {};
  if (typeof size !== 'number' || !(root instanceof Uint8Array)) throw corrupt();
  return { size, root };
}

/** All tiles again from the leaves in the lowest ones. */
async function* everyTile(db: DatabaseSync, log: 'user' | 'doc', head: LogHead): Scrubbing {
  const made = new Map<number, Uint8Array>();
  const stored = db.prepare('SELECT hashes FROM tiles WHERE id = ?');
  let again = emptyLog;
  for (let index = 0; again.size < head.size; index++) {
    const hashes = stored.get(tileId(log, 0, index))?.hashes;
    const held = Math.min(16, head.size - again.size);
    if (!(hashes instanceof Uint8Array) || hashes.length < held * 32) {
      yield flawOf('tiles', `${log} 0 ${index}`);
      return;
    }
    const leaves = Array.from({ length: held }, (_, at) => hashes.slice(at * 32, at * 32 + 32));
    const grown = appendToLog((level, at) => made.get(tileId(log, level, at)), again, leaves);
    for (const tile of grown.tiles) made.set(tileId(log, tile.level, tile.index), tile.hashes);
    again = grown.head;
    yield { items: 1, bytes: hashes.length };
  }
  if (!equalBytes(again.root, head.root)) yield flawOf('logs', log);
  for (const [id, hashes] of made) {
    const kept = stored.get(id)?.hashes;
    if (!(kept instanceof Uint8Array) || !equalBytes(kept, hashes))
      yield flawOf('tiles', String(id));
  }
}

/** The root of what lies there, what the file says it is, and what the ledger says. */
async function* headFlaws(
  db: DatabaseSync,
  appHash: Uint8Array,
  { blocksPath, genesisPath }: { readonly blocksPath: string; readonly genesisPath: string },
): Scrubbing {
  const { height, app_hash: said, genesis_hash: of } = db.prepare('SELECT * FROM head').get() ?? {};
  const genesis = genesisHash(new Uint8Array(readFileSync(genesisPath)));
  if (!(of instanceof Uint8Array) || !equalBytes(of, genesis))
    yield flawOf('head', 'genesis_hash', 'genesis');
  if (!(said instanceof Uint8Array) || !equalBytes(said, appHash)) yield flawOf('head', 'root');
  const blocks = openToRead(blocksPath);
  try {
    const row = blocks.db
      .prepare('SELECT app_hash FROM blocks WHERE height = ?')
      .get(Number(height));
    const last = Number(
      blocks.db.prepare('SELECT max(height) AS height FROM blocks').get()?.height ?? 0,
    );
    // Before the first block nobody says what it is. No state is written before its block.
    const isOther = row?.app_hash instanceof Uint8Array && !equalBytes(row.app_hash, appHash);
    if (isOther || Number(height) > last) yield flawOf('head', 'height');
  } finally {
    blocks.close();
  }
}

const corrupt = (): CodedError => new CodedError('LEDGER_CORRUPT', { what: 'storage' });
