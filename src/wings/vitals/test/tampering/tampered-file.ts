import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import { headsIn, sharesIn } from '../../node/stores/sealed-segment.ts';

/** One place of a file of SQLite: the value of a column in the `row`-th row of a table. */
export interface Place {
  readonly table: string;
  readonly column: string;
  readonly row: number;
}

/** As somebody who can write the file does it: the triggers are no hindrance. */
export function tampered<Result>(path: string, work: (db: DatabaseSync) => Result): Result {
  const db = new DatabaseSync(path, { timeout: 5_000 });
  try {
    db.exec('PRAGMA foreign_keys = OFF');
    const triggers = db.prepare("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").all();
    for (const { name } of triggers) db.exec(`DROP TRIGGER "${String(name)}"`);
    try {
      return work(db);
    } finally {
      for (const { sql } of triggers) db.exec(String(sql));
    }
  } finally {
    db.close();
  }
}

/** Every column with a value, of the first and the last row of a table. */
export function columnsIn(path: string, table: string): readonly Place[] {
  const db = new DatabaseSync(path);
  try {
    const rows = db.prepare(`SELECT * FROM ${table} LIMIT 3`).all();
    const chosen = [...new Set([0, rows.length - 1])].filter((at) => at >= 0);
    return chosen.flatMap((row) =>
      Object.entries(rows[row] ?? {})
        .filter(
          ([, value]) => value !== null && !(value instanceof Uint8Array && value.length === 0),
        )
        .map(([column]) => ({ table, column, row })),
    );
  } finally {
    db.close();
  }
}

/** Changes one bit of it; returns what puts the file back as it was. */
export function flipped(path: string, place: Place): () => void {
  const { table, column, row } = place;
  return tampered(path, (db) => {
    const rows = db.prepare(`SELECT * FROM ${table}`).all();
    const changed = rows.map((it, at) =>
      at === row ? { ...it, [column]: another(it[column] ?? null) } : it,
    );
    putRows(db, table, changed);
    return () => tampered(path, (again) => putRows(again, table, rows));
  });
}

function putRows(
  db: DatabaseSync,
  table: string,
  rows: readonly Record<string, SQLOutputValue>[],
): void {
  const names = Object.keys(rows[0] ?? {});
  db.exec(`BEGIN; DELETE FROM ${table}`);
  const insert = db.prepare(`INSERT INTO ${table} VALUES (${names.map(() => '?').join(', ')})`);
  for (const row of rows) insert.run(...names.map((name) => row[name] ?? null));
  db.exec('COMMIT');
}

/** One bit of the clinical part of a sealed page of this hour; returns what puts it right. Throws where there is none. */
export function flippedShare(path: string, hour: number): () => void {
  const rows = readRows(path, 'SELECT number, heads, shares FROM sealed');
  for (const { number, heads, shares } of rows) {
    if (!(heads instanceof Uint8Array) || !(shares instanceof Uint8Array)) continue;
    const pages = headsIn(heads);
    const at = pages.findIndex(({ startHour }) => startHour === hour);
    const share = sharesIn(shares, pages.length)[at];
    if (share === undefined || share.clinical.length === 0) continue;
    const turn = (): void => {
      // A view of the row's bytes.
      share.clinical[0] = (share.clinical[0] ?? 0) ^ 1;
      tampered(path, (db) =>
        db.prepare('UPDATE sealed SET shares = ? WHERE number = ?').run(shares, number ?? null),
      );
    };
    turn();
    return turn;
  }
  throw new Error(`no page of hour ${hour}`);
}

function readRows(path: string, sql: string): readonly Record<string, SQLOutputValue>[] {
  const db = new DatabaseSync(path);
  try {
    return db.prepare(sql).all();
  } finally {
    db.close();
  }
}

/** So that a key does not become another row's. */
function another(value: SQLOutputValue): SQLOutputValue {
  if (typeof value === 'number') return value ^ 64;
  if (typeof value === 'string')
    return `${value.slice(0, -1)}${String.fromCharCode(value.charCodeAt(value.length - 1) ^ 1)}`;
  if (!(value instanceof Uint8Array)) throw new Error('nothing to change');
  const changed = value.slice();
  const at = changed.length >> 1;
  changed[at] = (changed[at] ?? 0) ^ 1;
  return changed;
}
