import type { LedgerWing } from '../ledger/wing.ts';

/** What wings bring to the ledger: acts and tables. A line a wing; `ledger/protocol.ts` alone imports it. */
export const ledgerWings = [] as const satisfies readonly LedgerWing[];
