import type { DatabaseSync } from 'node:sqlite';
import { sha256 } from '../../../crypto/hash.ts';
import { concatBytes, equalBytes } from '../../../primitives/bytes.ts';
import { decodeCbor, readArray, readBytes } from '../../../primitives/cbor.ts';
import { blobIdOf } from '../../../storage/blob-id.ts';
import type { ServerNumber } from '../crypto/page-head.ts';
import { keptHashUnder } from '../crypto/page-keep.ts';
import { pageTables } from './guarded-tables.ts';
import { batchOf, type Row } from './page-rows.ts';
import type { MendedPage, PlannedBatch, StoredShare } from './page-store.ts';
import type { Value } from './row-macs.ts';
import type { SqliteRowGuard } from './sqlite-row-guard.ts';
import type { BadRow, ScrubPlace, ScrubStep } from './upkeep.ts';

type NumberOf = (trio: string) => ServerNumber | undefined;

/** Rows of a table with what they are held to, one step of a scrub. */
export function scrubPages(
  db: DatabaseSync,
  guard: SqliteRowGuard,
  of: {
    readonly place: ScrubPlace | undefined;
    readonly most: number;
    readonly numberOf: NumberOf;
  },
): ScrubStep {
  const at = pageTables.findIndex(({ name }) => name === (of.place?.table ?? 'patients'));
  const table = pageTables[at] ?? pageTables[0];
  const scrubbed = guard.scrub(table, of.place?.after, of.most);
  const around = { numberOf: of.numberOf, isSealed: sealedIn(db) };
  const more = scrubbed.rows.flatMap((row) => [
    ...(table.name === 'pages' ? lookAtPage(row, around) : lookAt(db, table.name, row)),
  ]);
  const bad = [...scrubbed.bad.map((it) => whose(db, it)), ...more];
  const following = pageTables[at + 1];
  const next =
    scrubbed.next !== undefined
      ? { table: table.name, after: scrubbed.next as ScrubPlace['after'] }
      : following && { table: following.name, after: [] };
  return { bad, rows: scrubbed.rows.length, bytes: scrubbed.bytes, next };
}

/** What a row is held to besides its MAC. */
function* lookAt(db: DatabaseSync, table: string, row: Row): Iterable<BadRow> {
  if (table === 'envelopes') {
    const { name, envelope } = row;
    if (!(envelope instanceof Uint8Array) || blobIdOf(envelope) !== name)
      yield { table, row: String(row.number), column: 'envelope', bound: 'envelope id' };
  }
  if (table === 'batches' && row.sealed === 1) yield* lookAtBatch(db, row);
}

function* lookAtPage(row: Row, { numberOf, isSealed }: PagesAround): Iterable<BadRow> {
  const {
    manifest,
    manifest_hash: hash,
    batch,
    roll,
    histogram,
    clinical,
    salt,
    state,
    leaf,
  } = row;
  const trio = String(row.trio);
  const of = {
    ...{ table: 'pages', row: String(row.id), trio },
    ...(typeof batch === 'number' && { batch }),
    ...(row.pseudonym instanceof Uint8Array && { pseudonym: row.pseudonym }),
  };
  const isNamed =
    manifest instanceof Uint8Array &&
    hash instanceof Uint8Array &&
    leaf instanceof Uint8Array &&
    equalBytes(sha256(manifest), hash) &&
    equalBytes(leaf.subarray(0, 32), hash);
  if (!isNamed) return yield { ...of, column: 'manifest', bound: 'manifest hash' };
  if (state !== 'accepted') {
    const isEmpty = [roll, histogram, clinical, salt].every((it) => it === null) && batch === 0;
    if (!isEmpty) yield { ...of, column: 'state', bound: 'kept hash' };
    return;
  }
  const number = numberOf(trio);
  const isKept =
    roll instanceof Uint8Array &&
    histogram instanceof Uint8Array &&
    clinical instanceof Uint8Array &&
    salt instanceof Uint8Array &&
    (number === undefined ||
      equalBytes(
        keptHashUnder(number, binderIn(manifest), { roll, histogram, clinical, salt }),
        // The leaf is under the MAC and, sealed, under the root: its hashes are the manifest's.
        leaf.subarray(32 * number, 32 * (number + 1)),
      ));
  if (!isKept) yield { ...of, column: 'share', bound: 'kept hash' };
  if (batch !== 0 && !isSealed(trio, batch)) yield { ...of, column: 'batch', bound: 'batch list' };
}

/** What a share is bound to (`binderOf`), from the bytes of a manifest that is known to be one. */
function binderIn(manifest: Uint8Array): Uint8Array {
  const fields = readArray(decodeCbor(manifest), 'manifest');
  const [, , page, , panel, , , n, nonce] = fields;
  const edges = fields.at(-1);
  const numbers = [n, panel, edges].map(Number);
  return concatBytes(
    readBytes(nonce, 'nonce', 16),
    readBytes(page, 'page', 16),
    Uint8Array.from(numbers),
  );
}

