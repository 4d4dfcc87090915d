import { optionalAccount } from '../../../../ledger/shapes.ts';
import { stateTable } from '../../../../ledger/table.ts';
import { accountId, hexId, type Of, struct, uint } from '../../../../primitives/shape.ts';
import { purposeWord } from '../purposes.ts';

/** Id: the permit. What a researcher may ask of a dataset, for what and how much. */
const permit = struct({
  dataset: hexId(16),
  researcher: accountId,
  purpose: purposeWord,
  microRho: uint,
  notAfterMs: uint,
  proposer: accountId,
  /** '': nobody yet, and nothing is asked under it. */
  approver: optionalAccount,
  /** Debited so far, in microRho. */
  spent: uint,
});
export type Permit = Of<typeof permit>;

export const statPermits = stateTable('stat-permits', permit);
