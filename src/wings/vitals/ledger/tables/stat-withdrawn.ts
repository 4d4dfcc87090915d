import { stateTable } from '../../../../ledger/table.ts';
import { accountId, type Of, struct, uint } from '../../../../primitives/shape.ts';

/** Id: the permit. Who took it back, and in which block: nothing is asked under it from then on. */
const withdrawn = struct({ by: accountId, height: uint, timeMs: uint });
export type Withdrawn = Of<typeof withdrawn>;

/** Apart from the permits: their rows are what they were before permits were taken back. */
export const statWithdrawn = stateTable('stat-withdrawn', withdrawn);
