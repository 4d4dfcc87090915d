import { sha256 } from '../../../../../crypto/hash.ts';
import { bytesToHex, equalBytes } from '../../../../../primitives/bytes.ts';
import { isCoded } from '../../../../../primitives/errors.ts';
import { blobIdOf } from '../../../../../storage/blob-id.ts';
import { keptHashIn } from '../../../api/batch-leaf.ts';
import { headIn } from '../../../api/page.ts';
import type { ServerNumber } from '../../../crypto/pages/page-head.ts';
import { keptHash } from '../../../crypto/pages/page-keep.ts';
import { batchOf, bytesIn, namesOf, type Row, textIn, uintIn } from '../page-rows.ts';
import type { LeavesStep, PageNames, PageUpkeep, StoredShare } from '../page-store.ts';
import {
  countOf,
  headBytes,
  headsIn,
  idBytes,
  namesIn,
  pagesOfSegment,
  sharesIn,
} from '../sealed-segment.ts';
import type { BadRow } from '../upkeep.ts';
import { isCorrupt } from './sqlite-index-looks.ts';
import { isPageIndexWhole } from './sqlite-page-index.ts';
import type { PagesDb } from './sqlite-pages-db.ts';
import { numbersIn } from './sqlite-rows-of-many.ts';

export type NumberOf = (trio: string) => ServerNumber | undefined;

/** What a row is held to besides its MAC. Where `numberOf` knows the trio also what the ledger has of it, page by page. */
const looks: Readonly<
  Record<string, (db: PagesDb, row: Row, numberOf: NumberOf) => Iterable<BadRow>>
> = {
  pages: lookAtPage,
  bodies: lookAtBody,
  sayings: (db, row) => lookAtIds(db, { table: 'sayings', column: 'said', row }),
  *accepted(db, row, numberOf) {
    yield* lookAtIds(db, { table: 'accepted', column: 'accepted', row });
    yield* lookAtAccepted(db, row, numberOf);
  },
  sealed: lookAtSealed,
  *batches(db, row, numberOf) {
    if (row.sealed === 1) yield* lookAtBatch(db, row, numberOf);
  },
  envelopes: (_, row) => lookAtEnvelope(row),
};

/** Undefined: rows of this table are held to their MACs alone. */
export function lookAt(
  db: PagesDb,
  table: string,
  numberOf: NumberOf,
): ((row: Row) => Iterable<BadRow>) | undefined {
  const look = looks[table];
  return look && ((row) => readable(table, row, look(db, row, numberOf)));
}

function* readable(table: string, row: Row, found: Iterable<BadRow>): Iterable<BadRow> {
  try {
    yield* found;
  } catch (error) {
    // It cannot be read: its MAC does not hold either, unless somebody with the key wrote it. Or an index that it is held to cannot.
    const bound = isCorrupt(error) ? 'index' : 'form';
    if (bound === 'form' && !isCoded(error, 'HOME_INVALID')) throw error;
    yield { table, row: String(row.id ?? row.number ?? ''), column: '', bound };
  }
}

function* lookAtEnvelope({ number, name, envelope }: Row): Iterable<BadRow> {
  if (envelope instanceof Uint8Array && blobIdOf(envelope) === name) return;
  const of = { table: 'envelopes', row: String(number), column: 'envelope' };
  yield { ...of, bound: 'envelope id' };
}

function* lookAtPage(db: PagesDb, row: Row, numberOf: NumberOf): Iterable<BadRow> {
  const trio = textIn(row, 'trio');
  const of = {
    ...{ table: 'pages', row: String(row.id), trio },
    ...(row.pseudonym instanceof Uint8Array && { pseudonym: row.pseudonym }),
  };
  for (const [column, table] of [
    ['said', 'sayings'],
    ['accepted', 'accepted'],
  ] as const) {
    if (row[column] === null) continue;
    const found = db.get(`SELECT ids FROM ${table} WHERE number = ?`, uintIn(row, column));
    const isListed =
      found !== undefined && numbersIn(bytesIn(found, 'ids')).includes(Number(row.id));
    if (!isListed) yield { ...of, column, bound: 'list' };
  }
  const isWaiting = row.accepted === null && row.code === null;
  if (isWaiting && db.get('SELECT 1 FROM bodies WHERE id = ?', uintIn(row, 'id')) === undefined)
    yield { ...of, table: 'bodies', column: '', bound: 'row gone' };
  if (numberOf(trio) !== undefined && !isNamed(namesOf(row)))
    yield { ...of, column: 'manifest', bound: 'manifest hash' };
}

