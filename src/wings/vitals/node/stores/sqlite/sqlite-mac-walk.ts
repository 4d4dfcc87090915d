import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { equalBytes } from '../../../../../primitives/bytes.ts';
import type { GuardedTable } from '../guarded-tables.ts';
import { macKey, macTable, nameOf } from '../row-guard-sql.ts';
import { type RowMacs, type Value, xor } from '../row-macs.ts';
import type { BadRow, ScrubPlace, ScrubStep } from '../upkeep.ts';
import type { KeptCount } from './sqlite-row-counts.ts';

const zero: Uint8Array = new Uint8Array(32);
/** A table that changes again and again while it is counted is counted at once then. */
const mostBeginnings = 4;

interface Counting {
  readonly table: string;
  /** Its count at the beginning. */
  readonly change: number | undefined;
  readonly beginnings: number;
  readonly rows: number;
  readonly sum: Uint8Array;
  /** Where it is. */
  readonly at: string;
}

/**
 * What only all rows of a file together show, a few MACs a step: those whose rows are gone, and whether each count is that of its
 * table. A table that is written to meanwhile is counted from its beginning again. Source: docs/protocol/vitals-tampering.md, rules VT-7 and VT-8.
 */
export class MacWalk {
  readonly #db: DatabaseSync;
  readonly #macs: RowMacs;
  readonly #tables: readonly GuardedTable[];
  readonly #countOf: (table: string) => KeptCount | undefined;
  readonly #prepared = new Map<string, StatementSync>();
  #counting: Counting | undefined;

  /** `countOf` undefined: none is kept, or none that was kept here. */
  constructor(of: {
    readonly db: DatabaseSync;
    readonly macs: RowMacs;
    readonly tables: readonly GuardedTable[];
    readonly countOf: (table: string) => KeptCount | undefined;
  }) {
    this.#db = of.db;
    this.#macs = of.macs;
    this.#tables = of.tables.filter(({ isIndex }) => !isIndex);
    this.#countOf = of.countOf;
  }

  /** The next MACs, at most `most`; a place that is none of a table of MACs is the beginning. */
  step(place: ScrubPlace | undefined, most: number): ScrubStep {
    const found = this.#tables.findIndex(({ name }) => macTable(name) === place?.table);
    const at = Math.max(0, found);
    const table = this.#tables[at];
    if (table === undefined) return { bad: [], rows: 0, bytes: 0, next: undefined };
    const following = this.#tables[at + 1];
    const kept = table.isCounted ? this.#countOf(table.name) : undefined;
    const { counting, after } = this.#goingOn(table, kept, found < 0 ? [] : (place?.after ?? []));
    const isLate = counting.beginnings >= mostBeginnings;
    const rows = this.#rows(table, after, isLate ? -1 : most);
    const last = isLate || rows.length < most ? undefined : rows.at(-1);
    const counted = this.#counted(table, counting, rows);
    const next = last && ({ table: macTable(table.name), after: keyOf(table, last) } as ScrubPlace);
    this.#counting = next && { ...counted, at: nameOf(next.after) };
    return {
      bad: [
        ...rows.filter(({ gone }) => gone === 1).map((row) => goneOf(table, row)),
        ...(next === undefined && table.isCounted && !isCountOf(kept, counted)
          ? [{ table: table.name, row: '', column: '', bound: 'row count' }]
          : []),
      ],
      ...{ rows: rows.length, bytes: 0 },
      next: next ?? (following && { table: macTable(following.name), after: [] }),
    };
  }

  /** From where it is, unless this process did not count up to there, or the table is another one since. */
  #goingOn(
    { name, isCounted }: GuardedTable,
    kept: KeptCount | undefined,
    after: ScrubPlace['after'],
  ): { readonly counting: Counting; readonly after: ScrubPlace['after'] } {
    const before = this.#counting;
    const isHere = before?.table === name && before.at === nameOf(after);
    if (isHere && before.change === kept?.change) return { counting: before, after };
    const beginnings = isHere && after.length > 0 ? before.beginnings + 1 : 1;
    const none = { table: name, change: kept?.change, beginnings, rows: 0, sum: zero, at: '' };
    return { counting: none, after: isCounted ? [] : after };
  }

  #rows({ name, key }: GuardedTable, after: ScrubPlace['after'], most: number): readonly Row[] {
    const keys = key.map((it) => `g.${macKey(it)}`).join(', ');
    const on = key.map((it) => `t.${it} = g.${macKey(it)}`).join(' AND ');
    const where = after.length === 0 ? '' : `WHERE (${keys}) > (${key.map(() => '?').join(', ')})`;
    const sql = `SELECT ${keys}, g.mac, NOT EXISTS (SELECT 1 FROM ${name} AS t WHERE ${on}) AS gone
      FROM ${macTable(name)} AS g ${where} ORDER BY ${keys} LIMIT ${most}`;
    return this.#statement(sql).all(...(after as SQLInputValue[]));
  }

  #counted({ name, isCounted }: GuardedTable, before: Counting, rows: readonly Row[]): Counting {
    if (!isCounted) return before;
    let { sum } = before;
    for (const { mac } of rows)
      if (mac instanceof Uint8Array) sum = xor(sum, this.#macs.part(name, mac));
    return { ...before, rows: before.rows + rows.length, sum };
  }

  #statement(sql: string): StatementSync {
    const kept = this.#prepared.get(sql) ?? this.#db.prepare(sql);
    this.#prepared.set(sql, kept);
    return kept;
  }
}

type Row = Readonly<Record<string, unknown>>;

const keyOf = ({ key }: GuardedTable, row: Row): readonly Value[] =>
  key.map((it) => row[macKey(it)] as Value);

const goneOf = (table: GuardedTable, row: Row): BadRow => ({
  ...{ table: table.name, row: nameOf(keyOf(table, row)), column: '', bound: 'row gone' },
});

const isCountOf = (kept: KeptCount | undefined, { rows, sum }: Counting): boolean =>
  kept !== undefined && kept.rows === rows && equalBytes(kept.sum, sum);
