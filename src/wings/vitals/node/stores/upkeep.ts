import type { WriteAttempt } from '../../api/incident-report.ts';
import type { ServerNumber } from '../../crypto/pages/page-head.ts';

/** What of a store is not what was written. */
export interface BadRow {
  readonly table: string;
  /** As its key names it; '': the table as a whole. */
  readonly row: string;
  /** '': the row, or nobody can say which part of it. */
  readonly column: string;
  /** What it was held to: `row MAC`, `row count`, `row gone`, `manifest hash`, `kept hash`, `batch list`, `envelope id`, `index`. */
  readonly bound: string;
  /** Where it is of a batch of a trio, as far as the row or its batch says. */
  readonly trio?: string;
  readonly batch?: number;
  /** Of the patient whose row it is. */
  readonly pseudonym?: Uint8Array;
}

/** Where a scrub is: it goes on from there, also after a restart. */
export interface ScrubPlace {
  readonly table: string;
  /** Rows up to this one were looked at. */
  readonly after: readonly (string | number | Uint8Array)[];
}

export interface ScrubStep {
  readonly bad: readonly BadRow[];
  readonly rows: number;
  /** What was hashed of them. */
  readonly bytes: number;
  /** Undefined: all tables were looked at. */
  readonly next: ScrubPlace | undefined;
}

/** Looks at what a store keeps: rows in the order of tables and keys. Source: vitals-tampering.md, rules VT-5 to VT-8. */
export interface Upkeep {
  /** The next rows, at most `most`; `place` undefined: from the beginning. `numberOf`: this server's in a trio; undefined: not known. */
  scrub(
    place: ScrubPlace | undefined,
    most: number,
    numberOf: (trio: string) => ServerNumber | undefined,
  ): Promise<ScrubStep>;
  /** What only the store as a whole shows: rows that are gone, counts; `isFull`: indexes and the file, which stops everything else meanwhile. */
  scrubWhole(isFull: boolean): Promise<readonly BadRow[]>;
  /**
   * Indexes and the file, as they stand now, aside, so that nothing is stopped meanwhile. Undefined: there is so little that it is
   * not worth it. Missing: there is no such way.
   */
  lookAside?(): Promise<readonly BadRow[]> | undefined;
  /** Of that, without indexes and the file, the next few rows; its places are none of `scrub`. Missing: it has only all of it at once. */
  scrubWholeStep?(place: ScrubPlace | undefined, most: number): Promise<ScrubStep>;
  /** Whether anybody else has written to it since this was asked last. */
  wasWrittenByOthers(): Promise<boolean>;
  /** Who wrote, as far as the store itself tells; each is told until it is reported. Missing: it tells nothing. */
  attempts?(): Promise<readonly WriteAttempt[]>;
  /** What `attempts` told stands in a report that is kept. */
  reported?(): Promise<void>;
  /** In one step: rows that do not hold go, counts are of what is left. `code`: why a page that waited is refused. */
  drop(code: string, numberOf: (trio: string) => ServerNumber | undefined): Promise<void>;
}
