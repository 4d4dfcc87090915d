import type { WriteAttempt } from '../../../api/incident-report.ts';
import type { GuardedTable } from '../guarded-tables.ts';
import type { Row } from '../page-rows.ts';
import type { RowMacs } from '../row-macs.ts';
import type { BadRow, ScrubPlace } from '../upkeep.ts';
import {
  columnsOf,
  isHeld,
  rowName,
  tableNamed,
  tampered,
  typeOf,
  valueIn,
} from './postgres-guarded-rows.ts';
import { GuardedStep } from './postgres-guarded-step.ts';
import {
  type Ask,
  type PostgresPart,
  PostgresSession,
  type PostgresValue,
} from './postgres-session.ts';
import { PostgresWatch, type WatchedTables } from './postgres-watch.ts';

/** What a step of a scrub read. */
export interface ScrubbedRows {
  /** With `isHeld` of each. */
  readonly rows: readonly { readonly row: Row; readonly isHeld: boolean }[];
  readonly bytes: number;
  /** Undefined: these were the last. */
  readonly next: ScrubPlace['after'] | undefined;
}

const rowsOfDrop = 512;

/**
 * Holds a schema of PostgreSQL to the MACs of its rows. The database has no function of one connection's own, so they are made here and
 * written with the row, in its column `mac`. Source: docs/protocol/vitals-tampering.md, rules VT-6, VT-7 and VT-16.
 */
export class PostgresRowGuard {
  readonly ask: Ask;
  readonly #session: PostgresSession;
  readonly #macs: RowMacs;
  readonly #tables: readonly GuardedTable[];
  readonly #watch: PostgresWatch;

  private constructor(session: PostgresSession, watch: PostgresWatch, of: Guarded) {
    this.#session = session;
    this.ask = session.ask;
    this.#macs = of.macs;
    this.#tables = of.tables;
    this.#watch = watch;
  }

  /** Throws as `PostgresSession.open`, and each call as a session's work does. */
  static async open(url: string, part: PostgresPart, of: Guarded): Promise<PostgresRowGuard> {
    const { macs, tables } = of;
    const watch = new PostgresWatch(of.watched, macs);
    const session = await PostgresSession.open(url, part, {
      async made(ask) {
        await watch.made(ask);
        await new GuardedStep({ ask, macs, tables }).recount();
      },
      connected: (ask) => watch.connected(ask),
    });
    return new PostgresRowGuard(session, watch, of);
  }

  close(): Promise<void> {
    return this.#session.close();
  }

  /** All of `work` or nothing of it, and its counts. */
  together<Result>(work: (step: GuardedStep) => Promise<Result>): Promise<Result> {
    return this.#session.together(async (ask) => {
      const step = new GuardedStep({ ask, macs: this.#macs, tables: this.#tables });
      const result = await work(step);
      await step.settle();
      return result;
    });
  }

  /** Nothing that this server writes comes between what `work` reads. */
  reading<Result>(work: (ask: Ask) => Promise<Result>): Promise<Result> {
    return this.#session.together(work);
  }

  /** What `work` changes and deletes is not looked at before: it puts right what does not hold. */
  mending<Result>(work: (step: GuardedStep) => Promise<Result>): Promise<Result> {
    return this.#session.together(async (ask) => {
      const step = new GuardedStep({
        ...{ ask, macs: this.#macs, tables: this.#tables, isMending: true },
      });
      const result = await work(step);
      await step.recount();
      return result;
    });
  }

  /** Rows with all columns under the MAC, and `mac`, once they are those that were written. Throws ROW_TAMPERED {table, row}. */
  held(name: string, rows: readonly Row[]): readonly Row[] {
    const table = tableNamed(this.#tables, name);
    for (const row of rows) if (!isHeld(this.#macs, table, row)) throw tampered(table, row);
    return rows;
  }

  /** The MAC of what is no row of a guarded table by itself. */
  readonly mac: RowMacs['mac'] = (table, values) => this.#macs.mac(table, values);

  /** Rows after a place in the order of their keys. `select`, `join`: what is read beside them, of `t`. */
  async scrub(
    ask: Ask,
    table: GuardedTable,
    of: {
      readonly after: ScrubPlace['after'] | undefined;
      readonly most: number;
      readonly select?: string;
      readonly join?: string;
    },
  ): Promise<ScrubbedRows> {
    const { name, key } = table;
    const after = of.after ?? [];
    const place = key.map((it) => `t.${it}`).join(', ');
    const values = key.map((it, at) => `$${at + 1}::${typeOf(it)}`).join(', ');
    const columns = [...columnsOf(table), ...(table.beside ?? []), 'mac'].map((it) => `t.${it}`);
    const found = await ask(
      `SELECT ${columns.join(', ')} ${of.select ?? ''} FROM ${name} AS t ${of.join ?? ''}
       ${after.length === 0 ? '' : `WHERE (${place}) > (${values})`} ORDER BY ${place} LIMIT ${of.most}`,
      ...(after as readonly PostgresValue[]),
    );
    let bytes = 0;
    for (const row of found)
      for (const it of Object.values(row)) if (it instanceof Uint8Array) bytes += it.length;
    const last = found.length < of.most ? undefined : found.at(-1);
    return {
      rows: found.map((row) => ({ row, isHeld: isHeld(this.#macs, table, row) })),
      bytes,
      next: last && key.map((it) => valueIn(last, it) as ScrubPlace['after'][number]),
    };
  }

  /** Deletes rows that do not hold; returns them. Mending. */
  async dropBad(step: GuardedStep, table: GuardedTable): Promise<readonly Row[]> {
    const { name, key } = table;
    const own = key.map((it, at) => `${it} = $${at + 1}`).join(' AND ');
    const dropped: Row[] = [];
    let after: ScrubPlace['after'] | undefined;
    do {
      const { rows, next } = await this.scrub(step.ask, table, { after, most: rowsOfDrop });
      for (const { row, isHeld } of rows) {
        if (isHeld) continue;
        await step.drop(name, own, ...key.map((it) => row[it] as PostgresValue));
        dropped.push(row);
      }
      after = next;
    } while (after !== undefined);
    return dropped;
  }

  /** Tables that are counted, and have not the rows that they had. */
  miscounted(): Promise<readonly BadRow[]> {
    return this.#session.together(async (ask) => {
      const step = new GuardedStep({ ask, macs: this.#macs, tables: this.#tables });
      const names = await step.miscounted();
      return names.map((table) => ({ table, row: '', column: '', bound: 'row count' }));
    });
  }

  wasWrittenByOthers(): Promise<boolean> {
    return this.#watch.isWritten(this.ask);
  }

  attempts(): Promise<readonly WriteAttempt[]> {
    return this.#watch.attempts(this.ask);
  }

  reported(): Promise<void> {
    return this.#watch.reported(this.ask);
  }
}

/** What is guarded, and by which key. */
export interface Guarded {
  readonly macs: RowMacs;
  readonly tables: readonly GuardedTable[];
  readonly watched: WatchedTables;
}

export const badMac = (table: GuardedTable, row: Row): BadRow => ({
  ...{ table: table.name, row: rowName(table, row), column: '', bound: 'row MAC' },
});
