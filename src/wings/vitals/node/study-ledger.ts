import type { Act } from '../../../ledger/protocol.ts';
import type { StateTable } from '../../../ledger/table.ts';

/** What a data server sees of the ledger, and how it speaks there. */
export interface StudyLedger {
  readonly chainId: string;
  /** A row as of a block that this server trusts; undefined: there is none yet. */
  row<Row>(table: StateTable<Row>, id: string): Promise<Row | undefined>;
  /** By this server's account; returns when it is committed. Throws the ledger's refusal, LEDGER_STALLED. */
  send(acts: readonly Act[]): Promise<void>;
}
