import type { Code } from '../../../codes/index.ts';

/** A place in a store that is not what was kept there. Names no person, no value. Source: docs/protocol/stores.md, SR-8. */
export interface Finding {
  /** `gateway`, `blobs`, `ledger`, `copies`; of a wing its own word. */
  readonly store: string;
  readonly table: string;
  /** As the store names it; of a row by which a person could be found, a MAC of its name. */
  readonly row: string;
  /** '': nobody can say which part, or it is gone. */
  readonly column: string;
  /** By what it was found: `id`, `row MAC`, `ledger root`, `signature`, `recount`, `next header`. */
  readonly bound: string;
  readonly code: Code;
}

/** What a round of the scrub says of one store. */
export interface StoreReport {
  /** A part of the hospital that is gone through as one: `gateway`, `claims`, `blobs`. */
  readonly part: string;
  readonly atMs: number;
  /** All of it was looked at: what is not among the findings is as it was kept. */
  readonly isWhole: boolean;
  readonly findings: readonly Finding[];
}

/** Where whoever looks at this hospital's stores leaves what he found. */
export interface StoreReports {
  /** Each once: one is gone when `taken` has returned. */
  take(taken: (report: StoreReport) => void): void;
}
