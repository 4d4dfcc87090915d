import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { equalBytes } from '../../../../../primitives/bytes.ts';
import { CodedError } from '../../../../../primitives/errors.ts';
import { giveBack } from '../give-back.ts';
import { type GuardedTable, indexesAmong } from '../guarded-tables.ts';
import {
  columnsOf,
  joinedMac,
  macKey,
  macTable,
  nameOf,
  ownSql,
  tableSql,
  triggerSql,
} from '../row-guard-sql.ts';
import type { RowMacs, Value } from '../row-macs.ts';
import type { BadRow, ScrubStep } from '../upkeep.ts';
import { foundIn, unsound } from './sqlite-index-looks.ts';
import { MacWalk } from './sqlite-mac-walk.ts';
import { countsSql, SqliteRowCounts } from './sqlite-row-counts.ts';

/**
 * Holds a SQLite database to the MACs of its rows. Triggers of the database call functions that this connection alone has: what
 * it writes gets its MAC in the same statement, a row that is changed or deleted is looked at first, and a statement of
 * anybody else fails. Who takes the triggers away or writes the file itself has no key. Source: vitals-tampering.md, rules VT-6, VT-7.
 */
export class SqliteRowGuard {
  /** What only all rows together show, in steps. */
  readonly walk: MacWalk;
  readonly #db: DatabaseSync;
  readonly #macs: RowMacs;
  readonly #tables: readonly GuardedTable[];
  readonly #counts: SqliteRowCounts;
  readonly #prepared = new Map<string, StatementSync>();
  #isMending = false;
  #version: unknown;
  /** Another connection committed something, and nobody was told yet. */
  #isWritten = false;