/** What a page is held to beside its row. */
interface PagesAround {
  readonly numberOf: NumberOf;
  readonly isSealed: (trio: string, batch: unknown) => boolean;
}

function sealedIn(db: DatabaseSync): PagesAround['isSealed'] {
  const rows = db.prepare('SELECT trio, number FROM batches WHERE sealed = 1').all();
  const sealed = new Set(rows.map(({ trio, number }) => `${trio} ${number}`));
  return (trio, batch) => sealed.has(`${trio} ${String(batch)}`);
}

/** That the pages of a sealed batch are those of its list. */
function* lookAtBatch(db: DatabaseSync, named: Row): Iterable<BadRow> {
  const batch = batchOf(named);
  const { trio, number, pages } = batch;
  const of = { table: 'pages', trio, batch: number, column: 'batch', bound: 'batch list' };
  const byPage = db.prepare('SELECT id, batch, state FROM pages WHERE page = ? AND trio = ?');
  for (const page of pages) {
    const row = byPage.get(page, trio);
    if (row?.batch !== number || row.state !== 'accepted')
      yield { ...of, row: row === undefined ? Buffer.from(page).toString('hex') : String(row.id) };
  }
  const counted = db
    .prepare('SELECT count(*) AS n FROM pages WHERE trio = ? AND batch = ?')
    .get(trio, number);
  if (counted?.n !== pages.length) yield { ...of, row: `batch ${number}` };
}

/** Of which batch and patient a row is whose MAC does not hold, as far as it says. */
function whose(db: DatabaseSync, bad: BadRow): BadRow {
  const { table, row } = bad;
  if (table === 'batches') {
    const [trio = '', number] = row.split(' ');
    return { ...bad, trio, batch: Number(number) };
  }
  const ofPage = ['pages', 'bodies', 'sayings', 'page_envelopes'].includes(table);
  const ofDay = ['days', 'day_counters'].includes(table);
  if (!ofPage && !ofDay) return bad;
  const sql = ofPage
    ? 'SELECT trio, batch, pseudonym FROM pages WHERE id = ?'
    : 'SELECT trio, batch FROM days WHERE id = ?';
  const found = db.prepare(sql).get(Number(row));
  if (found === undefined) return bad;
  const { trio, batch, pseudonym } = found as Record<string, Value>;
  return {
    ...{ ...bad, trio: String(trio) },
    ...(typeof batch === 'number' &&
      ['pages', 'days', 'day_counters'].includes(table) && { batch }),
    ...(pseudonym instanceof Uint8Array && { pseudonym }),
  };
}

/** Pseudonyms with a page in these batches, by the lists of the batches and by the pages themselves. */
export function peopleOf(
  db: DatabaseSync,
  trio: string,
  { first, last }: { readonly first: number; readonly last: number },
): readonly Uint8Array[] {
  const rows = db
    .prepare(
      'SELECT DISTINCT pseudonym FROM pages WHERE trio = ? AND batch BETWEEN ? AND ? ORDER BY pseudonym',
    )
    .all(trio, Math.max(1, first), last);
  return rows.flatMap(({ pseudonym }) => (pseudonym instanceof Uint8Array ? [pseudonym] : []));
}

/** The batch and its pages as they are to be, in place of what stands there; sums of days are made after. */
export function mendPages(
  db: DatabaseSync,
  batch: PlannedBatch,
  pages: readonly MendedPage[],
): void {
  const { trio, number, root, firstHour, lastHour } = batch;
  db.prepare('DELETE FROM batches WHERE trio = ? AND number = ?').run(trio, number);
  db.prepare('INSERT INTO batches VALUES (?, ?, ?, ?, ?, ?, 1)').run(
    ...[trio, number, root, concatBytes(...batch.pages), firstHour, lastHour],
  );
  db.prepare(
    'DELETE FROM day_counters WHERE id IN (SELECT id FROM days WHERE trio = ? AND batch = ?)',
  ).run(trio, number);
  db.prepare('DELETE FROM days WHERE trio = ? AND batch = ?').run(trio, number);
  putOut(db, batch);
  const put = pageWriter(db, number);
  for (const page of pages) put(page);
}

/** Cheaper than hexadecimal digits, and nobody reads it. */
const asName = (page: Uint8Array): string =>
  Buffer.from(page.buffer, page.byteOffset, page.length).toString('latin1');

/** What stands in this batch without being of it. */
function putOut(db: DatabaseSync, { trio, number, pages }: PlannedBatch): void {
  const own = new Set(pages.map(asName));
  const out = db.prepare('UPDATE pages SET batch = 0 WHERE id = ?');
  const found = db
    .prepare('SELECT id, page FROM pages WHERE trio = ? AND batch = ?')
    .all(trio, number);
  for (const { id, page } of found)
    if (!(page instanceof Uint8Array && own.has(asName(page)))) out.run(id ?? null);
}

