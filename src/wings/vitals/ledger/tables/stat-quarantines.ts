import { stateTable } from '../../../../ledger/table.ts';
import type { AccountId } from '../../../../primitives/ids.ts';
import {
  accountId,
  hexId,
  list,
  type Of,
  oneOf,
  struct,
  uint,
} from '../../../../primitives/shape.ts';

/** Accused: one other organisation of the three says so, and nothing follows of it but a scrub. */
export const quarantineStates = ['accused', 'quarantined', 'rebuilt'] as const;

/** Id: `quarantineRowId`. What one data server must not answer of, or must no longer. Source: vitals-ledger.md, rule VL-17. */
const quarantine = struct({
  state: oneOf(quarantineStates),
  /** Organisations that say so: its own, or others of the three. */
  by: list(accountId, { most: 2 }),
  /** The newest report. */
  incident: hexId(32),
  /** Batches; 0: what is in none. */
  firstBatch: uint,
  lastBatch: uint,
  height: uint,
  timeMs: uint,
});
export type Quarantine = Of<typeof quarantine>;

export const statQuarantines = stateTable('stat-quarantines', quarantine);

/** Trio ‖ server. */
export const quarantineRowId = (trio: string, server: AccountId): string => trio + server;