  constructor(db: DatabaseSync, macs: RowMacs, tables: readonly GuardedTable[]) {
    this.#db = db;
    this.#macs = macs;
    this.#tables = tables;
    this.#counts = new SqliteRowCounts(db, macs, tables);
    this.walk = new MacWalk({ db, macs, tables, countOf: (name) => this.#counts.held(name) });
    db.exec('PRAGMA recursive_triggers = ON;');
    this.#version = this.#dataVersion();
    const options = { varargs: true, useBigIntArguments: false } as const;
    db.function('row_mac', options, (table, ...values) => this.#came(String(table), values));
    db.function('row_held', options, (table, mac, ...values) =>
      this.#held(String(table), mac, values),
    );
    db.function('row_gone', options, (table, mac) => this.#gone(String(table), mac));
    // Never called: a statement that would fire a trigger with it cannot be made where it is missing.
    db.function('row_own', options, () => null);
  }

  /** Makes what guards the tables, and takes the rows that are there as they are; inside the caller's transaction. */
  install(): void {
    this.#db.exec(countsSql);
    for (const table of this.#tables) {
      this.#db.exec(ownSql(table));
      if (table.isIndex) continue;
      this.#db.exec(tableSql(table));
      this.#db.exec(triggerSql(table));
      const all = columnsOf(table).join(', ');
      this.#db.exec(`DELETE FROM ${macTable(table.name)};
        INSERT INTO ${macTable(table.name)}
        SELECT ${table.key.join(', ')}, row_mac('${table.name}', ${all}) FROM ${table.name};`);
    }
    this.#db.exec('DELETE FROM guard_counts');
    this.#counts.recount();
  }

  /** A transaction began: who wrote has written before, and until it ends nobody else does. */
  begin(): void {
    this.#noteOthers();
  }

  /** Before a transaction commits. Throws ROW_TAMPERED. */
  settle(): void {
    this.#counts.settle();
  }

  /** A transaction was given up, and is rolled back. After a fault of the disk SQLite reads all anew, as if another had written. */
  forget(): void {
    this.#counts.forget();
    this.#version = this.#dataVersion();
  }

  /** Counts anew what is there, once it was put right; inside the caller's transaction. `only`: of these tables. */
  recount(only?: readonly string[]): void {
    this.#counts.recount(only);
  }

  /** What `work` changes and deletes is not looked at before: it puts right what does not hold. */
  mending<Result>(work: () => Result): Result {
    this.#isMending = true;
    try {
      return work();
    } finally {
      this.#isMending = false;
    }
  }

  /** Whether a row that was read is the one that was written. Throws ROW_TAMPERED {table, row}. */
  require(table: GuardedTable, row: Readonly<Record<string, unknown>>): void {
    const key = table.key.map((it) => row[it] as SQLInputValue);
    const where = table.key.map((it) => `${macKey(it)} = ?`).join(' AND ');
    const found = this.#statement(`SELECT mac FROM ${macTable(table.name)} WHERE ${where}`).get(
      ...key,
    );
    const values = columnsOf(table).map((it) => row[it] as Value);
    const isHeld =
      this.#holds(table.name, found?.mac, values) &&
      // Of the large columns those that were read.
      Object.entries(table.parts ?? {}).every(
        ([it, by]) => row[it] === undefined || this.#isPart(row[by], row[it]),
      );
    if (!isHeld) throw new CodedError('ROW_TAMPERED', { table: table.name, row: nameOf(key) });
  }

  /**
   * Rows after a place in the order of their keys, at most `most`, and what does not hold of them; `next` undefined: the last.
   * `look`: what else each is held to; its bytes are its own no longer than that.
   */
  scrub(
    table: GuardedTable,
    { after, most, look }: ScrubbedPart,
  ): Pick<ScrubStep, 'bad' | 'rows' | 'bytes'> & { readonly next: readonly Value[] | undefined } {
    const { name, key } = table;
    const columns = scrubbedColumns(table);
    const bad: BadRow[] = [];
    let [rows, bytes] = [0, 0];
    let last: readonly Value[] = [];
    const unread = foundIn(name, () => {
      for (const row of this.#rowsAfter(table, after, most)) {
        rows++;
        for (const it of row) if (it instanceof Uint8Array) bytes += it.length;
        last = row.slice(0, key.length);
        const column = this.#unheld(table, row);
        const bound = column === '' ? 'row MAC' : 'column MAC';
        if (column !== undefined) bad.push({ table: name, row: nameOf(last), column, bound });
        if (look !== undefined) bad.push(...look(rowOf(columns, row)));
        for (const it of row.slice(key.length)) leave(it);
      }
      return [];
    });
    const isOver = rows < most || unread.length > 0;
    return { bad: [...bad, ...unread], rows, bytes, next: isOver ? undefined : last };
  }

  /** Each as values in the order of `scrubbedColumns`, with its MAC at the end: long ones are read one after the other. */
  *#rowsAfter(
    table: GuardedTable,
    after: readonly Value[] | undefined,
    most: number,
  ): Iterable<readonly Value[]> {
    let place = after;
    for (let left = most; left > 0; ) {
      const piece = table.parts === undefined ? Math.min(left, rowsOfPiece) : left;
      const rows = this.#pieceAfter(table, place, piece);
      let read = 0;
      for (const row of rows) {
        read++;
        place = row;
        yield row;
      }
      left = read < piece ? 0 : left - piece;
      place = place?.slice(0, table.key.length);
    }
  }

  #pieceAfter(
    table: GuardedTable,
    after: readonly Value[] | undefined,
    most: number,
  ): Iterable<readonly Value[]> {
    const { name, key } = table;
    const isFirst = after === undefined || after.length === 0;
    const place = `(${key.map((it) => `t.${it}`).join(', ')})`;
    const where = isFirst ? '' : `WHERE ${place} > (${key.map(() => '?').join(', ')})`;
    const all = scrubbedColumns(table).map((it) => `t.${it}`);
    const [mac, beside] = table.isIndex ? ['', ''] : [', g.mac', joinedMac(table)];
    const statement = this.#statement(
      `SELECT ${all.join(', ')}${mac} FROM ${name} AS t ${beside} ${where}
       ORDER BY ${key.map((it) => `t.${it}`).join(', ')} LIMIT ${most}`,
    );
    // An object for each row costs more than its MAC.
    statement.setReturnArrays(true);
    const from = (isFirst ? [] : after) as SQLInputValue[];
    const rows: unknown =
      table.parts === undefined ? statement.all(...from) : statement.iterate(...from);
    return rows as Iterable<readonly Value[]>;
  }

  /** The column of a row that was read which is not what was written, '' where nobody can say which; undefined: it holds. */
  #unheld(table: GuardedTable, row: readonly Value[]): string | undefined {
    if (table.isIndex) return undefined;
    const bound = row.slice(0, table.key.length + table.bound.length);
    if (!this.#holds(table.name, row.at(-1), bound)) return '';
    const value = (column: string) => row[scrubbedColumns(table).indexOf(column)];
    return Object.entries(table.parts ?? {}).find(
      ([it, by]) => !this.#isPart(value(by), value(it)),
    )?.[0];
  }

  /** Deletes rows that do not hold, and MACs without rows; returns the keys of the rows that have one number. Mending. */
  dropBad(table: GuardedTable): readonly number[] {
    const { name, key } = table;
    const own = key.map((it) => `${it} = ?`).join(' AND ');
    const ids: number[] = [];
    if (table.isIndex) return ids;
    let place: readonly Value[] | undefined;
    do {
      // All at once: rows go while they are walked.
      const rows = [...this.#rowsAfter(table, place, 512)];
      for (const row of rows) {
        if (this.#unheld(table, row) === undefined) continue;
        const at = row.slice(0, key.length) as SQLInputValue[];
        this.#db.prepare(`DELETE FROM ${name} WHERE ${own}`).run(...at);
        if (typeof at[0] === 'number') ids.push(at[0]);
      }
      place = rows.length < 512 ? undefined : rows.at(-1)?.slice(0, key.length);
    } while (place !== undefined);
    const on = key.map((it) => `t.${it} = g.${macKey(it)}`).join(' AND ');
    this.#db.exec(
      `DELETE FROM ${macTable(name)} AS g WHERE NOT EXISTS (SELECT 1 FROM ${name} AS t WHERE ${on})`,
    );
    return ids;
  }

  /** MACs whose rows are gone. */
  orphans(table: GuardedTable): readonly BadRow[] {
    const { name, key } = table;
    if (table.isIndex) return [];
    const on = key.map((it) => `t.${it} = g.${macKey(it)}`).join(' AND ');
    const rows = this.#db
      .prepare(
        `SELECT ${key.map((it) => `g.${macKey(it)} AS ${it}`).join(', ')} FROM ${macTable(name)} AS g
         WHERE NOT EXISTS (SELECT 1 FROM ${name} AS t WHERE ${on})`,
      )
      .all();
    return rows.map((row) => ({
      ...{ table: name, row: nameOf(key.map((it) => row[it] as Value)), column: '' },
      bound: 'row gone',
    }));
  }

  #statement(sql: string): StatementSync {
    const kept = this.#prepared.get(sql);
    if (kept !== undefined) return kept;
    const prepared = this.#db.prepare(sql);
    this.#prepared.set(sql, prepared);
    return prepared;
  }

  /** Whether another connection has committed anything since this was asked last. */
  wasWrittenByOthers(): boolean {
    this.#noteOthers();
    const isWritten = this.#isWritten;
    this.#isWritten = false;
    return isWritten;
  }

  #noteOthers(): void {
    const before = this.#version;
    this.#version = this.#dataVersion();
    this.#isWritten ||= before !== undefined && before !== this.#version;
  }

  #dataVersion(): unknown {
    return this.#statement('PRAGMA data_version').get()?.data_version;
  }

  /** What only all rows together show, at once. */
  scrubWhole(isFull: boolean): readonly BadRow[] {
    const gone = this.#tables.flatMap((table) => foundIn(table.name, () => this.orphans(table)));
    const counts = foundIn('guard_counts', () => this.#counts.wrong());
    return [...gone, ...counts, ...(isFull ? unsound(this.#db, indexesAmong(this.#tables)) : [])];
  }

  #came(table: string, values: readonly unknown[]): Uint8Array {
    const mac = this.#macs.mac(table, values as Value[]);
    this.#counts.add(table, mac, 1);
    return mac;
  }

  #held(table: string, mac: unknown, values: readonly unknown[]): null {
    if (!this.#isMending && !this.#holds(table, mac, values as Value[]))
      throw new CodedError('ROW_TAMPERED', { table });
    return null;
  }

  #gone(table: string, mac: unknown): null {
    if (mac instanceof Uint8Array) this.#counts.add(table, mac, -1);
    return null;
  }

  #holds(table: string, mac: unknown, values: readonly Value[]): boolean {
    return mac instanceof Uint8Array && equalBytes(mac, this.#macs.mac(table, values));
  }

  #isPart(mac: unknown, column: unknown): boolean {
    return (
      mac instanceof Uint8Array &&
      column instanceof Uint8Array &&
      equalBytes(mac, this.#macs.ofPart(column))
    );
  }
}

/**
 * Whether a file is to be made: it has no version, and no table. Throws HOME_INVALID: it has tables, whose rows would all be taken for
 * what was written here. Rule VT-6.
 */
export function isFileNew(db: DatabaseSync): boolean {
  if (db.prepare('PRAGMA user_version').get()?.user_version !== 0) return false;
  if (db.prepare('SELECT 1 FROM sqlite_schema').get() === undefined) return true;
  throw new CodedError('HOME_INVALID', { part: 'data-server' });
}

/** Which rows of a table a step looks at. */
export interface ScrubbedPart {
  /** The key of the last row before them; undefined or empty: from the first. */
  readonly after: readonly Value[] | undefined;
  readonly most: number;
  readonly look?: ((row: Readonly<Record<string, Value>>) => Iterable<BadRow>) | undefined;
}

/** What a scrub reads of a table, in its order. */
const scrubbedColumns = (table: GuardedTable): readonly string[] => [
  ...columnsOf(table),
  ...(table.beside ?? []),
];

const rowOf = (columns: readonly string[], row: readonly Value[]) =>
  Object.fromEntries(columns.map((it, at) => [it, row[at] ?? null]));

/** The next row takes the memory of what is long while the processor still has it near. */
function leave(value: Value): void {
  if (value instanceof Uint8Array && value.length >= longBytes) giveBack(value);
}
const longBytes = 4_096;
/** Of short rows so many at once: to ask for one costs as much as to read it. */
const rowsOfPiece = 64;