/** Whether a leaf and a manifest are of each other. */
export function isNamed(of: Pick<PageNames, 'manifest' | 'manifestHash' | 'leaf'>): boolean {
  const { manifest, manifestHash, leaf } = of;
  return (
    equalBytes(sha256(manifest), manifestHash) && equalBytes(leaf.subarray(0, 32), manifestHash)
  );
}

function* lookAtBody(db: PagesDb, { id, body }: Row): Iterable<BadRow> {
  const row = db.get(
    'SELECT trio, body_hash FROM pages WHERE id = ? AND accepted IS NULL AND code IS NULL',
    Number(id),
  );
  const isBound =
    row !== undefined &&
    body instanceof Uint8Array &&
    equalBytes(sha256(body), bytesIn(row, 'body_hash'));
  if (isBound) return;
  const of = { table: 'bodies', row: String(id), column: 'body', bound: 'body hash' };
  yield { ...of, ...(typeof row?.trio === 'string' && { trio: row.trio }) };
}

/** That the pages of its list name this row. */
function* lookAtIds(
  db: PagesDb,
  { table, column, row }: { table: string; column: 'said' | 'accepted'; row: Row },
): Iterable<BadRow> {
  const number = uintIn(row, 'number');
  const of = { table, row: String(number), column: 'ids', bound: 'list' };
  for (const id of numbersIn(bytesIn(row, 'ids'))) {
    const page = db.get(`SELECT ${column} AS number FROM pages WHERE id = ?`, id);
    if (page?.number !== number) return yield of;
  }
}

/** Shares of pages that no batch holds yet. */
function* lookAtAccepted(db: PagesDb, row: Row, numberOf: NumberOf): Iterable<BadRow> {
  const ids = numbersIn(bytesIn(row, 'ids'));
  const shares = sharesIn(bytesIn(row, 'shares'), ids.length);
  for (const [at, id] of ids.entries()) {
    const page = db.get('SELECT trio, manifest, leaf FROM pages WHERE id = ?', id);
    if (page === undefined) continue;
    const trio = textIn(page, 'trio');
    const names = { manifest: bytesIn(page, 'manifest'), leaf: bytesIn(page, 'leaf') };
    if (isKept(numberOf(trio), names, shares[at])) continue;
    yield { table: 'accepted', row: String(id), column: 'shares', bound: 'kept hash', trio };
  }
}

/** H_k of a share. True where it is not to be held to it. */
function isKept(
  number: ServerNumber | undefined,
  { manifest, leaf }: { readonly manifest: Uint8Array; readonly leaf: Uint8Array },
  kept: StoredShare | undefined,
): boolean {
  if (number === undefined) return true;
  // The leaf is under the MAC and, sealed, under the root: its hashes are the manifest's.
  return (
    kept !== undefined &&
    equalBytes(keptHash(number, headIn(manifest), kept), keptHashIn(leaf, number))
  );
}

function* lookAtSealed(db: PagesDb, row: Row, numberOf: NumberOf): Iterable<BadRow> {
  const [number, batch, trio] = [uintIn(row, 'number'), uintIn(row, 'batch'), textIn(row, 'trio')];
  const of = { row: String(number), trio, batch };
  const heads = bytesIn(row, 'heads');
  if (!isIndexed(db, number, heads))
    yield { ...of, table: 'sealed_pages', column: 'page', bound: 'sealed row' };
  const held = 'SELECT 1 FROM batches WHERE trio = ? AND number = ? AND sealed = 1';
  if (db.get(held, trio, batch) === undefined)
    yield { ...of, table: 'sealed', column: 'batch', bound: 'batch list' };
  const server = numberOf(trio);
  if (server === undefined) return;
  const pages = headsIn(heads);
  const names = namesIn(bytesIn(row, 'names'), pages.length);
  const shares = sharesIn(bytesIn(row, 'shares'), pages.length);
  for (const [at, { pseudonym }] of pages.entries()) {
    const name = names[at];
    if (name === undefined) continue;
    const whose = { ...of, table: 'sealed', pseudonym };
    if (!isNamed(name)) yield { ...whose, column: 'names', bound: 'manifest hash' };
    else if (!isKept(server, name, shares[at]))
      yield { ...whose, column: 'shares', bound: 'kept hash' };
  }
}

/** That each page of a sealed row is found by its id, at its place. */
function isIndexed(db: PagesDb, number: number, heads: Uint8Array): boolean {
  const from = number * pagesOfSegment;
  const rows = countOf(heads);
  // In the order of the table's own tree. A page at another place or missing shows here, one too many in their number.
  const found = db.get(
    `SELECT CAST(group_concat(page, '') AS BLOB) AS pages FROM sealed_pages WHERE id BETWEEN ? AND ?`,
    ...[from, from + rows - 1],
  );
  const pages = found?.pages;
  return pages instanceof Uint8Array && equalBytes(pages, heads.subarray(0, rows * idBytes));
}

