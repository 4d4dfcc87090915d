import { equalBytes } from '../../../../../primitives/bytes.ts';
import { CodedError } from '../../../../../primitives/errors.ts';
import type { GuardedTable } from '../guarded-tables.ts';
import { bytesIn, type Row, textIn, uintIn } from '../page-rows.ts';
import { type RowMacs, xor } from '../row-macs.ts';
import { columnsOf, isHeld, macOf, tableNamed, tampered, typeOf } from './postgres-guarded-rows.ts';
import type { Ask, PostgresValue } from './postgres-session.ts';

/** How many rows a table has, and the sum of their parts. Rule VT-7. */
export interface Count {
  readonly rows: number;
  readonly sum: Uint8Array;
}
export const noRows: Count = { rows: 0, sum: new Uint8Array(32) };

/** So many rows at once: what a statement carries stays small. */
const rowsAtOnce = 512;

/**
 * One transaction on guarded tables. What it writes has its MAC in the same statement; what it changes or deletes is looked at
 * first, and throws ROW_TAMPERED {table, row}, unless it is `mending`. Source: docs/protocol/vitals-tampering.md, rules VT-6, VT-7.
 */
export class GuardedStep {
  readonly ask: Ask;
  readonly #macs: RowMacs;
  readonly #tables: readonly GuardedTable[];
  readonly #isMending: boolean;
  readonly #changes = new Map<string, Count>();

  constructor(of: {
    readonly ask: Ask;
    readonly macs: RowMacs;
    readonly tables: readonly GuardedTable[];
    readonly isMending?: boolean;
  }) {
    this.ask = of.ask;
    this.#macs = of.macs;
    this.#tables = of.tables;
    this.#isMending = of.isMending ?? false;
  }