/** Writes pages one after the other; of a row that stands nothing but the share, which its MAC is not over. */
function pageWriter(db: DatabaseSync, batch: number): (page: MendedPage) => void {
  const share = 'batch = ?, roll = ?, clinical = ?, salt = ?, histogram = ? WHERE page = ?';
  const names =
    'trio = ?, manifest_hash = ?, manifest = ?, signature = ?, sensor = ?, pseudonym = ?, panel = ?, hour = ?, n = ?, leaf = ?, at_ms = ?';
  const find = db.prepare('SELECT id FROM pages WHERE page = ?');
  const insert = db.prepare(
    `INSERT INTO pages (trio, manifest_hash, manifest, signature, sensor, pseudonym, panel, hour, n, leaf, at_ms, batch,
     roll, clinical, salt, histogram, page, state) VALUES (${Array(17).fill('?').join(', ')}, 'accepted')`,
  );
  const replace = db.prepare(
    `UPDATE pages SET code = NULL, state = 'accepted', ${names}, ${share}`,
  );
  const give = db.prepare(`UPDATE pages SET ${share}`);
  return ({ names: of, atMs, kept, stands }) => {
    if (stands === 'all') return;
    const shared = [batch, kept.roll, kept.clinical, kept.salt, kept.histogram, of.page];
    if (stands === 'but the share') return void give.run(...shared);
    const named = [
      ...[of.trio, of.manifestHash, of.manifest, of.signature, of.sensor, of.pseudonym],
      ...[of.panel, of.startHour, of.n, of.leaf, atMs],
    ];
    const statement = find.get(of.page) === undefined ? insert : replace;
    statement.run(...named, ...shared);
  };
}

/** Rows that do not hold go; a page that waits is refused with its body, so that its sensor shares it anew. */
export function dropBad(
  db: DatabaseSync,
  guard: SqliteRowGuard,
  { code, numberOf }: { readonly code: string; readonly numberOf: NumberOf },
): void {
  dropUnbound(db, guard, numberOf);
  for (const table of pageTables) {
    const { name } = table;
    for (const id of guard.dropBad(table)) {
      if (name !== 'bodies' && name !== 'sayings') continue;
      db.prepare('DELETE FROM bodies WHERE id = ?').run(id);
      db.prepare('DELETE FROM sayings WHERE id = ?').run(id);
      db.prepare(
        `UPDATE pages SET state = 'refused', code = ? WHERE id = ? AND state = 'waiting'`,
      ).run(code, id);
    }
  }
  guard.recount();
}

/** Of a page by its id; what of it can be read. */
export function shareOf(db: DatabaseSync, page: Uint8Array): StoredShare | undefined {
  const row = db
    .prepare('SELECT roll, histogram, clinical, salt FROM pages WHERE page = ?')
    .get(page);
  return row && shareIn(row);
}

/** Of a row; undefined: not all of it can be read. */
export function shareIn({ roll, histogram, clinical, salt }: Row): StoredShare | undefined {
  const isWhole =
    roll instanceof Uint8Array &&
    histogram instanceof Uint8Array &&
    clinical instanceof Uint8Array &&
    salt instanceof Uint8Array;
  return isWhole ? { roll, histogram, clinical, salt } : undefined;
}

/** Undefined: of one there is none. */
export function leavesOf(
  db: DatabaseSync,
  pages: readonly Uint8Array[],
): readonly Uint8Array[] | undefined {
  const byPage = db.prepare('SELECT leaf FROM pages WHERE page = ?');
  const leaves = pages.flatMap((page) => {
    const leaf = byPage.get(page)?.leaf;
    return leaf instanceof Uint8Array ? [leaf] : [];
  });
  return leaves.length === pages.length ? leaves : undefined;
}

/** Rows whose MAC holds and whose other parts do not: a page in no batch, an envelope. */
function dropUnbound(db: DatabaseSync, guard: SqliteRowGuard, numberOf: NumberOf): void {
  for (const table of ['pages', 'envelopes'] as const) {
    const [at] = [pageTables.findIndex(({ name }) => name === table)];
    let place: ScrubPlace | undefined = { table, after: [] };
    while (place?.table === table) {
      const step: ScrubStep = scrubPages(db, guard, { place, most: 512, numberOf });
      for (const { table: of, row, bound } of step.bad) {
        if (of !== table || !/^[0-9]+$/.test(row) || bound === 'row MAC') continue;
        const key = pageTables[at]?.key[0] ?? 'id';
        db.prepare(`DELETE FROM ${table} WHERE ${key} = ?`).run(Number(row));
        for (const beside of table === 'pages' ? ['bodies', 'sayings', 'page_envelopes'] : [])
          db.prepare(`DELETE FROM ${beside} WHERE id = ?`).run(Number(row));
      }
      place = step.next;
    }
  }
}
