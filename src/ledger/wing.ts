import type { ActModule } from './act.ts';
import type { StateTable } from './table.ts';

/** What one wing brings to the ledger. */
export interface LedgerWing {
  readonly name: string;
  readonly acts: readonly ActModule[];
  readonly tables: readonly StateTable<unknown>[];
}
