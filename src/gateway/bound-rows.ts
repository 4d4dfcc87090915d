import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';
import { hmacSha256, labelledHash, labelledInfo } from '../crypto/hash.ts';
import { labels } from '../crypto/labels.ts';
import { bytesToHex, equalBytes, utf8 } from '../primitives/bytes.ts';
import { type Cbor, encodeCbor } from '../primitives/cbor.ts';
import type { UnboundRow } from '../primitives/row-guard.ts';
import type { StoreOwner } from './migrations.ts';

export type { UnboundRow };

/**
 * The rows of a gateway's file that nothing else binds: no hash, no signature, no block says what they were. Each has a
 * MAC under a key of the hospital, and each table one over how many it has.
 * Source: docs/protocol/stores.md, rules SR-3 to SR-6.
 */
export const bindingStore: StoreOwner = {
  owner: 'bindings',
  migrations: [
    `
CREATE TABLE row_macs (
  tbl TEXT NOT NULL, key BLOB NOT NULL, mac BLOB NOT NULL, PRIMARY KEY (tbl, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE row_totals (
  tbl TEXT PRIMARY KEY, columns TEXT NOT NULL, bound TEXT NOT NULL, keyId BLOB NOT NULL, count INTEGER NOT NULL,
  mac BLOB NOT NULL
) STRICT, WITHOUT ROWID;`,
  ],
};

export type Value = SQLInputValue | SQLOutputValue;

/** A table as it stands, and which of its rows are bound here. */
export interface BoundTable {
  readonly table: string;
  readonly columns: readonly string[];
  /** Of its primary key; `rowid` where it has none. */
  readonly key: readonly string[];
  /** SQL over its columns. */
  readonly bound: string;
}

/**
 * Keeps the MACs of every table with each write through this connection. Functions and triggers are the connection's own:
 * what another program writes is not followed, and shows. `isMigrated`: every row is bound as it is now; `wasBound`: it was, whatever
 * is left of that. Returns the tables that were bound as they are though the file had been bound before: `*` is all of it, under
 * another key or under none any more.
 */
export function bindRows(
  sqlite: DatabaseSync,
  key: Uint8Array,
  {
    owners,
    isMigrated,
    wasBound = false,
  }: {
    readonly owners: readonly StoreOwner[];
    readonly isMigrated: boolean;
    readonly wasBound?: boolean;
  },
): string[] {
  define(sqlite, key);
  const before = sqlite.prepare('SELECT keyId FROM row_totals').all();
  const isOurs = before.some(({ keyId }) => isSame(keyId, keyIdOf(key)));
  const elsewhere = new Map(owners.flatMap((it) => Object.entries(it.boundElsewhere ?? {})));
  const anew: string[] = [];
  for (const name of namesOf(sqlite)) {
    const table = tableOf(sqlite, name, elsewhere.get(name) ?? '1');
    if (isMigrated || !isBound(sqlite, key, table)) {
      bindAll(sqlite, key, table);
      anew.push(name);
    }
    sqlite.exec(triggersOf(table));
  }
  if (before.length > 0 ? !isOurs : wasBound) return ['*'];
  return before.length > 0 && !isMigrated ? anew : [];
}

/**
 * The same for a program that writes beside no gateway, into a file that one has bound: it binds nothing anew. Nothing
 * happens to a file that was never bound.
 */
export function followRows(sqlite: DatabaseSync, key: Uint8Array): void {
  if (!hasTotals(sqlite)) return;
  define(sqlite, key);
  for (const { tbl, bound } of sqlite.prepare('SELECT tbl, bound FROM row_totals').all()) {
    sqlite.exec(triggersOf(tableOf(sqlite, String(tbl), String(bound))));
  }
}

/** What of such a file is not as it was written: every table where what bound it is gone; of one that was never bound nothing. */
export function unboundOf(
  sqlite: DatabaseSync,
  key: Uint8Array,
  unread: readonly string[] = [],
): UnboundRow[] {
  if (hasTotals(sqlite))
    return [...unboundRows(sqlite, key, unread)].filter((it) => it !== undefined);
  const wasBound = sqlite.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'row_macs'").get();
  return wasBound === undefined
    ? []
    : namesOf(sqlite).map((table) => ({ table, because: 'key' }) as const);
}

