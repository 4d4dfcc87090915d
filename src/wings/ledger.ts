import { consortiumLedger } from './consortium/ledger/index.ts';
/** What wings bring to the ledger: acts and tables. A line a wing; `ledger/protocol.ts` alone reads it. */
export const ledgerWings = [consortiumLedger] as const;