  /** Rows to be changed, looked at; they stay as they are until the step ends. */
  async rows(name: string, where: string, ...values: readonly PostgresValue[]) {
    const table = tableNamed(this.#tables, name);
    const sql = `SELECT ${columnsOf(table).join(', ')}, mac FROM ${name} WHERE ${where} FOR UPDATE`;
    return this.#looked(table, await this.ask(sql, ...values));
  }

  /** Whether a row as `rows` gave it is the one that was written: a step that mends is given all of them. */
  isHeld(name: string, row: Row): boolean {
    return isHeld(this.#macs, tableNamed(this.#tables, name), row);
  }

  /** All columns of each, those beside the MAC too. `orKeep`: a row that is there already stays. */
  async put(name: string, rows: readonly Row[], { orKeep = false } = {}): Promise<void> {
    const table = tableNamed(this.#tables, name);
    const columns = [...columnsOf(table), ...(table.beside ?? []), 'mac'];
    const arrays = columns.map((it, at) => `$${at + 1}::${typeOf(it)}[]`).join(', ');
    const sql = `INSERT INTO ${name} (${columns.join(', ')}) SELECT * FROM unnest(${arrays})
      ${orKeep ? 'ON CONFLICT DO NOTHING' : ''} RETURNING mac`;
    for (const some of parted(rows)) {
      const made = some.map((row) => ({ ...row, mac: macOf(this.#macs, table, row) }));
      const put = await this.ask(sql, ...columns.map((it) => arrayOf(made, it)));
      for (const row of put) this.#counted(table, row, 1);
    }
  }

  /** `rows` as `rows` gave them, with what is another now; `columns`: what that is. */
  async change(
    name: string,
    rows: readonly (readonly [before: Row, change: Row])[],
    columns: readonly string[],
  ): Promise<void> {
    const table = tableNamed(this.#tables, name);
    const all = [...table.key, ...columns, 'mac'];
    const arrays = all.map((it, at) => `$${at + 1}::${typeOf(it)}[]`).join(', ');
    const sql = `UPDATE ${name} AS t SET ${[...columns, 'mac'].map((it) => `${it} = u.${it}`).join(', ')}
      FROM unnest(${arrays}) AS u (${all.join(', ')}) WHERE ${table.key.map((it) => `t.${it} = u.${it}`).join(' AND ')}`;
    for (const some of parted(rows)) {
      const made = some.map(([before, change]) => {
        const row = { ...before, ...change };
        const changed = { ...row, mac: macOf(this.#macs, table, row) };
        this.#counted(table, before, -1);
        this.#counted(table, changed, 1);
        return changed;
      });
      await this.ask(sql, ...all.map((it) => arrayOf(made, it)));
    }
  }

  /** Deletes them, looked at; returns what they were. */
  async drop(name: string, where: string, ...values: readonly PostgresValue[]) {
    const table = tableNamed(this.#tables, name);
    const sql = `DELETE FROM ${name} WHERE ${where} RETURNING ${columnsOf(table).join(', ')}, mac`;
    const rows = this.#looked(table, await this.ask(sql, ...values));
    for (const row of rows) this.#counted(table, row, -1);
    return rows;
  }

  /** Numbers for rows to come: a MAC is over them. */
  async numbers(name: string, column: string, count: number): Promise<readonly number[]> {
    const rows = await this.ask(
      'SELECT nextval(pg_get_serial_sequence($1, $2)) AS id FROM generate_series(1, $3::int4)',
      ...[name, column, count],
    );
    return rows.map((row) => uintIn(row, 'id'));
  }

  /** The MAC of what is no row of a guarded table by itself. */
  readonly mac: RowMacs['mac'] = (table, values) => this.#macs.mac(table, values);

  /** Before it commits: counts what it wrote. */
  async settle(): Promise<void> {
    const names = [...this.#changes.keys()];
    if (names.length === 0) return;
    const kept = await this.#kept(names);
    const next = [...this.#changes].map(([name, { rows, sum }]) => {
      const before = kept.get(name);
      if (before === undefined)
        throw new CodedError('ROW_TAMPERED', { table: 'guard_counts', row: name });
      const count = { rows: before.rows + rows, sum: xor(before.sum, sum) };
      return { name, change: before.change + 1, ...count };
    });
    this.#changes.clear();
    await this.#keep(next);
  }

  /** What is there counts from now on. */
  async recount(): Promise<void> {
    this.#changes.clear();
    const rows = await this.ask('SELECT name, change FROM guard_counts');
    const changes = new Map(rows.map((row) => [textIn(row, 'name'), uintIn(row, 'change')]));
    const next = [];
    for (const { name, isCounted } of this.#tables)
      if (isCounted)
        next.push({ name, change: (changes.get(name) ?? 0) + 1, ...(await this.count(name)) });
    await this.#keep(next);
  }

  /** Counted tables whose count is not that of their rows. */
  async miscounted(): Promise<readonly string[]> {
    const names = this.#tables.filter(({ isCounted }) => isCounted).map(({ name }) => name);
    const kept = await this.#kept(names);
    const wrong: string[] = [];
    for (const name of names) {
      const [count, found] = [kept.get(name), await this.count(name)];
      if (count?.rows !== found.rows || !equalBytes(count.sum, found.sum)) wrong.push(name);
    }
    return wrong;
  }

  /** Of the rows that are there, whatever an index says. */
  async count(name: string): Promise<Count> {
    let count = noRows;
    await this.ask(`DECLARE counted NO SCROLL CURSOR FOR SELECT mac FROM ${name}`);
    for (;;) {
      const rows = await this.ask('FETCH 4096 FROM counted');
      for (const row of rows) count = this.#added(count, name, bytesIn(row, 'mac'), 1);
      if (rows.length === 0) break;
    }
    await this.ask('CLOSE counted');
    return count;
  }

  /** Those whose own MAC holds. */
  async #kept(names: readonly string[]) {
    const sql = 'SELECT * FROM guard_counts WHERE name = ANY ($1::text[]) FOR UPDATE';
    const kept = new Map<string, Count & { readonly change: number }>();
    for (const row of await this.ask(sql, names)) {
      const [name, hidden] = [textIn(row, 'name'), bytesIn(row, 'hidden')];
      const [change, rows] = [uintIn(row, 'change'), uintIn(row, 'rows')];
      const mac = this.#macs.mac('counts', [name, change, rows, hidden]);
      if (!equalBytes(mac, bytesIn(row, 'mac'))) continue;
      kept.set(name, { change, rows, sum: xor(hidden, this.#macs.pad(name, change)) });
    }
    return kept;
  }

  async #keep(counts: readonly (Count & { readonly name: string; readonly change: number })[]) {
    const rows = counts.map(({ name, change, rows, sum }) => {
      const hidden = xor(sum, this.#macs.pad(name, change));
      return {
        name,
        change,
        rows,
        hidden,
        mac: this.#macs.mac('counts', [name, change, rows, hidden]),
      };
    });
    await this.ask(
      `INSERT INTO guard_counts SELECT * FROM unnest($1::text[], $2::int8[], $3::int8[], $4::bytea[], $5::bytea[])
       ON CONFLICT (name) DO UPDATE SET change = excluded.change, rows = excluded.rows, hidden = excluded.hidden, mac = excluded.mac`,
      ...['name', 'change', 'rows', 'hidden', 'mac'].map((it) => arrayOf(rows, it)),
    );
  }

  #looked(table: GuardedTable, rows: readonly Row[]): readonly Row[] {
    if (this.#isMending) return rows;
    for (const row of rows) if (!isHeld(this.#macs, table, row)) throw tampered(table, row);
    return rows;
  }

  #counted({ name, isCounted }: GuardedTable, row: Row, by: 1 | -1): void {
    if (!isCounted || this.#isMending) return;
    const before = this.#changes.get(name) ?? noRows;
    this.#changes.set(name, this.#added(before, name, bytesIn(row, 'mac'), by));
  }

  #added({ rows, sum }: Count, name: string, mac: Uint8Array, by: 1 | -1): Count {
    return { rows: rows + by, sum: xor(sum, this.#macs.part(name, mac)) };
  }
}

function* parted<Item>(items: readonly Item[]): Iterable<readonly Item[]> {
  for (let at = 0; at < items.length; at += rowsAtOnce) yield items.slice(at, at + rowsAtOnce);
}

type Scalar = string | number | boolean | null | Uint8Array;
const arrayOf = (rows: readonly Row[], column: string): readonly Scalar[] =>
  rows.map((row) => (row[column] ?? null) as Scalar);
