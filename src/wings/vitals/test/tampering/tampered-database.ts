import { Client } from 'pg';
import {
  postgresPageTables,
  postgresShareTables,
} from '../../node/stores/postgres/postgres-page-tables.ts';
import type { Place, TamperedStore } from './tampered-stores.ts';

const questionTables = ['questions', 'looks', 'page_sets'];
const tables = [
  ...[...postgresPageTables.map(({ name }) => name), ...postgresShareTables].map((name) => ({
    ...{ name, schema: 'salus_pages' },
  })),
  ...questionTables.map((name) => ({ name, schema: 'salus_questions' })),
];
/** Of columns that are alike, so many are enough. */
const alike = /^(roll|counter)_(0_low|7_high|19_high|159_high)$|^(?!roll_|counter_)/;

/** A database of PostgreSQL as its superuser sees it, whom no constraint hinders. */
export function tamperedDatabase(url: string): TamperedStore {
  return {
    tables: tables.map(({ name }) => name),
    async columnsIn(table) {
      const rows = await rowsOf(url, table);
      const chosen = [...new Set([0, rows.length - 1])].filter((at) => at >= 0);
      return chosen.flatMap((row) =>
        Object.entries(rows[row] ?? {})
          .filter(([column, value]) => alike.test(column) && isSomething(value))
          .map(([column]) => ({ table, column, row })),
      );
    },
    async flipped(place) {
      const rows = await rowsOf(url, place.table);
      await putRows(url, place.table, changed(rows, place));
      return () => putRows(url, place.table, rows);
    },
    async gone(table) {
      const [, ...rest] = await rowsOf(url, table);
      await putRows(url, table, rest);
    },
  };
}

type Row = Readonly<Record<string, unknown>>;
const isSomething = (value: unknown): boolean =>
  value !== null && !(Buffer.isBuffer(value) && value.length === 0);
const schemaOf = (table: string): string =>
  tables.find(({ name }) => name === table)?.schema ?? 'salus_pages';

async function asked<Result>(url: string, work: (client: Client) => Promise<Result>) {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const rowsOf = (url: string, table: string): Promise<readonly Row[]> =>
  asked(url, async (client) => {
    const sql = `SELECT * FROM ${schemaOf(table)}.${table} ORDER BY 1, 2`;
    return (await client.query<Row>(sql)).rows;
  });

/** In place of what is there, also where other rows are of it. */
async function putRows(url: string, table: string, rows: readonly Row[]): Promise<void> {
  await asked(url, async (client) => {
    const name = `${schemaOf(table)}.${table}`;
    await client.query(`BEGIN; SET LOCAL session_replication_role = replica; DELETE FROM ${name}`);
    for (const row of rows) {
      const columns = Object.keys(row);
      const values = columns.map((_, at) => `$${at + 1}`).join(', ');
      await client.query(
        `INSERT INTO ${name} (${columns.join(', ')}) VALUES (${values})`,
        Object.values(row),
      );
    }
    await client.query('COMMIT');
  });
}

function changed(rows: readonly Row[], { column, row }: Place): readonly Row[] {
  return rows.map((it, at) => (at === row ? { ...it, [column]: another(it[column]) } : it));
}

/** As the driver gives it: whole numbers of 64 bits are text. */
function another(value: unknown): unknown {
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'number') return value ^ 64;
  if (typeof value === 'string' && /^-?[0-9]+$/.test(value)) return String(BigInt(value) ^ 64n);
  if (typeof value === 'string')
    return `${value.slice(0, -1)}${String.fromCharCode(value.charCodeAt(value.length - 1) ^ 1)}`;
  if (!Buffer.isBuffer(value)) throw new Error('nothing to change');
  const bytes = Buffer.from(value);
  const at = bytes.length >> 1;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes;
}