const dayWithoutSums = `
  SELECT 1 FROM (SELECT DISTINCT panel, day FROM sealed WHERE trio = ? AND batch = ?) AS own
  WHERE NOT EXISTS (SELECT 1 FROM days JOIN day_counters USING (id)
    WHERE trio = ? AND batch = ? AND days.panel = own.panel AND days.day = own.day)`;

/** That the pages of a sealed batch are those of its list: how many, and where all is looked at, which. */
function* lookAtBatch(db: PagesDb, named: Row, numberOf: NumberOf): Iterable<BadRow> {
  const [trio, number] = [textIn(named, 'trio'), uintIn(named, 'number')];
  const of = { table: 'sealed', row: `batch ${number}`, trio, batch: number };
  const bad = { ...of, column: 'batch', bound: 'batch list' };
  const own = 'FROM sealed WHERE trio = ? AND batch = ?';
  const counted = db.get(`SELECT coalesce(sum(length(heads)), 0) AS n ${own}`, trio, number);
  const listedBytes = bytesIn(named, 'pages').length;
  if (uintIn(counted, 'n') * idBytes !== listedBytes * headBytes) return yield bad;
  if (db.get(dayWithoutSums, trio, number, trio, number) !== undefined)
    yield { ...of, table: 'days', column: '', bound: 'row gone' };
  if (numberOf(trio) === undefined) return;
  const listed = new Set(batchOf(named).pages.map(bytesToHex));
  for (const row of db.all(`SELECT heads ${own}`, trio, number))
    for (const { page } of headsIn(bytesIn(row, 'heads')))
      if (!listed.has(bytesToHex(page))) return yield bad;
}

/** How many pages the index names and sealed rows have; `isFull`: and which, and where. */
export function* lookAtIndex(db: PagesDb, isFull: boolean): Iterable<BadRow> {
  const of = { table: 'sealed_pages', row: '', column: '' };
  const counted = db.get(
    `SELECT (SELECT count(*) FROM sealed_pages) AS named,
     (SELECT coalesce(sum(length(heads)), 0) FROM sealed) AS bytes`,
  );
  if (uintIn(counted, 'named') * headBytes !== uintIn(counted, 'bytes'))
    yield { ...of, bound: 'row count' };
  if (isFull && !isPageIndexWhole(db)) yield { ...of, bound: 'index' };
}

/** That what the index names is of a sealed row, which holds its own places (`isIndexed`); `last` undefined: that was all of it. */
export function lookAtIndexAfter(
  db: PagesDb,
  after: number,
  most: number,
): { readonly bad: readonly BadRow[]; readonly rows: number; readonly last: number | undefined } {
  const bad: BadRow[] = [];
  let last = after;
  for (let rows = 0; rows < most; rows++) {
    const id = db.get('SELECT id FROM sealed_pages WHERE id > ? ORDER BY id LIMIT 1', last)?.id;
    if (typeof id !== 'number') return { bad, rows, last: undefined };
    const number = Math.floor(id / pagesOfSegment);
    if (db.get('SELECT 1 FROM sealed WHERE number = ?', number) === undefined)
      bad.push({ table: 'sealed_pages', row: String(id), column: '', bound: 'row count' });
    last = (number + 1) * pagesOfSegment - 1;
  }
  return { bad, rows: most, last };
}

/** Pages of a sealed batch and their leaves, of the next few of its rows. Throws HOME_INVALID. */
export function leavesAfter(
  db: PagesDb,
  of: Parameters<NonNullable<PageUpkeep['leavesAfter']>>[0],
): LeavesStep {
  const rows = db.all(
    `SELECT number, heads, names FROM sealed WHERE trio = ? AND batch = ? AND number > ?
     ORDER BY number LIMIT ?`,
    ...[of.trio, of.batch, of.after, of.rows],
  );
  const leaves = rows.flatMap((row) => {
    const pages = headsIn(bytesIn(row, 'heads'));
    const names = namesIn(bytesIn(row, 'names'), pages.length);
    return pages.flatMap(({ page }, at) => {
      const leaf = names[at]?.leaf;
      return leaf === undefined ? [] : [{ page, leaf }];
    });
  });
  const last = rows.length < of.rows ? undefined : rows.at(-1);
  return { leaves, next: last && uintIn(last, 'number') };
}
