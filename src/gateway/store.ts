import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { CodedError } from '../primitives/errors.ts';
import { isSqliteFull } from '../primitives/sqlite-full.ts';
import { bindingStore, bindRows, hasTotals, type UnboundRow, unboundRows } from './bound-rows.ts';
import type { FaultPoint } from './faults.ts';
import {
  hasTables,
  isMigrationDue,
  type Migration,
  migrate,
  type StoreOwner,
} from './migrations.ts';

const patienceMs = 2_000;
/** The whole server stands still meanwhile. */
const checkpointPatienceMs = 50;

/**
 * The SQLite file of one gateway, in which each part has its own tables. A statement that returned is on disk (WAL
 * with synchronous=FULL), and what was deleted is overwritten (`secure_delete`); after an erasure `forgetDeleted`
 * empties the log too.
 * Source: docs/protocol/http.md, rule H-15.
 */
export class Store {
  /** What opening it did to a file that was there before. */
  readonly migrated: Migration | undefined;
  /** What opening it bound as it was, though it was not as it had been written. */
  readonly unbound: readonly UnboundRow[];
  readonly #sqlite: DatabaseSync;
  readonly #faultPoint: FaultPoint;
  readonly #writes: ReadonlySet<string>;
  readonly #statements = new Map<string, StatementSync>();
  #depth = 0;
  #isForgetDue = false;

  /**
   * `:memory:` keeps nothing. `rowKey`: every row that nothing else binds has a MAC under it. Throws as `migrate`,
   * DISK_FULL.
   */
  constructor(
    path: string,
    owners: readonly StoreOwner[],
    faultPoint: FaultPoint = () => {},
    rowKey?: Uint8Array,
  ) {
    this.#faultPoint = faultPoint;
    this.#writes = new Set(owners.flatMap(({ writes = [] }) => writes));
    this.#sqlite = new DatabaseSync(path, {
      enableForeignKeyConstraints: true,
      timeout: patienceMs,
    });
    try {
      const before = this.#unboundBefore(owners, rowKey);
      const { migrated, anew } = this.#open(owners, rowKey);
      this.migrated = migrated;
      this.unbound = [...before, ...anew];
    } catch (error) {
      this.#sqlite.close();
      throw faultOf(error);
    }
  }

  /** A file whose rows are bound is migrated and bound in one step: a process that ends in between leaves no row that another hand could have written. */
  #open(
    owners: readonly StoreOwner[],
    rowKey: Uint8Array | undefined,
  ): { readonly migrated: Migration | undefined; readonly anew: readonly UnboundRow[] } {
    this.#sqlite.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;');
    const sqlite = this.#sqlite;
    const all = [bindingStore, ...owners];
    const transaction = <Result>(work: () => Result) => this.#stepwise('migrate', work);
    const opened =
      rowKey === undefined
        ? { migrated: migrate({ sqlite, transaction }, all), anew: [] }
        : transaction(() => {
            const wasBound = hasTables(sqlite, bindingStore);
            const migrated = migrate({ sqlite, transaction }, all);
            const of = { owners: all, isMigrated: migrated !== undefined, wasBound };
            const anew = bindRows(sqlite, rowKey, of).map(
              (table) => ({ table, because: 'key' }) as const,
            );
            return { migrated, anew };
          });
    // What a crash left in the log is flushed before anybody is told of it, and erased pages go with it.
    this.forgetDeleted();
    return opened;
  }

  /** A migration writes rows as they come: what was not as it was written is told first. */
  #unboundBefore(owners: readonly StoreOwner[], rowKey: Uint8Array | undefined): UnboundRow[] {
    const sqlite = this.#sqlite;
    if (rowKey === undefined || !hasTotals(sqlite) || !isMigrationDue(sqlite, owners)) return [];
    return [...unboundRows(sqlite, rowKey)].filter((it) => it !== undefined);
  }

  /** The number of rows that changed. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#write(sql, values).changes);
  }

  /** The id of the row that was inserted. */
  insert(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#write(sql, values).lastInsertRowid);
  }

  get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    const found = this.#prepare(sql).get(...values);
    return found === undefined ? undefined : new Row(found);
  }

  all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#prepare(sql)
      .all(...values)
      .map((found) => new Row(found));
  }

  /**
   * All or nothing; inside another transaction it is a part of that one. `name` is one of the owners' `writes`.
   * Throws DISK_FULL.
   */
  transaction<Result>(name: string, work: () => Result): Result {
    if (!this.#writes.has(name)) throw new CodedError('INTERNAL', { write: name });
    return this.#stepwise(name, work);
  }

  #stepwise<Result>(name: string, work: () => Result): Result {
    if (this.#depth > 0) return work();
    this.#faultPoint(`${name}:begin`);
    const result = this.#whole(name, work);
    this.#faultPoint(`${name}:done`);
    return result;
  }

  #whole<Result>(name: string, work: () => Result): Result {
    try {
      this.#sqlite.exec('BEGIN IMMEDIATE');
      this.#depth = 1;
      const result = work();
      this.#faultPoint(`${name}:commit`);
      this.#sqlite.exec('COMMIT');
      return result;
    } catch (error) {
      // SQLite has rolled back by itself when the disk is full.
      if (this.#sqlite.isTransaction) this.#sqlite.exec('ROLLBACK');
      throw faultOf(error);
    } finally {
      this.#depth = 0;
    }
  }

  /**
   * Moves the write-ahead log into the file and cuts it, so that it holds no old page any more. Somebody who
   * reads an older state (a backup, a verification) is in the way: not waited for, `forgetDue` tries again.
   */
  forgetDeleted(): void {
    this.#sqlite.exec(`PRAGMA busy_timeout=${checkpointPatienceMs}`);
    try {
      const row = this.#sqlite.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get();
      this.#isForgetDue = row?.busy !== 0;
    } finally {
      this.#sqlite.exec(`PRAGMA busy_timeout=${patienceMs}`);
    }
  }

  forgetDue(): void {
    if (this.#isForgetDue) this.forgetDeleted();
  }

  close(): void {
    if (this.#sqlite.isOpen) this.#sqlite.close();
  }

  #write(sql: string, values: readonly SQLInputValue[]) {
    try {
      return this.#prepare(sql).run(...values);
    } catch (error) {
      throw faultOf(error);
    }
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#sqlite.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

function faultOf(error: unknown): unknown {
  return isSqliteFull(error) ? new CodedError('DISK_FULL', {}, error) : error;
}

/** One row; a column of another type than asked for is a fault of this file, not of a request. */
export class Row {
  readonly #columns: Readonly<Record<string, unknown>>;

  constructor(columns: Readonly<Record<string, unknown>>) {
    this.#columns = columns;
  }

  text(column: string): string {
    const value = this.#columns[column];
    if (typeof value !== 'string') throw new CodedError('INTERNAL', { column });
    return value;
  }

  uint(column: string): number {
    const value = this.#columns[column];
    if (typeof value !== 'number') throw new CodedError('INTERNAL', { column });
    return value;
  }

  bytes(column: string): Uint8Array {
    const value = this.#columns[column];
    if (!(value instanceof Uint8Array)) throw new CodedError('INTERNAL', { column });
    return value;
  }

  isNull(column: string): boolean {
    return this.#columns[column] === null;
  }
}
