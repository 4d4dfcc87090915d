import type { PanelRow, RefusedReading } from './reading.ts';

/** A closed page that waits until all three servers accepted it. */
export interface QueuedPage {
  readonly panel: number;
  readonly sequence: number;
  /** Hours since 1970. */
  readonly startHour: number;
  readonly rows: readonly PanelRow[];
  /** The sharing that is on its way; missing: it is shared anew. */
  readonly shared?: Uint8Array;
}

/** A row of a padded panel may come so long after its hour: then that hour's page is closed, measured or not. Rule VS-24. */
export const paddedLateMs = 600_000;

/** A padded panel of a sensor, and since when it owes a page every hour. */
export interface PaddedSince {
  readonly panel: number;
  readonly sinceMs: number;
}

/**
 * Where a sensor keeps what it measured until it is safe elsewhere. What has returned is on disk; everything is one step.
 * Source: docs/protocol/vitals-servers.md, rule VS-22.
 */
export interface SensorQueue {
  /**
   * A row of an instant that was taken in before, or is not after what was closed, changes nothing; nor does one of a day
   * whose replica is written, which is counted as refused (`PAGE_STALE`). Returns how many were new.
   */
  add(rows: readonly PanelRow[]): Promise<number>;
  /**
   * Makes pages of full hours and hours that ended before `nowMs`; each takes the next number of its panel. Of a padded panel
   * one page of every hour; what does not fit on it is counted as refused (`RATE_LIMITED`). Returns how many.
   */
  close(nowMs: number): Promise<number>;
  /** The oldest closed pages, of all panels. */
  closed(most: number): Promise<readonly QueuedPage[]>;
  keepShared(page: Pick<QueuedPage, 'panel' | 'sequence'>, shared: Uint8Array): Promise<void>;
  /** All three have it: it is kept until the replica of its day is written. */
  done(page: Pick<QueuedPage, 'panel' | 'sequence'>): Promise<void>;
  /** It was refused: the next sharing is another. */
  again(page: Pick<QueuedPage, 'panel' | 'sequence'>): Promise<void>;
  /** No server will ever take it: it is counted, and gone. */
  giveUp(page: Pick<QueuedPage, 'panel' | 'sequence'>): Promise<void>;
  /** Counts readings of a panel that are no measurement, each once. */
  refuse(panel: number, refused: readonly RefusedReading[]): Promise<void>;
  /**
   * Days that are over at `nowMs`, of which every page was accepted or given up, and whose replica is not written: with what
   * was accepted. Oldest first.
   */
  daysToWrite(nowMs: number): Promise<readonly QueuedDay[]>;
  /** Notes, before the replica is written, under which number: so that one that stands there already is known as its own. */
  beginDay(day: Pick<QueuedDay, 'panel' | 'day'>, number: number): Promise<void>;
  /** Its replica stands in the chart: its pages are gone, and no row of it or of days before is taken in any more. */
  dayWritten(day: Pick<QueuedDay, 'panel' | 'day'>): Promise<void>;
  /** Of each panel that has some. */
  standing(): Promise<readonly QueueStanding[]>;
  end(): Promise<void>;
}

/** A day of one panel at its hub. */
export interface QueuedDay {
  readonly panel: number;
  /** Days since 1970. */
  readonly day: number;
  readonly pages: readonly QueuedPage[];
  /** What `beginDay` noted; missing: nothing was tried. */
  readonly number?: number;
}

export interface QueueStanding {
  readonly panel: number;
  /** When the newest row was measured. */
  readonly newestMs: number;
  /** Rows that no page has yet. */
  readonly open: number;
  readonly closed: number;
  /** So many pages were accepted. */
  readonly done: number;
  /** So many were given up: too old for the servers. */
  readonly lost: number;
  /** Days whose replica is owed: they have pages that were accepted. */
  readonly days: number;
  /** The newest day whose replica is written, days since 1970; -1: none. */
  readonly newestDay: number;
  /** Readings that were no measurement, by code. */
  readonly refused: Readonly<Record<string, number>>;
  /** Between rows of the last 24 hours that lie too far apart, the newest first. */
  readonly gaps: readonly { readonly fromMs: number; readonly untilMs: number }[];
}