/**
 * A file of another process than a gateway, bound like one: all of its tables, under this key. What is not as it was written
 * stays as it is; only a file under another key is bound anew. Rule SR-11.
 */
export function bindFile(sqlite: DatabaseSync, key: Uint8Array): void {
  const isThere = sqlite.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'row_macs'").get();
  if (isThere === undefined) for (const it of bindingStore.migrations) sqlite.exec(it);
  bindRows(sqlite, key, { owners: [], isMigrated: false });
}

/** All tables that are bound here as they are now: through a connection that binds them. */
export function settleRows(sqlite: DatabaseSync, key: Uint8Array): void {
  for (const name of namesOf(sqlite)) bindAll(sqlite, key, tableOf(sqlite, name, '1'));
}

/** Of one row of such a file what `unboundRows` would say: one look at it and its MAC. */
export function unboundRow(
  sqlite: DatabaseSync,
  key: Uint8Array,
  { table, name }: { readonly table: string; readonly name: readonly SQLInputValue[] },
): UnboundRow | undefined {
  const look = lookAt(sqlite, table);
  const row = look.row.get(...name) as unknown as Value[] | undefined;
  const mac = look.mac.get(table, keyOf(name))?.mac;
  const wrong = (because: UnboundRow['because']) => ({
    ...{ table, because, row: bytesToHex(keyOf(name)) },
  });
  if (row === undefined) return mac === undefined ? undefined : wrong('gone');
  if (mac === undefined) return wrong('foreign');
  return isSame(mac, macOf(key, [table, ...row])) ? undefined : wrong('changed');
}

/** Statements for single rows, made once a connection. */
const looks = new WeakMap<DatabaseSync, Map<string, Look>>();
interface Look {
  readonly row: StatementSync;
  readonly mac: StatementSync;
}

function lookAt(sqlite: DatabaseSync, name: string): Look {
  const known = looks.get(sqlite) ?? new Map<string, Look>();
  looks.set(sqlite, known);
  const before = known.get(name);
  if (before !== undefined) return before;
  const { table, key, columns } = tableOf(sqlite, name, '1');
  const where = key.map((it) => `"${it}" = ?`).join(' AND ');
  const row = reading(sqlite, `SELECT ${quoted(columns)} FROM ${table} WHERE ${where}`);
  row.setReturnArrays(true);
  const mac = sqlite.prepare('SELECT mac FROM row_macs WHERE tbl = ? AND key = ?');
  known.set(name, { row, mac });
  return { row, mac };
}

/** Whether a gateway with a key has had this file. */
export function hasTotals(sqlite: DatabaseSync): boolean {
  const row = sqlite.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'row_totals'").get();
  return row !== undefined && sqlite.prepare('SELECT 1 FROM row_totals').get() !== undefined;
}

function define(sqlite: DatabaseSync, key: Uint8Array): void {
  const options = { varargs: true, deterministic: true, useBigIntArguments: true } as const;
  sqlite.function('salus_row_key', options, (...values: Value[]) => keyOf(values));
  sqlite.function('salus_row_mac', options, (...values: Value[]) => macOf(key, values));
}

/** Of all tables but those of the MACs themselves, each of which is bound by what it is of. */
export function namesOf(sqlite: DatabaseSync): string[] {
  const all = sqlite.prepare(
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
  );
  const names = all.all().map(({ name }) => String(name));
  return names.filter((it) => it !== 'row_macs' && it !== 'row_totals');
}

export const isSame = (value: unknown, bytes: Uint8Array): boolean =>
  value instanceof Uint8Array && equalBytes(value, bytes);

