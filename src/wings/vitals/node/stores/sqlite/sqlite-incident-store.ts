import { chmodSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import type { GuardedTable } from '../guarded-tables.ts';
import type {
  IncidentStore,
  KeptIncident,
  KeptQuarantine,
  KeptRound,
  NewIncident,
  ToTell,
} from '../incident-store.ts';
import { bytesIn, textIn, uintIn } from '../page-rows.ts';
import type { RowMacs } from '../row-macs.ts';
import { isFileNew, SqliteRowGuard } from './sqlite-row-guard.ts';

const schema = `
  CREATE TABLE incidents (
    number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, signed BLOB NOT NULL, on_ledger INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE TABLE quarantines (
    trio TEXT PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL, began TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE people (
    began TEXT NOT NULL, account TEXT NOT NULL, incident TEXT NOT NULL, told INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (began, account)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE rounds (
    id INTEGER PRIMARY KEY, place BLOB NOT NULL, began_ms INTEGER NOT NULL, whole_ms INTEGER NOT NULL
  ) STRICT;
`;

export const incidentTables = [
  { name: 'incidents', key: ['number'], bound: ['name', 'signed', 'on_ledger'], isCounted: true },
  { name: 'quarantines', key: ['trio'], bound: ['first', 'last', 'began'], isCounted: true },
  { name: 'people', key: ['began', 'account'], bound: ['incident', 'told'], isCounted: true },
  { name: 'rounds', key: ['id'], bound: ['place', 'began_ms', 'whole_ms'], isCounted: true },
] as const satisfies readonly GuardedTable[];

/**
 * In a file of its own, its rows guarded as those that it is about; `:memory:` keeps nothing. Throws HOME_INVALID: it has tables and
 * says that it is new. Rule VT-9.
 */
export function sqliteIncidentStore(path: string, macs: RowMacs): IncidentStore {
  const db = new DatabaseSync(path, { timeout: 5_000 });
  if (path !== ':memory:') chmodSync(path, 0o600);
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
  const guard = new SqliteRowGuard(db, macs, incidentTables);
  const run = (sql: string, ...values: SQLInputValue[]) => db.prepare(sql).run(...values);
  const together = (work: () => void): void => {
    db.exec('BEGIN IMMEDIATE');
    try {
      guard.begin();
      work();
      guard.settle();
      db.exec('COMMIT');
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      guard.forget();
      throw error;
    }
  };
  /** Each row as it was written. Throws ROW_TAMPERED. */
  const all = (at: 0 | 1 | 2 | 3, sql: string, ...values: SQLInputValue[]) =>
    db
      .prepare(sql)
      .all(...values)
      .map((row) => {
        guard.require(incidentTables[at], row);
        return row;
      });
  if (isFileNew(db))
    together(() => {
      db.exec(schema);
      guard.install();
      db.exec('PRAGMA user_version = 1');
    });
  const addReport = ({ name, signed }: Pick<NewIncident, 'name' | 'signed'>) =>
    run('INSERT OR IGNORE INTO incidents (name, signed) VALUES (?, ?)', name, signed);

  return {
    async keep({ name, signed, quarantines, people }) {
      together(() => {
        addReport({ name, signed });
        for (const { trio, first, last, began } of quarantines)
          run('INSERT OR REPLACE INTO quarantines VALUES (?, ?, ?, ?)', trio, first, last, began);
        for (const { account, began } of people)
          run('INSERT OR IGNORE INTO people VALUES (?, ?, ?, 0)', began, account, name);
      });
    },
    incidents: async () => all(0, 'SELECT * FROM incidents ORDER BY number').map(incidentOf),
    owed: async () =>
      all(0, 'SELECT * FROM incidents WHERE on_ledger = 0 ORDER BY number').map(incidentOf),
    async onLedger(name) {
      together(() => run('UPDATE incidents SET on_ledger = 1 WHERE name = ?', name));
    },
    quarantines: async () => all(1, 'SELECT * FROM quarantines ORDER BY trio').map(quarantineOf),
    async lift(trio, report) {
      together(() => {
        addReport(report);
        run('DELETE FROM quarantines WHERE trio = ?', trio);
      });
    },
    toTell: async (most, { began, account } = { began: '', account: '' }) =>
      all(
        2,
        'SELECT * FROM people WHERE told = 0 AND (began, account) > (?, ?) ORDER BY began, account LIMIT ?',
        ...[began, account, most],
      ).map(toTellOf),
    async told(all) {
      together(() => {
        for (const { began, account } of all)
          run('UPDATE people SET told = 1 WHERE began = ? AND account = ?', began, account);
      });
    },
    async round() {
      const [row] = all(3, 'SELECT * FROM rounds WHERE id = 1');
      return row === undefined
        ? { place: new Uint8Array(0), beganMs: 0, wholeMs: 0 }
        : roundOf(row);
    },
    async keepRound({ place, beganMs, wholeMs }) {
      together(() =>
        run('INSERT OR REPLACE INTO rounds VALUES (1, ?, ?, ?)', place, beganMs, wholeMs),
      );
    },
    close: async () => db.close(),
  };
}

type Row = Readonly<Record<string, unknown>>;
const incidentOf = (row: Row): KeptIncident => ({
  ...{ number: uintIn(row, 'number'), name: textIn(row, 'name'), signed: bytesIn(row, 'signed') },
  isOnLedger: row.on_ledger === 1,
});
const quarantineOf = (row: Row): KeptQuarantine => ({
  ...{ trio: textIn(row, 'trio'), first: uintIn(row, 'first'), last: uintIn(row, 'last') },
  began: textIn(row, 'began'),
});
const toTellOf = (row: Row): ToTell => ({
  ...{ account: textIn(row, 'account'), began: textIn(row, 'began') },
  incident: textIn(row, 'incident'),
});
const roundOf = (row: Row): KeptRound => ({
  ...{ place: bytesIn(row, 'place'), beganMs: uintIn(row, 'began_ms') },
  wholeMs: uintIn(row, 'whole_ms'),
});
