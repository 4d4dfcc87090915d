import type { DatabaseSync } from 'node:sqlite';
import type { BadRow } from '../upkeep.ts';

/** Trees of the file, and indexes but `apart` that do not fit their tables. Rules VT-5, VT-8a. */
export function unsound(db: DatabaseSync, apart: readonly string[] = []): readonly BadRow[] {
  const pages = db
    .prepare('PRAGMA quick_check(8)')
    .all()
    .map(({ quick_check: it }) => String(it))
    .filter((it) => it !== 'ok');
  if (pages.length === 0) return unfitIndexes(db, apart);
  // What is no tree any more is not searched.
  const of = { table: 'database', column: '', bound: 'index' };
  return pages.map((it) => ({ ...of, row: it.slice(0, 128) }));
}

interface Index {
  readonly name: string;
  readonly table: string;
  /** Of the rows that it has; '': of all. */
  readonly where: string;
}

/**
 * Indexes but `apart` that have another number of entries than their tables have rows, or do not find one of those by all that an
 * entry has of it: with as many entries as rows and each row found, there is none that names another. Rule VT-8a.
 */
const unfitIndexes = (db: DatabaseSync, apart: readonly string[]): readonly BadRow[] =>
  indexesIn(db)
    .filter(({ table }) => !apart.includes(table))
    .flatMap((index) =>
      foundIn(index.table, () =>
        isPlain(index) && isFit(db, index)
          ? []
          : [{ table: index.table, row: '', column: index.name, bound: 'index' }],
      ),
    );

const indexesIn = (db: DatabaseSync): readonly Index[] =>
  db
    .prepare("SELECT name, tbl_name, sql FROM sqlite_schema WHERE type = 'index'")
    .all()
    .map(({ name, tbl_name: table, sql }) => {
      const [, where = ''] = String(sql ?? '').split(/ WHERE /);
      return { name: String(name), table: String(table), where };
    });

const plainName = /^[a-z_0-9]+$/;
/** Made here, as far as its words go: what stands in the file is text of whoever wrote it, and becomes a part of a statement. */
const isPlain = ({ name, table, where }: Index): boolean =>
  [name, table].every((it) => plainName.test(it)) &&
  /^([a-z_]+ (IS NULL|IS NOT NULL|= [0-9]+)( AND (?=[a-z])|$))*$/.test(where);

function isFit(db: DatabaseSync, { name, table, where }: Index): boolean {
  const columns = db
    .prepare("SELECT iif(cid = -1, 'rowid', name) AS name FROM pragma_index_xinfo(?)")
    .all(name)
    .map((it) => it.name);
  // Of what is computed SQLite has no name.
  if (!columns.every((it) => typeof it === 'string' && plainName.test(it))) return false;
  const same = columns.map((it) => `i.${it} IS t.${it}`).join(' AND ');
  const own = where === '' ? '' : `WHERE ${where}`;
  const also = where === '' ? '' : `${where} AND`;
  const counted = db
    .prepare(
      `SELECT (SELECT count(*) FROM ${table} INDEXED BY ${name} ${own}) AS named,
       (SELECT count(*) FROM ${table} NOT INDEXED ${own}) AS rows,
       (SELECT count(*) FROM ${table} AS t NOT INDEXED WHERE ${also} NOT EXISTS
         (SELECT 1 FROM ${table} AS i INDEXED BY ${name} WHERE ${also} ${same})) AS missing`,
    )
    .get();
  return counted?.named === counted?.rows && counted?.missing === 0;
}

/** What it finds; of what SQLite cannot read, that. */
export function foundIn(table: string, look: () => readonly BadRow[]): readonly BadRow[] {
  try {
    return look();
  } catch (error) {
    if (!isCorrupt(error)) throw error;
    return [{ table, row: '', column: '', bound: 'index' }];
  }
}

/** SQLite met what is no part of a database, or tables and indexes that are not those that were made (SQLITE_CORRUPT, SQLITE_ERROR). */
export const isCorrupt = (error: unknown): boolean =>
  error instanceof Error && 'errcode' in error && [1, 11].includes(Number(error.errcode) & 0xff);
