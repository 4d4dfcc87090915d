import { chmodSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { CodedError } from '../../../primitives/errors.ts';
import { pageRows } from '../crypto/page-values.ts';
import type { PanelRow } from '../sdk/sensor/reading.ts';
import type { QueuedPage, QueueStanding, SensorQueue } from '../sdk/sensor/sensor-queue.ts';

/** `rows`: measured, in no page yet. `pages`: closed, not accepted yet. `panels`: the last number, the newest instant. */
const schema = `
  CREATE TABLE IF NOT EXISTS rows (panel INTEGER NOT NULL, time_ms INTEGER NOT NULL, row TEXT NOT NULL,
    PRIMARY KEY (panel, time_ms)) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS pages (panel INTEGER NOT NULL, sequence INTEGER NOT NULL, hour INTEGER NOT NULL,
    rows TEXT NOT NULL, shared BLOB, PRIMARY KEY (panel, sequence)) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS panels (panel INTEGER PRIMARY KEY, sequence INTEGER NOT NULL, newest_ms INTEGER NOT NULL,
    closed_ms INTEGER NOT NULL, done INTEGER NOT NULL) STRICT;
`;
const hourMs = 3_600_000;

/** A sensor's queue in one file. */
export class SqliteSensorQueue implements SensorQueue {
  readonly #db: DatabaseSync;

  constructor(path: string) {
    this.#db = new DatabaseSync(path, { timeout: 5_000 });
    if (path !== ':memory:') chmodSync(path, 0o600);
    this.#db.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;',
    );
    this.#db.exec(schema);
  }

  async add(rows: readonly PanelRow[]): Promise<number> {
    return this.#together(() => rows.filter((row) => this.#add(row)).length);
  }

  #add(row: PanelRow): boolean {
    const { panel, timeMs } = row;
    this.#db.prepare('INSERT OR IGNORE INTO panels VALUES (?, -1, 0, -1, 0)').run(panel);
    const closed = this.#db
      .prepare('SELECT closed_ms AS ms FROM panels WHERE panel = ?')
      .get(panel);
    if (timeMs <= Number(closed?.ms)) return false;
    const { changes } = this.#db
      .prepare('INSERT OR IGNORE INTO rows VALUES (?, ?, ?)')
      .run(panel, timeMs, JSON.stringify(row.values));
    this.#db
      .prepare('UPDATE panels SET newest_ms = max(newest_ms, ?) WHERE panel = ?')
      .run(timeMs, panel);
    return changes === 1;
  }

  async close(nowMs: number): Promise<number> {
    return this.#together(() => {
      const panels = this.#db.prepare('SELECT DISTINCT panel FROM rows ORDER BY panel').all();
      return panels.reduce((sum, { panel }) => sum + this.#closeAll(Number(panel), nowMs), 0);
    });
  }

  #closeAll(panel: number, nowMs: number): number {
    const found = this.#db
      .prepare('SELECT time_ms, row FROM rows WHERE panel = ? ORDER BY time_ms')
      .all(panel);
    const rows = found.map(({ time_ms: at, row }) => rowOf(panel, Number(at), String(row)));
    let closed = 0;
    for (let from = 0; from < rows.length; ) {
      const hour = hourOf(rows[from]);
      let until = from;
      while (until < rows.length && until - from < pageRows && hourOf(rows[until]) === hour)
        until++;
      const isOver = (hour + 1) * hourMs <= nowMs || until < rows.length;
      if (!isOver && until - from < pageRows) break;
      this.#closePage(panel, hour, rows.slice(from, until));
      closed += 1;
      from = until;
    }
    return closed;
  }

  #closePage(panel: number, hour: number, rows: readonly PanelRow[]): void {
    const last = rows.at(-1)?.timeMs ?? 0;
    this.#db
      .prepare('UPDATE panels SET sequence = sequence + 1, closed_ms = ? WHERE panel = ?')
      .run(last, panel);
    this.#db
      .prepare('INSERT INTO pages SELECT panel, sequence, ?, ?, NULL FROM panels WHERE panel = ?')
      .run(hour, JSON.stringify(rows), panel);
    this.#db.prepare('DELETE FROM rows WHERE panel = ? AND time_ms <= ?').run(panel, last);
  }

  async closed(most: number): Promise<readonly QueuedPage[]> {
    const rows = this.#db
      .prepare('SELECT * FROM pages ORDER BY hour, panel, sequence LIMIT ?')
      .all(most);
    return rows.map(({ panel, sequence, hour, rows: text, shared }) => ({
      ...{ panel: Number(panel), sequence: Number(sequence), startHour: Number(hour) },
      rows: JSON.parse(String(text)) as readonly PanelRow[],
      ...(shared instanceof Uint8Array && { shared }),
    }));
  }

  async keepShared(of: Pick<QueuedPage, 'panel' | 'sequence'>, shared: Uint8Array): Promise<void> {
    this.#db
      .prepare('UPDATE pages SET shared = ? WHERE panel = ? AND sequence = ?')
      .run(shared, of.panel, of.sequence);
  }

  async done({ panel, sequence }: Pick<QueuedPage, 'panel' | 'sequence'>): Promise<void> {
    this.#together(() => {
      const { changes } = this.#db
        .prepare('DELETE FROM pages WHERE panel = ? AND sequence = ?')
        .run(panel, sequence);
      this.#db
        .prepare('UPDATE panels SET done = done + ? WHERE panel = ?')
        .run(Number(changes), panel);
    });
  }

  async again({ panel, sequence }: Pick<QueuedPage, 'panel' | 'sequence'>): Promise<void> {
    this.#db
      .prepare('UPDATE pages SET shared = NULL WHERE panel = ? AND sequence = ?')
      .run(panel, sequence);
  }

  async standing(): Promise<readonly QueueStanding[]> {
    const rows = this.#db
      .prepare(
        `SELECT panel, newest_ms, done, (SELECT count(*) FROM rows WHERE rows.panel = panels.panel) AS open,
         (SELECT count(*) FROM pages WHERE pages.panel = panels.panel) AS closed FROM panels ORDER BY panel`,
      )
      .all();
    return rows.map((row) => ({
      ...{ panel: Number(row.panel), newestMs: Number(row.newest_ms), open: Number(row.open) },
      ...{ closed: Number(row.closed), done: Number(row.done) },
      times: this.#timesOf(Number(row.panel)),
    }));
  }

  #timesOf(panel: number): readonly number[] {
    const open = this.#db
      .prepare('SELECT time_ms FROM rows WHERE panel = ? ORDER BY time_ms')
      .all(panel);
    const pages = this.#db
      .prepare('SELECT rows FROM pages WHERE panel = ? ORDER BY sequence')
      .all(panel);
    const closed = pages.flatMap(({ rows }) => JSON.parse(String(rows)) as readonly PanelRow[]);
    return [...closed.map(({ timeMs }) => timeMs), ...open.map((it) => Number(it.time_ms))];
  }

  async end(): Promise<void> {
    this.#db.close();
  }

  #together<T>(work: () => T): T {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      const done = work();
      this.#db.exec('COMMIT');
      return done;
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
  }
}

const hourOf = (row: PanelRow | undefined): number => Math.floor((row?.timeMs ?? 0) / hourMs);

function rowOf(panel: number, timeMs: number, text: string): PanelRow {
  const values: unknown = JSON.parse(text);
  if (!Array.isArray(values)) throw new CodedError('HOME_INVALID', { part: 'sensor' });
  return { panel, timeMs, values };
}
