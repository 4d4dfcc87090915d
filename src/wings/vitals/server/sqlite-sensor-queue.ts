import { chmodSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { CodedError } from '../../../primitives/errors.ts';
import { pageRows } from '../crypto/pages/page-values.ts';
import type { PanelRow, RefusedReading } from '../sdk/sensor/reading.ts';
import {
  type PaddedSince,
  paddedLateMs,
  type QueuedDay,
  type QueuedPage,
  type QueueStanding,
  type SensorQueue,
} from '../sdk/sensor/sensor-queue.ts';

/**
 * `rows`: measured, in no page yet. `pages`: closed, not accepted yet. `panels`: the last number, the newest instant.
 * `accepted`: pages whose day's replica is not written. `days`: what was begun, and what is written.
 */
const schema = `
  CREATE TABLE IF NOT EXISTS rows (panel INTEGER NOT NULL, time_ms INTEGER NOT NULL, row TEXT NOT NULL,
    PRIMARY KEY (panel, time_ms)) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS pages (panel INTEGER NOT NULL, sequence INTEGER NOT NULL, hour INTEGER NOT NULL,
    rows TEXT NOT NULL, shared BLOB, PRIMARY KEY (panel, sequence)) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS panels (panel INTEGER PRIMARY KEY, sequence INTEGER NOT NULL, newest_ms INTEGER NOT NULL,
    closed_ms INTEGER NOT NULL, done INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS lost (panel INTEGER PRIMARY KEY, pages INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS refusals (panel INTEGER NOT NULL, code TEXT NOT NULL, count INTEGER NOT NULL,
    newest_ms INTEGER NOT NULL, PRIMARY KEY (panel, code)) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS gaps (panel INTEGER NOT NULL, from_ms INTEGER NOT NULL, until_ms INTEGER NOT NULL,
    PRIMARY KEY (panel, from_ms)) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS accepted (panel INTEGER NOT NULL, sequence INTEGER NOT NULL, hour INTEGER NOT NULL,
    rows TEXT NOT NULL, PRIMARY KEY (panel, sequence)) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS days (panel INTEGER NOT NULL, day INTEGER NOT NULL, number INTEGER NOT NULL,
    written INTEGER NOT NULL, PRIMARY KEY (panel, day)) STRICT, WITHOUT ROWID;
`;
const hourMs = 3_600_000;
const dayHours = 24;
const dayMs = dayHours * hourMs;
/** So long a gap is told, and so many. */
const gapsOfMs = 24 * hourMs;
const mostGaps = 20;
/** Hours of a padded panel that are closed in one step: a hub that was off for long catches up. */
const mostHours = 31 * 24;

/** A sensor's queue in one file. `pauseMs`: rows further apart leave a gap. `padded`: its padded panels. */
export class SqliteSensorQueue implements SensorQueue {
  readonly #db: DatabaseSync;
  readonly #pauseMs: number;
  readonly #padded: readonly PaddedSince[];

  constructor(
    path: string,
    of: { readonly pauseMs: number; readonly padded?: readonly PaddedSince[] },
  ) {
    this.#pauseMs = of.pauseMs;
    this.#padded = of.padded ?? [];
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

  #begin(panel: number): void {
    this.#db.prepare('INSERT OR IGNORE INTO panels VALUES (?, -1, 0, -1, 0)').run(panel);
  }

  #add(row: PanelRow): boolean {
    const { panel, timeMs } = row;
    this.#begin(panel);
    const before = this.#db
      .prepare('SELECT closed_ms, newest_ms FROM panels WHERE panel = ?')
      .get(panel);
    if (timeMs <= Number(before?.closed_ms)) return false;
    if (Math.floor(timeMs / dayMs) <= this.#newestDay(panel)) {
      this.#countRefused(panel, 'PAGE_STALE', [timeMs]);
      return false;
    }
    this.#noteGaps(panel, timeMs, Number(before?.newest_ms));
    const { changes } = this.#db
      .prepare('INSERT OR IGNORE INTO rows VALUES (?, ?, ?)')
      .run(panel, timeMs, JSON.stringify(row.values));
    this.#db
      .prepare('UPDATE panels SET newest_ms = max(newest_ms, ?) WHERE panel = ?')
      .run(timeMs, panel);
    return changes === 1;
  }

  /** A row after all others may leave a gap; one that comes late parts or fills one. */
  #noteGaps(panel: number, timeMs: number, newestMs: number): void {
    const gap = this.#db
      .prepare(
        'SELECT from_ms, until_ms FROM gaps WHERE panel = ? AND from_ms < ? AND until_ms > ?',
      )
      .get(panel, timeMs, timeMs);
    if (gap !== undefined) {
      this.#db
        .prepare('DELETE FROM gaps WHERE panel = ? AND from_ms = ?')
        .run(panel, Number(gap.from_ms));
      this.#noteGap(panel, Number(gap.from_ms), timeMs);
      this.#noteGap(panel, timeMs, Number(gap.until_ms));
    } else if (newestMs > 0) this.#noteGap(panel, newestMs, timeMs);
    this.#db
      .prepare('DELETE FROM gaps WHERE panel = ? AND until_ms < ?')
      .run(panel, Math.max(newestMs, timeMs) - gapsOfMs);
  }

  #noteGap(panel: number, fromMs: number, untilMs: number): void {
    if (untilMs - fromMs <= this.#pauseMs) return;
    this.#db.prepare('INSERT OR REPLACE INTO gaps VALUES (?, ?, ?)').run(panel, fromMs, untilMs);
  }

  async refuse(panel: number, refused: readonly RefusedReading[]): Promise<void> {
    this.#together(() => {
      for (const code of new Set(refused.map((it) => it.code))) {
        const times = refused.filter((it) => it.code === code).map(({ timeMs }) => timeMs);
        this.#countRefused(panel, code, times);
      }
    });
  }

  #countRefused(panel: number, code: string, times: readonly number[]): void {
    const row = this.#db
      .prepare('SELECT newest_ms AS ms FROM refusals WHERE panel = ? AND code = ?')
      .get(panel, code);
    const isNew = times.filter((time) => row === undefined || time > Number(row.ms));
    if (isNew.length === 0) return;
    const newest = isNew.reduce((most, time) => Math.max(most, time));
    this.#db
      .prepare(
        `INSERT INTO refusals VALUES (?, ?, ?, ?) ON CONFLICT (panel, code)
         DO UPDATE SET count = count + excluded.count, newest_ms = excluded.newest_ms`,
      )
      .run(panel, code, isNew.length, newest);
  }

  async close(nowMs: number): Promise<number> {
    return this.#together(() => {
      const padded = new Set(this.#padded.map(({ panel }) => panel));
      const panels = this.#db.prepare('SELECT DISTINCT panel FROM rows ORDER BY panel').all();
      const full = panels
        .map(({ panel }) => Number(panel))
        .filter((panel) => !padded.has(panel))
        .map((panel) => this.#closeAll(panel, nowMs));
      const hours = this.#padded.map((it) => this.#closeHours(it, nowMs));
      return [...full, ...hours].reduce((sum, it) => sum + it, 0);
    });
  }

  /** A page of every hour that is over since the last one, or since the sensor was made. */
  #closeHours({ panel, sinceMs }: PaddedSince, nowMs: number): number {
    this.#begin(panel);
    const { closed_ms: closedMs } =
      this.#db.prepare('SELECT closed_ms FROM panels WHERE panel = ?').get(panel) ?? {};
    const first = this.#db
      .prepare('SELECT min(time_ms) AS ms FROM rows WHERE panel = ?')
      .get(panel);
    const begunMs = Math.min(sinceMs, Number(first?.ms ?? sinceMs));
    const from = Math.floor((Number(closedMs) < 0 ? begunMs : Number(closedMs) + 1) / hourMs);
    const until = Math.min(Math.floor((nowMs - paddedLateMs) / hourMs), from + mostHours);
    for (let hour = from; hour < until; hour++) this.#closeHour(panel, hour);
    return Math.max(0, until - from);
  }

  #closeHour(panel: number, hour: number): void {
    const found = this.#db
      .prepare('SELECT time_ms, row FROM rows WHERE panel = ? AND time_ms < ? ORDER BY time_ms')
      .all(panel, (hour + 1) * hourMs);
    const rows = found.map(({ time_ms: at, row }) => rowOf(panel, Number(at), String(row)));
    const tooMany = rows.slice(pageRows).map(({ timeMs }) => timeMs);
    this.#countRefused(panel, 'RATE_LIMITED', tooMany);
    this.#closePage({ panel, hour, closedMs: (hour + 1) * hourMs - 1 }, rows.slice(0, pageRows));
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
      const closedMs = rows[until - 1]?.timeMs ?? 0;
      this.#closePage({ panel, hour, closedMs }, rows.slice(from, until));
      closed += 1;
      from = until;
    }
    return closed;
  }

  #closePage(
    of: { readonly panel: number; readonly hour: number; readonly closedMs: number },
    rows: readonly PanelRow[],
  ): void {
    const { panel, hour, closedMs } = of;
    this.#db
      .prepare('UPDATE panels SET sequence = sequence + 1, closed_ms = ? WHERE panel = ?')
      .run(closedMs, panel);
    this.#db
      .prepare('INSERT INTO pages SELECT panel, sequence, ?, ?, NULL FROM panels WHERE panel = ?')
      .run(hour, JSON.stringify(rows), panel);
    this.#db.prepare('DELETE FROM rows WHERE panel = ? AND time_ms <= ?').run(panel, closedMs);
  }

  async closed(most: number): Promise<readonly QueuedPage[]> {
    const rows = this.#db
      .prepare('SELECT * FROM pages ORDER BY hour, panel, sequence LIMIT ?')
      .all(most);
    return rows.map(pageOf);
  }

  async keepShared(of: Pick<QueuedPage, 'panel' | 'sequence'>, shared: Uint8Array): Promise<void> {
    this.#db
      .prepare('UPDATE pages SET shared = ? WHERE panel = ? AND sequence = ?')
      .run(shared, of.panel, of.sequence);
  }

  async done({ panel, sequence }: Pick<QueuedPage, 'panel' | 'sequence'>): Promise<void> {
    this.#together(() => {
      this.#db
        .prepare(
          `INSERT OR IGNORE INTO accepted SELECT panel, sequence, hour, rows FROM pages
           WHERE panel = ? AND sequence = ?`,
        )
        .run(panel, sequence);
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

  async giveUp({ panel, sequence }: Pick<QueuedPage, 'panel' | 'sequence'>): Promise<void> {
    this.#together(() => {
      const { changes } = this.#db
        .prepare('DELETE FROM pages WHERE panel = ? AND sequence = ?')
        .run(panel, sequence);
      this.#db
        .prepare(
          'INSERT INTO lost VALUES (?, ?) ON CONFLICT (panel) DO UPDATE SET pages = pages + excluded.pages',
        )
        .run(panel, Number(changes));
    });
  }

  async daysToWrite(nowMs: number): Promise<readonly QueuedDay[]> {
    const days = this.#db
      .prepare(
        `SELECT DISTINCT panel, hour / ${dayHours} AS day FROM accepted WHERE hour / ${dayHours} < ? ORDER BY day, panel`,
      )
      .all(Math.floor(nowMs / dayMs));
    return days
      .map(({ panel, day }) => ({ panel: Number(panel), day: Number(day) }))
      .filter((of) => !this.#isUnfinished(of))
      .map((of) => {
        const noted = this.#db
          .prepare('SELECT number FROM days WHERE panel = ? AND day = ?')
          .get(of.panel, of.day);
        const number = noted === undefined ? {} : { number: Number(noted.number) };
        return { ...of, ...number, pages: this.#acceptedOf(of) };
      });
  }

  /** A row or page of the day, or of one before it, is still on its way. */
  #isUnfinished({ panel, day }: Pick<QueuedDay, 'panel' | 'day'>): boolean {
    const open = this.#db
      .prepare('SELECT 1 FROM rows WHERE panel = ? AND time_ms < ? LIMIT 1')
      .get(panel, (day + 1) * dayMs);
    const closed = this.#db
      .prepare('SELECT 1 FROM pages WHERE panel = ? AND hour < ? LIMIT 1')
      .get(panel, (day + 1) * dayHours);
    return open !== undefined || closed !== undefined;
  }

  #acceptedOf({ panel, day }: Pick<QueuedDay, 'panel' | 'day'>): readonly QueuedPage[] {
    return this.#db
      .prepare(
        'SELECT * FROM accepted WHERE panel = ? AND hour >= ? AND hour < ? ORDER BY sequence',
      )
      .all(panel, day * dayHours, (day + 1) * dayHours)
      .map(pageOf);
  }

  async beginDay({ panel, day }: Pick<QueuedDay, 'panel' | 'day'>, number: number): Promise<void> {
    this.#db.prepare('INSERT OR REPLACE INTO days VALUES (?, ?, ?, 0)').run(panel, day, number);
  }

  async dayWritten({ panel, day }: Pick<QueuedDay, 'panel' | 'day'>): Promise<void> {
    this.#together(() => {
      this.#db.prepare('UPDATE days SET written = 1 WHERE panel = ? AND day = ?').run(panel, day);
      this.#db
        .prepare('DELETE FROM accepted WHERE panel = ? AND hour >= ? AND hour < ?')
        .run(panel, day * dayHours, (day + 1) * dayHours);
    });
  }

  #newestDay(panel: number): number {
    const row = this.#db
      .prepare('SELECT coalesce(max(day), -1) AS day FROM days WHERE panel = ? AND written = 1')
      .get(panel);
    return Number(row?.day ?? -1);
  }

  async standing(): Promise<readonly QueueStanding[]> {
    const rows = this.#db
      .prepare(
        `SELECT panel, newest_ms, done, (SELECT count(*) FROM rows WHERE rows.panel = panels.panel) AS open,
         (SELECT count(*) FROM pages WHERE pages.panel = panels.panel) AS closed,
         coalesce((SELECT pages FROM lost WHERE lost.panel = panels.panel), 0) AS lost,
         (SELECT count(DISTINCT hour / ${dayHours}) FROM accepted WHERE accepted.panel = panels.panel) AS days
         FROM panels ORDER BY panel`,
      )
      .all();
    return rows.map((row) => ({
      ...{ panel: Number(row.panel), newestMs: Number(row.newest_ms), open: Number(row.open) },
      ...{ closed: Number(row.closed), done: Number(row.done), lost: Number(row.lost) },
      ...{ days: Number(row.days), newestDay: this.#newestDay(Number(row.panel)) },
      refused: this.#refusedOf(Number(row.panel)),
      gaps: this.#gapsOf(Number(row.panel), Number(row.newest_ms)),
    }));
  }

  #refusedOf(panel: number): Readonly<Record<string, number>> {
    const rows = this.#db
      .prepare('SELECT code, count FROM refusals WHERE panel = ? ORDER BY code')
      .all(panel);
    return Object.fromEntries(rows.map(({ code, count }) => [String(code), Number(count)]));
  }

  #gapsOf(panel: number, newestMs: number): QueueStanding['gaps'] {
    const sql =
      'SELECT from_ms, until_ms FROM gaps WHERE panel = ? AND until_ms >= ? ORDER BY from_ms DESC LIMIT ?';
    const rows = this.#db.prepare(sql).all(panel, newestMs - gapsOfMs, mostGaps);
    return rows.map((it) => ({ fromMs: Number(it.from_ms), untilMs: Number(it.until_ms) }));
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

const pageOf = (row: Readonly<Record<string, unknown>>): QueuedPage => ({
  ...{ panel: Number(row.panel), sequence: Number(row.sequence), startHour: Number(row.hour) },
  rows: JSON.parse(String(row.rows)) as readonly PanelRow[],
  ...(row.shared instanceof Uint8Array && { shared: row.shared }),
});

const hourOf = (row: PanelRow | undefined): number => Math.floor((row?.timeMs ?? 0) / hourMs);

function rowOf(panel: number, timeMs: number, text: string): PanelRow {
  const values: unknown = JSON.parse(text);
  if (!Array.isArray(values)) throw new CodedError('HOME_INVALID', { part: 'sensor' });
  return { panel, timeMs, values };
}
