import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../../../crypto/hash.ts';
import { pageId } from '../../../engines/ledger-application/state-statements.ts';
import { appHashOf } from '../../../ledger/app-hash.ts';
import { genesisHash } from '../../../ledger/genesis.ts';
import {
  bitAt,
  bottomRow,
  emptyHash,
  stateInnerHash,
  type TreePage,
} from '../../../ledger/tree-page.ts';
import { bytesToHex, equalBytes } from '../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../primitives/errors.ts';
import { isUnreadable } from '../sqlite-faults.ts';
import { openToRead } from '../verify-rows.ts';
import { soundTables } from './databases.ts';
import type { Flaw, Scrubbing } from './flaw.ts';
import { pageIn, StateFile } from './state-file.ts';
import { everyTile, headOf } from './state-logs.ts';

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
    for (const isSound of soundTables(file.db)) {
      if (!isSound) yield flawOf('', '', 'structure');
      yield { items: 0, bytes: 0 };
    }
    if (file.db.prepare('SELECT 1 FROM head').get() === undefined) return;
    const state = new StateFile(file.db);
    const counted = { leaves: 0, since: state.piece(() => state.writes) };
    yield* everyPage(state, counted);
    yield* everyRow(state, counted);
    for (const log of ['user', 'doc'] as const) yield* everyTile(state, log, flawOf);
    yield* headFlaws(state, {
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

interface Counted {
  leaves: number;
  /** `writes` of the file when counting began. */
  readonly since: number;
}

/** Its row is there, whatever stands in it. */
function isListed({ db }: StateFile, path: string): boolean {
  const id = pageId(path);
  const row =
    id === undefined
      ? db.prepare('SELECT 1 FROM deep_pages WHERE path = ?').get(path)
      : db.prepare('SELECT 1 FROM pages WHERE id = ?').get(id);
  return row !== undefined;
}

async function* everyPage(state: StateFile, counted: Counted): Scrubbing {
  for (const paths of pathsIn(state)) {
    const { wrong, leaves } = state.piece(() => {
      const pages = paths.map((path) => ({ path, page: state.at(path) }));
      return {
        leaves: pages.reduce((sum, { page }) => sum + (page === undefined ? 0 : leavesOf(page)), 0),
        // One that went with a block that came since it was listed is no more.
        wrong: pages.filter(({ path, page }) =>
          page === undefined ? isListed(state, path) : !isJoined(page, path, state),
        ),
      };
    });
    counted.leaves += leaves;
    for (const { path } of wrong) yield flawOf('pages', path);
    yield { items: paths.length, bytes: 2_048 * paths.length };
  }
}

/** Paths of all pages, some at a time. */
function* pathsIn({ db }: StateFile): Generator<readonly string[]> {
  const pages = db.prepare(`SELECT id FROM pages WHERE id > ? ORDER BY id LIMIT ${itemsATurn}`);
  let id: number | undefined = Number.MIN_SAFE_INTEGER;
  while (id !== undefined) {
    const ids: readonly number[] = pages.all(id).map((row) => Number(row.id));
    yield ids.map((it) => it.toString(16).slice(1));
    id = ids.length < itemsATurn ? undefined : ids.at(-1);
  }
  const deep = db.prepare(
    `SELECT path FROM deep_pages WHERE path > ? ORDER BY path LIMIT ${itemsATurn}`,
  );
  let path: string | undefined = '';
  while (path !== undefined) {
    const paths: readonly string[] = deep.all(path).map((row) => String(row.path));
    yield paths;
    path = paths.length < itemsATurn ? undefined : paths.at(-1);
  }
}

/** Every inner node is over the two below it, in this page or the next. */
function isJoined(page: TreePage, path: string, pages: StateFile): boolean {
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

async function* everyRow(state: StateFile, counted: Counted): Scrubbing {
  const after = state.db.prepare(
    `SELECT id, k, v FROM kv WHERE id > ? ORDER BY id LIMIT ${itemsATurn}`,
  );
  let rows = 0;
  let id: number | undefined = Number.MIN_SAFE_INTEGER;
  while (id !== undefined) {
    const from: number = id;
    const { read, wrong, bytes } = state.piece(() => rowsOf(state, after.all(from)));
    // A row's key names its table and what it is of, by hashes and ids of accounts: told by its own hash.
    for (const it of wrong) yield flawOf('kv', bytesToHex(it.slice(0, 8)));
    rows += read.length;
    id = read.length < itemsATurn ? undefined : read.at(-1);
    yield { items: read.length, bytes };
  }
  if (!isCounted(state, counted, rows)) yield flawOf('kv', '', 'recount');
}

/** Numbers of these rows, and hashes of keys whose value is not the one of the tree. Within a piece. Throws LEDGER_CORRUPT. */
function rowsOf(state: StateFile, rows: readonly Readonly<Record<string, unknown>>[]) {
  const wrong: Uint8Array[] = [];
  let bytes = 0;
  for (const { k, v } of rows) {
    if (!(k instanceof Uint8Array) || !(v instanceof Uint8Array)) throw corrupt();
    bytes += k.length + v.length;
    const name = sha256(k);
    const leaf = leafOf(state, name);
    if (leaf === undefined || !equalBytes(leaf, sha256(v))) wrong.push(name);
  }
  return { read: rows.map(({ id }) => Number(id)), wrong, bytes };
}

/** As many rows as leaves: if no block came since they were counted; else all are counted at once. */
function isCounted(state: StateFile, counted: Counted, rows: number): boolean {
  return state.piece(() => {
    if (state.writes === counted.since) return rows === counted.leaves;
    let leaves = 0;
    for (const table of ['pages', 'deep_pages'])
      for (const { page } of state.db.prepare(`SELECT page FROM ${table}`).iterate()) {
        const read = page instanceof Uint8Array ? pageIn(page) : undefined;
        leaves += read === undefined ? 0 : leavesOf(read);
      }
    return Number(state.db.prepare('SELECT count(*) AS n FROM kv').get()?.n) === leaves;
  });
}

/** The value's hash as the tree has it for this key; undefined: it has none, or a page is missing. */
function leafOf(pages: StateFile, keyHash: Uint8Array): Uint8Array | undefined {
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

/** The root of what lies there, what the file says it is, and what the ledger says. */
async function* headFlaws(
  state: StateFile,
  { blocksPath, genesisPath }: { readonly blocksPath: string; readonly genesisPath: string },
): Scrubbing {
  const { head, appHash } = state.piece(() => {
    const logs = { user: headOf(state.db, 'user'), doc: headOf(state.db, 'doc') };
    const root = state.at('')?.hash(1) ?? emptyHash;
    return {
      head: state.db.prepare('SELECT * FROM head').get() ?? {},
      appHash: appHashOf(root, logs),
    };
  });
  const { height, app_hash: said, genesis_hash: of } = head;
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
