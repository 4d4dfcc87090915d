import { join } from 'node:path';
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { sha256 } from '../../../crypto/hash.ts';
import { bytesToHex } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { Flaw } from '../../../server/maintenance/scrub/flaw.ts';
import { leaveStore } from '../../../server/maintenance/scrub/rounds.ts';
import { scrubHome } from '../../../server/maintenance/scrub/scrub-home.ts';
import { serversOf } from '../../../server/process.ts';
import type { Member } from '../../../story/cast.ts';
import { hold, type Setting } from '../../../story/chapter.ts';
import type { IncidentReport } from '../api/incident-report.ts';
import { type KeptReport, keptReports } from '../server/kept-incidents.ts';

/** One value of one row. */
export interface Cell {
  readonly table: string;
  readonly column: string;
  /** SQL; missing: any row that has a value there. */
  readonly where?: string;
}

/** A hospital with somebody's records, and who has its files in his hands. */
export class StoresScene {
  readonly setting: Setting;
  patient: Member | undefined;
  recordId = '';

  constructor(setting: Setting) {
    this.setting = setting;
  }

  get home(): string {
    return this.setting.servers.homeOf('north');
  }

  /** A database below `servers`, as another program has it. */
  database<Result>(file: string, work: (db: DatabaseSync) => Result): Result {
    const db = new DatabaseSync(join(serversOf(this.home), file), { timeout: 10_000 });
    try {
      return work(db);
    } finally {
      db.close();
    }
  }

  /** Looks at everything, as the process of the home does over and over. `told`: what it finds is left to the gateways. */
  async scrub(told: 'told' | 'alone'): Promise<readonly Flaw[]> {
    const found: Flaw[] = [];
    for await (const it of scrubHome(this.home, { services: [] })) {
      if (told === 'told') leaveStore(this.home, it);
      found.push(...it.flaws);
    }
    return found;
  }

  /** The report that comes. Throws STEP_FAILED: none comes, or it is not as its hospital signed it. */
  async reported(is: (report: IncidentReport) => boolean): Promise<KeptReport> {
    for (let i = 0; i < 300; i++) {
      const kept = await keptReports(this.home);
      const met = kept.find(({ report }) => report !== undefined && is(report));
      if (met !== undefined) {
        hold(met.state === 'holds', 'the report is signed');
        return met;
      }
      await wait(100);
    }
    throw new CodedError('STEP_FAILED', { what: 'a report comes' });
  }
}

/** Another value of the same kind. */
function another(value: SQLOutputValue): SQLOutputValue {
  if (typeof value === 'number') return value ^ 0x40;
  if (typeof value === 'string') return `${value}x`;
  if (!(value instanceof Uint8Array)) return 1;
  if (value.length === 0) return Uint8Array.of(1);
  const other = value.slice();
  const at = Math.floor(other.length / 2);
  other[at] = (other[at] ?? 0) ^ 1;
  return other;
}

/** Changes a value as somebody with the file would; what undoes it, or undefined where the table does not take it. */
export function change(db: DatabaseSync, cell: Cell): ((db: DatabaseSync) => void) | undefined {
  const { table, column, where = '1' } = cell;
  const keys = db.prepare('SELECT name FROM pragma_table_info(?) WHERE pk > 0').all(table);
  const names = keys.length > 0 ? keys.map(({ name }) => String(name)) : ['rowid'];
  const row = db
    .prepare(
      `SELECT ${names.join(', ')}, ${column} AS cell FROM ${table} WHERE ${column} NOTNULL AND (${where}) LIMIT 1`,
    )
    .get();
  if (row === undefined || names.includes(column)) return undefined;
  const before = row.cell ?? null;
  const set = (on: DatabaseSync, value: SQLOutputValue) => {
    const triggers = on
      .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ?")
      .all(table);
    for (const { name } of triggers) on.exec(`DROP TRIGGER ${String(name)}`);
    on.prepare(
      `UPDATE ${table} SET ${column} = ? WHERE ${names.map((it) => `${it} = ?`).join(' AND ')}`,
    ).run(value, ...names.map((it) => row[it] ?? null));
    for (const { sql } of triggers) on.exec(String(sql));
  };
  set(db, another(before));
  return (later) => set(later, before);
}

/** All tables of a database that have rows, each with its columns. */
export function cellsOf(db: DatabaseSync): Cell[] {
  const tables = db
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    .all()
    .map(({ name }) => String(name));
  return tables.flatMap((table) =>
    db
      .prepare('SELECT name FROM pragma_table_info(?)')
      .all(table)
      .map(({ name }) => ({ table, column: String(name) })),
  );
}

export const shortHash = (bytes: Uint8Array): string => bytesToHex(sha256(bytes)).slice(0, 16);