export function tableOf(sqlite: DatabaseSync, table: string, bound: string): BoundTable {
  const info = sqlite.prepare('SELECT name, pk FROM pragma_table_info(?) ORDER BY cid').all(table);
  const key = info
    .filter(({ pk }) => Number(pk) > 0)
    .sort((one, other) => Number(one.pk) - Number(other.pk))
    .map(({ name }) => String(name));
  const columns = info.map(({ name }) => String(name));
  return { table, columns, key: key.length > 0 ? key : ['rowid'], bound };
}

function isBound(sqlite: DatabaseSync, key: Uint8Array, { table, columns, bound }: BoundTable) {
  const total = reading(sqlite, 'SELECT * FROM row_totals WHERE tbl = ?').get(table);
  return (
    total?.columns === columns.join(' ') &&
    total.bound === bound &&
    isSame(total.keyId, keyIdOf(key))
  );
}

function bindAll(sqlite: DatabaseSync, key: Uint8Array, it: BoundTable): void {
  const { table, columns, bound } = it;
  sqlite.exec('SAVEPOINT bind');
  sqlite.prepare('DELETE FROM row_macs WHERE tbl = ?').run(table);
  sqlite
    .prepare(
      `INSERT INTO row_macs SELECT ?1, salus_row_key(${quoted(it.key)}), salus_row_mac(?1, ${quoted(columns)})
       FROM ${table} WHERE ${bound}`,
    )
    .run(table);
  sqlite
    .prepare(
      `INSERT OR REPLACE INTO row_totals
       SELECT ?1, ?2, ?3, ?4, count(*), salus_row_mac(?1, ?2, ?3, count(*)) FROM row_macs WHERE tbl = ?1`,
    )
    .run(table, columns.join(' '), bound, keyIdOf(key));
  sqlite.exec('RELEASE bind');
}

/**
 * After each write to a row its MAC, and that of the count. In a trigger the conflict clause of the statement around it
 * holds, and REPLACE tells no delete trigger: so a MAC is taken away before the new one is put, and counted if it was there.
 */
function triggersOf({ table, key, columns, bound }: BoundTable): string {
  if (bound === '0') return '';
  const holds = (row: 'new' | 'old') =>
    bound.replace(/[A-Za-z][A-Za-z0-9_]*/g, (word) =>
      columns.includes(word) ? `${row}."${word}"` : word,
    );
  const named = (row: 'new' | 'old') =>
    `tbl = '${table}' AND key = salus_row_key(${quoted(key, row)})`;
  const has = (row: 'new' | 'old') => `(SELECT count(*) FROM row_macs WHERE ${named(row)})`;
  const count = (by: string) =>
    `UPDATE row_totals SET count = count ${by}, mac = salus_row_mac(tbl, columns, bound, count ${by}) WHERE tbl = '${table}';`;
  const drop = (row: 'new' | 'old') =>
    `${count(`- ${has(row)}`)} DELETE FROM row_macs WHERE ${named(row)};`;
  const put = `INSERT INTO row_macs SELECT '${table}', salus_row_key(${quoted(key, 'new')}),
    salus_row_mac('${table}', ${quoted(columns, 'new')}) WHERE ${holds('new')};
    ${count(`+ ${has('new')}`)}`;
  const on = (event: string, when: string, does: string) =>
    `CREATE TEMP TRIGGER bound_${table}_${event} AFTER ${event} ON main.${table} WHEN ${when} BEGIN ${does} END;`;
  return [
    on('insert', holds('new'), `${drop('new')} ${put}`),
    on('update', `${holds('old')} OR ${holds('new')}`, `${drop('old')} ${put}`),
    on('delete', holds('old'), drop('old')),
  ].join('\n');
}

export const quoted = (names: readonly string[], row?: 'new' | 'old'): string =>
  names.map((it) => (row === undefined ? `"${it}"` : `${row}."${it}"`)).join(', ');

/**
 * What of a gateway's file is not as it was written, and after every row `undefined`, so that whoever asks can rest or stop.
 * Needs neither the list of parts nor a connection that writes; whoever calls it sees one state of the file.
 */
