import { equalBytes } from '../../../../../primitives/bytes.ts';
import { CodedError } from '../../../../../primitives/errors.ts';
import type { GuardedTable } from '../guarded-tables.ts';
import type { Row } from '../page-rows.ts';
import type { RowMacs, Value } from '../row-macs.ts';

/** Counts of tables (VT-7), in a schema whose tables are guarded. */
export const guardSql = `
  CREATE TABLE guard_counts (
    name text PRIMARY KEY, change int8 NOT NULL, rows int8 NOT NULL, hidden bytea NOT NULL, mac bytea NOT NULL
  );
`;

/** What is under the MAC, in its order. */
export const columnsOf = ({ key, bound }: GuardedTable): readonly string[] => [...key, ...bound];

/** A column of this name is of this type in every guarded table; missing: bytes. */
const types: Readonly<Record<string, string>> = {
  ...{ id: 'int8', number: 'int8', counter: 'int8', place: 'int8', hour: 'int8', at_ms: 'int8' },
  ...{ batch: 'int8', first_hour: 'int8', last_hour: 'int8', day: 'int8', quarter: 'int8' },
  ...{ change: 'int8', rows: 'int8', panel: 'int4', n: 'int4', sealed: 'bool' },
  ...{ trio: 'text', state: 'text', code: 'text', account: 'text', name: 'text', query: 'text' },
  ...{ researcher: 'text', dataset: 'text' },
};
export const typeOf = (column: string): string => types[column] ?? 'bytea';

/** As a MAC is over it. */
export function valueIn(row: Row, column: string): Value {
  const value = row[column];
  if (typeof value === 'boolean') return Number(value);
  const isValue =
    typeof value === 'number' || typeof value === 'string' || value instanceof Uint8Array;
  return isValue ? value : null;
}

export const macOf = (macs: RowMacs, table: GuardedTable, row: Row): Uint8Array =>
  macs.mac(
    table.name,
    columnsOf(table).map((it) => valueIn(row, it)),
  );

/** Whether a row with its `mac` is the one that was written. */
export const isHeld = (macs: RowMacs, table: GuardedTable, row: Row): boolean =>
  row.mac instanceof Uint8Array && equalBytes(row.mac, macOf(macs, table, row));

/** As a report names a row; a patient's is named by its place. Rule VT-2. */
export const rowName = ({ name, key }: GuardedTable, row: Row): string =>
  name === 'patients'
    ? `place ${String(row.place)}`
    : key
        .map((it) => row[it])
        .map((it) => (it instanceof Uint8Array ? Buffer.from(it).toString('hex') : String(it)))
        .join(' ');

export const tampered = (table: GuardedTable, row: Row): CodedError =>
  new CodedError('ROW_TAMPERED', { table: table.name, row: rowName(table, row) });

export function tableNamed(tables: readonly GuardedTable[], name: string): GuardedTable {
  const found = tables.find((it) => it.name === name);
  if (found === undefined) throw new CodedError('INTERNAL', { table: name });
  return found;
}
