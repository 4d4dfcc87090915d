import { consortiumLedger } from './consortium/ledger/index.ts';
import { vitalsLedger } from './vitals/ledger/index.ts';
/** What wings bring to the ledger: acts and tables. A line a wing; `ledger/protocol.ts` alone reads it. */
export const ledgerWings = [consortiumLedger, vitalsLedger] as const;