export function* unboundRows(
  sqlite: DatabaseSync,
  key: Uint8Array,
  unread: readonly string[] = [],
): Generator<UnboundRow | undefined> {
  const totals = reading(sqlite, 'SELECT * FROM row_totals ORDER BY tbl').all();
  const bound = new Set(totals.map(({ tbl }) => String(tbl)));
  for (const total of totals)
    if (!unread.includes(String(total.tbl))) yield* unboundIn(sqlite, key, total);
  for (const table of namesOf(sqlite)) if (!bound.has(table)) yield { table, because: 'key' };
}

function* unboundIn(
  sqlite: DatabaseSync,
  key: Uint8Array,
  { tbl, columns, bound, keyId, count, mac }: Readonly<Record<string, SQLOutputValue>>,
): Generator<UnboundRow | undefined> {
  const table = String(tbl);
  const it = tableOf(sqlite, table, String(bound));
  if (!isSame(keyId, keyIdOf(key)) || columns !== it.columns.join(' ')) {
    yield { table, because: 'key' };
    return;
  }
  if (!isSame(mac, macOf(key, [table, columns, bound ?? null, count ?? null]))) {
    yield { table, because: 'count' };
    return;
  }
  const macs = sqlite.prepare('SELECT mac FROM row_macs WHERE tbl = ? AND key = ?');
  let held = 0;
  for (const { rowKey, values } of rowsOf(sqlite, it)) {
    const kept = macs.get(table, rowKey)?.mac;
    if (kept !== undefined) held += 1;
    const row = bytesToHex(rowKey);
    if (kept === undefined) yield { table, because: 'foreign', row };
    else if (isSame(kept, macOf(key, [table, ...values]))) yield undefined;
    else yield { table, because: 'changed', row };
  }
  const there = sqlite.prepare('SELECT count(*) AS n FROM row_macs WHERE tbl = ?').get(table)?.n;
  if (Number(there) !== held) yield* goneFrom(sqlite, it);
  else if (Number(count) !== held) yield { table, because: 'count' };
}

function* rowsOf(
  sqlite: DatabaseSync,
  { table, key, columns, bound }: BoundTable,
): Generator<{ readonly rowKey: Uint8Array; readonly values: readonly Value[] }> {
  const all = reading(
    sqlite,
    `SELECT ${quoted([...key, ...columns])} FROM ${table} WHERE ${bound}`,
  );
  all.setReturnArrays(true);
  for (const row of all.iterate()) {
    const values = row as unknown as Value[];
    yield { rowKey: keyOf(values.slice(0, key.length)), values: values.slice(key.length) };
  }
}

/** MACs for which there is no row: only looked for when there are too many. */
export function* goneFrom(sqlite: DatabaseSync, it: BoundTable): Generator<UnboundRow> {
  const there = new Set<string>();
  for (const { rowKey } of rowsOf(sqlite, it)) there.add(bytesToHex(rowKey));
  const macs = sqlite.prepare('SELECT key FROM row_macs WHERE tbl = ?');
  for (const { key } of macs.iterate(it.table)) {
    const row = bytesToHex(key as Uint8Array);
    if (!there.has(row)) yield { table: it.table, because: 'gone', row };
  }
}

export const keyOf = (values: readonly Value[]): Uint8Array => encodeCbor(values.map(cborOf));

/** HMAC-SHA-256 over the table's name and every column in its order. */
export const macOf = (key: Uint8Array, values: readonly Value[]): Uint8Array =>
  hmacSha256(key, labelledInfo(labels.storeRow, values.map(cborOf)));

export const keyIdOf = (key: Uint8Array): Uint8Array =>
  labelledHash(labels.storeKey, key).slice(0, 8);

function cborOf(value: Value): Cbor {
  if (value === null || typeof value === 'string' || value instanceof Uint8Array) return value;
  const number = Number(value);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  // STRICT tables hold nothing else but numbers too large for one, or below zero: those are bound by their digits.
  return utf8(String(value));
}

/** Another hand may have written a number that is too large for one: reading it must not fail. */
export function reading(sqlite: DatabaseSync, sql: string): StatementSync {
  const prepared = sqlite.prepare(sql);
  prepared.setReadBigInts(true);
  return prepared;
}
