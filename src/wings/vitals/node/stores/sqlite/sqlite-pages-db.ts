import { chmodSync } from 'node:fs';
import { DatabaseSync, type SQLOutputValue, type StatementSync } from 'node:sqlite';
import { CodedError } from '../../../../../primitives/errors.ts';
import { type PageTable, pageTables } from '../guarded-tables.ts';
import type { Row } from '../page-rows.ts';
import type { RowMacs } from '../row-macs.ts';
import { pagesSchema, pagesVersion } from './sqlite-pages-schema.ts';
import { isFileNew, SqliteRowGuard } from './sqlite-row-guard.ts';

/** Rows of many are long: fewer pages of the file each, and still not much for a short one. */
const pageBytes = 8_192;
/** A batch that is sealed or put right is one step of some 12 MB: what does not fit is written before its end, and read again. */
const cacheKib = 16_384;

type Bound = string | number | null | Uint8Array;

/** The file of a page store, its tables made and guarded: one writer. Rules VS-19, VT-6. */
export class PagesDb {
  readonly guard: SqliteRowGuard;
  readonly macs: RowMacs;
  readonly #db: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();

  /** Throws HOME_INVALID for a database of another version. */
  constructor(path: string, macs: RowMacs) {
    this.macs = macs;
    this.#db = new DatabaseSync(path, { timeout: 5_000 });
    try {
      if (path !== ':memory:') chmodSync(path, 0o600);
      this.#db.exec(
        `PRAGMA page_size = ${pageBytes}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         PRAGMA secure_delete = ON; PRAGMA cache_size = -${cacheKib};`,
      );
      this.guard = new SqliteRowGuard(this.#db, macs, pageTables);
      if (isFileNew(this.#db))
        this.together(() => {
          this.#db.exec(pagesSchema);
          this.guard.install();
          this.#db.exec(`PRAGMA user_version = ${pagesVersion}`);
        });
      if (this.#version() !== pagesVersion)
        throw new CodedError('HOME_INVALID', { part: 'data-server' });
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  close(): void {
    this.#db.close();
  }

  /** All of `work` or nothing of it. */
  together<Result>(work: () => Result): Result {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      this.guard.begin();
      const result = work();
      this.guard.settle();
      this.#db.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      this.guard.forget();
      throw error;
    }
  }

  /** The row, once it is the one that was written, and of its large columns those that were read. Throws ROW_TAMPERED. */
  held(table: PageTable, row: Row): Row {
    const guarded = pageTables.find(({ name }) => name === table);
    if (guarded !== undefined) this.guard.require(guarded, row);
    return row;
  }

  get(sql: string, ...values: Bound[]): Row | undefined {
    return this.#statement(sql).get(...values);
  }

  all(sql: string, ...values: Bound[]): Row[] {
    return this.#statement(sql).all(...values);
  }

  /** One after the other; none is left where the caller breaks off. */
  each(sql: string, ...values: Bound[]): Iterable<Row> {
    return this.#statement(sql).iterate(...values);
  }

  run(sql: string, ...values: Bound[]) {
    return this.#statement(sql).run(...values);
  }

  /** The number of the row that comes next in a table. */
  nextNumber(table: 'sayings' | 'accepted' | 'sealed'): number {
    const row = this.get(`SELECT coalesce(max(number), 0) + 1 AS number FROM ${table}`);
    return typeof row?.number === 'number' ? row.number : 1;
  }

  #version(): SQLOutputValue | undefined {
    return this.#db.prepare('PRAGMA user_version').get()?.user_version;
  }

  #statement(sql: string): StatementSync {
    const kept = this.#prepared.get(sql);
    if (kept !== undefined) return kept;
    const prepared = this.#db.prepare(sql);
    this.#prepared.set(sql, prepared);
    return prepared;
  }
}
