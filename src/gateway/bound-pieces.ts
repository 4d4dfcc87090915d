import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { bytesToHex } from '../primitives/bytes.ts';
import type { UnboundRow } from '../primitives/row-guard.ts';
import {
  type BoundTable,
  goneFrom,
  isSame,
  keyIdOf,
  keyOf,
  macOf,
  namesOf,
  quoted,
  reading,
  tableOf,
  type Value,
} from './bound-rows.ts';

/** So many more rows were looked at, and what of them is not as it was written. */
export interface BoundPiece {
  readonly rows: number;
  readonly wrong: readonly UnboundRow[];
}

/**
 * As `unboundRows`, for a file that its process writes to meanwhile: a piece sees one state of the file, and between two none is
 * held, so that its write-ahead log can be cut. A row is always looked at with its MAC and its table's line; the counts of a table
 * are held to each other in one piece. Source: docs/protocol/stores.md, rules SR-4 and SR-7.
 */
export function* boundPieces(
  sqlite: DatabaseSync,
  key: Uint8Array,
  rows: number,
): Generator<BoundPiece> {
  const { bound, others } = whole(sqlite, () => {
    const totals = sqlite.prepare('SELECT tbl FROM row_totals ORDER BY tbl').all();
    const names = totals.map(({ tbl }) => String(tbl));
    return { bound: names, others: namesOf(sqlite).filter((it) => !names.includes(it)) };
  });
  for (const table of bound) yield* new TablePieces(sqlite, key, table).pieces(rows);
  yield { rows: 0, wrong: others.map((table) => ({ table, because: 'key' })) };
}

/** What `work` reads is of one instant. */
export function whole<Result>(sqlite: DatabaseSync, work: () => Result): Result {
  sqlite.exec('BEGIN');
  try {
    return work();
  } finally {
    if (sqlite.isTransaction) sqlite.exec('ROLLBACK');
  }
}

class TablePieces {
  readonly #sqlite: DatabaseSync;
  readonly #key: Uint8Array;
  readonly #table: string;
  readonly #prepared = new Map<string, StatementSync>();
  #foreign = 0;

  constructor(sqlite: DatabaseSync, key: Uint8Array, table: string) {
    this.#sqlite = sqlite;
    this.#key = key;
    this.#table = table;
  }

  *pieces(most: number): Generator<BoundPiece> {
    let after: readonly Value[] | undefined = [];
    while (after !== undefined) {
      const place: readonly Value[] = after;
      const piece = whole(this.#sqlite, () => this.#piece(place, most));
      yield piece;
      if (piece.isOver) return;
      after = piece.next;
    }
    yield { rows: 0, wrong: whole(this.#sqlite, () => this.#counted()) };
  }

  /** The rows after a place: by their numbers, or their names in a table without. `isOver`: nothing can be said of the table. */
  #piece(
    after: readonly Value[],
    most: number,
  ): BoundPiece & { readonly isOver: boolean; readonly next: readonly Value[] | undefined } {
    const { it, wrong } = this.#line();
    const over = { rows: 0, wrong, isOver: true, next: undefined };
    if (it === undefined || wrong.length > 0) return over;
    const place = this.#isWithoutNumbers() ? it.key : ['rowid'];
    const named = `(${quoted(place)})`;
    const values = `(${place.map(() => '?').join(', ')})`;
    const from = after.length === 0 ? '1' : `${named} > ${values}`;
    const end = this.#prepare(
      `SELECT ${quoted(place)} FROM ${it.table} WHERE ${from} ORDER BY ${quoted(place)} LIMIT 1 OFFSET ${most - 1}`,
    ).get(...(after as SQLInputValue[])) as unknown as Value[] | undefined;
    const until = end === undefined ? '1' : `${named} <= ${values}`;
    const rows = this.#prepare(
      `SELECT ${quoted([...it.key, ...it.columns])} FROM ${it.table} WHERE (${it.bound}) AND ${from} AND ${until}`,
    ).all(...([...after, ...(end ?? [])] as SQLInputValue[])) as unknown as Value[][];
    return {
      ...{ rows: rows.length, isOver: false, next: end },
      wrong: rows.flatMap((row) => this.#wrongOf(row, it.key.length)),
    };
  }

  #wrongOf(row: readonly Value[], keys: number): readonly UnboundRow[] {
    const table = this.#table;
    const [name, values] = [keyOf(row.slice(0, keys)), row.slice(keys)];
    const macs = this.#prepare('SELECT mac FROM row_macs WHERE tbl = ? AND key = ?');
    const [mac] = (macs.get(table, name) ?? []) as unknown as Value[];
    if (mac === undefined) this.#foreign += 1;
    if (mac === undefined) return [{ table, because: 'foreign', row: bytesToHex(name) }];
    const isHeld = isSame(mac, macOf(this.#key, [table, ...values]));
    return isHeld ? [] : [{ table, because: 'changed', row: bytesToHex(name) }];
  }

  /** The table's own line; undefined: it was taken away meanwhile, with its table or not. */
  #line(): { readonly it: BoundTable | undefined; readonly wrong: readonly UnboundRow[] } {
    const table = this.#table;
    const line = reading(this.#sqlite, 'SELECT * FROM row_totals WHERE tbl = ?').get(table);
    if (line === undefined) {
      const isThere = namesOf(this.#sqlite).includes(table);
      return { it: undefined, wrong: isThere ? [{ table, because: 'key' }] : [] };
    }
    const { columns, bound, keyId, count, mac } = line;
    const it = tableOf(this.#sqlite, table, String(bound));
    const isOurs = isSame(keyId, keyIdOf(this.#key)) && columns === it.columns.join(' ');
    if (!isOurs) return { it, wrong: [{ table, because: 'key' }] };
    const said = macOf(this.#key, [table, columns, bound ?? null, count ?? null]);
    return { it, wrong: isSame(mac, said) ? [] : [{ table, because: 'count' }] };
  }

  #isWithoutNumbers(): boolean {
    const found = this.#prepare('SELECT wr FROM pragma_table_list(?)').get(this.#table);
    return Number((found as unknown as Value[] | undefined)?.[0]) === 1;
  }

  /** Rows, MACs and the count of the table to each other; which MACs have no row is looked for where they are not the same. */
  #counted(): readonly UnboundRow[] {
    const { it, wrong } = this.#line();
    if (it === undefined || wrong.length > 0) return wrong;
    const table = this.#table;
    const [rows, macs, count] = this.#prepare(
      `SELECT (SELECT count(*) FROM ${table} WHERE ${it.bound}), (SELECT count(*) FROM row_macs WHERE tbl = ?1),
       (SELECT count FROM row_totals WHERE tbl = ?1)`,
    ).get(table) as unknown as Value[];
    const gone = rows === macs && this.#foreign === 0 ? [] : [...goneFrom(this.#sqlite, it)];
    if (gone.length > 0) return gone;
    return macs === count ? [] : [{ table, because: 'count' }];
  }

  #prepare(sql: string): StatementSync {
    const kept = this.#prepared.get(sql);
    if (kept !== undefined) return kept;
    const prepared = reading(this.#sqlite, sql);
    prepared.setReturnArrays(true);
    this.#prepared.set(sql, prepared);
    return prepared;
  }
}
