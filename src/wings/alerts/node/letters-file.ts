import { DatabaseSync } from 'node:sqlite';
import type { RowGuard, UnboundRow } from '../../../primitives/row-guard.ts';

const tables = `
CREATE TABLE IF NOT EXISTS cursor (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, mac BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS causes (id BLOB PRIMARY KEY, metMs INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS letters (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name BLOB NOT NULL UNIQUE, account TEXT NOT NULL, channel TEXT NOT NULL,
  cause TEXT NOT NULL, count INTEGER NOT NULL, dueMs INTEGER NOT NULL, attempts INTEGER NOT NULL, state TEXT NOT NULL,
  code TEXT NOT NULL, changedMs INTEGER NOT NULL, mac BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS letters_due ON letters (state, dueMs);
CREATE INDEX IF NOT EXISTS letters_kind ON letters (account, channel, cause, id);
CREATE TABLE IF NOT EXISTS counters (
  account TEXT NOT NULL, channel TEXT NOT NULL, counter INTEGER NOT NULL, PRIMARY KEY (account, channel)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS incidents (
  code TEXT NOT NULL, place INTEGER NOT NULL, metMs INTEGER NOT NULL, PRIMARY KEY (code, place)
) STRICT, WITHOUT ROWID;`;

/**
 * The file of one hospital's letters, with its tables, and bound in the same step: a scrub beside this sees no table that is not
 * bound. What a statement wrote is on disk when it returned. Its numbers are read as `bigint`: one that another hand made too large
 * for a number must not keep every letter back.
 */
export function openLettersFile(
  path: string,
  guard: RowGuard<DatabaseSync>,
): { readonly db: DatabaseSync; readonly unbound: readonly UnboundRow[] } {
  const db = new DatabaseSync(path, { timeout: 2_000, readBigInts: true });
  try {
    db.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;');
    db.exec('BEGIN IMMEDIATE');
    db.exec(tables);
    addFacts(db);
    const unbound = guard.unbound(db);
    guard.open(db);
    db.exec('COMMIT');
    return { db, unbound };
  } catch (error) {
    db.close();
    throw error;
  }
}

/** A file of before has no facts. */
function addFacts(db: DatabaseSync): void {
  const columns = db.prepare("SELECT name FROM pragma_table_info('letters')").all();
  if (columns.some(({ name }) => name === 'facts')) return;
  db.exec("ALTER TABLE letters ADD COLUMN facts BLOB NOT NULL DEFAULT x''");
}

/** Rows of this table are gone, or may be. */
export const lacks = (wrong: readonly UnboundRow[], table: string): boolean =>
  wrong.some((it) => it.table === table && ['gone', 'count', 'key'].includes(it.because));
