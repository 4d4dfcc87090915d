import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { equalBytes } from '../../../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../../../primitives/errors.ts';
import type { GuardedTable } from '../guarded-tables.ts';
import { macTable } from '../row-guard-sql.ts';
import { type RowMacs, type Value, xor } from '../row-macs.ts';
import type { BadRow } from '../upkeep.ts';

export const countsSql = `CREATE TABLE IF NOT EXISTS guard_counts
  (name TEXT PRIMARY KEY, change INTEGER NOT NULL, rows INTEGER NOT NULL, hidden BLOB NOT NULL, mac BLOB NOT NULL) STRICT, WITHOUT ROWID;`;

interface Counted {
  readonly rows: number;
  readonly sum: Uint8Array;
}
interface Count extends Counted {
  /** Counts up: no pad hides two sums. */
  readonly change: number;
}

const none: Counted = { rows: 0, sum: new Uint8Array(32) };

/** How many rows a table has, and a hidden sum of a part of each. Source: vitals-tampering.md, rule VT-7. */
export class SqliteRowCounts {
  readonly #db: DatabaseSync;
  readonly #macs: RowMacs;
  readonly #counted: readonly string[];
  /** What the transaction that runs adds. */
  readonly #changes = new Map<string, Counted>();
  readonly #prepared = new Map<string, StatementSync>();

  constructor(db: DatabaseSync, macs: RowMacs, tables: readonly GuardedTable[]) {
    this.#db = db;
    this.#macs = macs;
    this.#counted = tables.filter(({ isCounted }) => isCounted).map(({ name }) => name);
  }

  /** A row came, with this MAC, or went. */
  add(table: string, mac: Uint8Array, by: 1 | -1): void {
    if (!this.#counted.includes(table)) return;
    const before = this.#changes.get(table) ?? none;
    const sum = xor(before.sum, this.#macs.part(table, mac));
    this.#changes.set(table, { rows: before.rows + by, sum });
  }

  /** Before a transaction commits: counts what it wrote. Throws ROW_TAMPERED. */
  settle(): void {
    for (const [table, { rows, sum }] of this.#changes) {
      const before = this.#kept(table);
      this.#keep(table, {
        change: (before?.change ?? 0) + 1,
        rows: (before?.rows ?? 0) + rows,
        sum: xor(before?.sum ?? none.sum, sum),
      });
    }
    this.#changes.clear();
  }

  /** A transaction was given up. */
  forget(): void {
    this.#changes.clear();
  }

  /** Of the tables that are counted those whose count is not that of their rows. */
  wrong(): readonly BadRow[] {
    return this.#counted
      .filter((table) => {
        const kept = this.#held(table);
        const found = this.#found(table);
        return kept === undefined || kept.rows !== found.rows || !equalBytes(kept.sum, found.sum);
      })
      .map((table) => ({ table, row: '', column: '', bound: 'row count' }));
  }

  /** Counts anew what is there, once it was put right; inside the caller's transaction. `only`: of these tables. */
  recount(only: readonly string[] = this.#counted): void {
    for (const table of this.#counted) {
      if (!only.includes(table)) continue;
      this.#changes.delete(table);
      const sql = 'SELECT change FROM guard_counts WHERE name = ?';
      const change = this.#statement(sql).get(table)?.change;
      const before = typeof change === 'number' ? change : 0;
      this.#keep(table, { change: before + 1, ...this.#found(table) });
    }
  }

  #found(table: string): Counted {
    const macs = this.#statement(`SELECT mac FROM ${macTable(table)}`);
    macs.setReturnArrays(true);
    const sum = new Uint8Array(32);
    let rows = 0;
    const all: unknown = macs.iterate();
    for (const [mac] of all as Iterable<readonly [unknown]>) {
      rows++;
      if (!(mac instanceof Uint8Array)) continue;
      const part = this.#macs.part(table, mac);
      for (let at = 0; at < sum.length; at++) sum[at] = (sum[at] ?? 0) ^ (part[at] ?? 0);
    }
    return { rows, sum };
  }

  #held(table: string): Count | undefined {
    try {
      return this.#kept(table);
    } catch (error) {
      if (isCoded(error, 'ROW_TAMPERED')) return undefined;
      throw error;
    }
  }

  /** Undefined: none was kept. Throws ROW_TAMPERED: what is kept is not what was counted. */
  #kept(table: string): Count | undefined {
    const row = this.#statement('SELECT * FROM guard_counts WHERE name = ?').get(table);
    if (row === undefined) return undefined;
    const { change, rows, hidden, mac } = row as Record<string, Value>;
    const isCount =
      hidden instanceof Uint8Array && typeof change === 'number' && typeof rows === 'number';
    if (
      !isCount ||
      !(mac instanceof Uint8Array) ||
      !equalBytes(mac, this.#macs.mac('counts', [table, change, rows, hidden]))
    )
      throw new CodedError('ROW_TAMPERED', { table: 'guard_counts', row: table });
    return { change, rows, sum: xor(hidden, this.#macs.pad(table, change)) };
  }

  #keep(table: string, { change, rows, sum }: Count): void {
    const hidden = xor(sum, this.#macs.pad(table, change));
    const mac = this.#macs.mac('counts', [table, change, rows, hidden]);
    this.#statement('INSERT OR REPLACE INTO guard_counts VALUES (?, ?, ?, ?, ?)').run(
      ...[table, change, rows, hidden, mac],
    );
  }

  #statement(sql: string): StatementSync {
    const kept = this.#prepared.get(sql);
    if (kept !== undefined) return kept;
    const prepared = this.#db.prepare(sql);
    this.#prepared.set(sql, prepared);
    return prepared;
  }
}
