import type { CommittedBlock, LedgerEngine, SignedHeader } from '../engine.ts';

/**
 * Where a follower has the ledger from: somebody else's server, of which nothing is believed that is not signed. A block
 * comes with every transaction's bytes. Throws what is 'unavailable' where it cannot be asked now.
 */
export interface LedgerSource extends Pick<LedgerEngine, 'submit'> {
  newest(): Promise<SignedHeader>;
  /** Throws HEIGHT_UNKNOWN. */
  signedHeader(height: number): Promise<SignedHeader>;
  /** Throws HEIGHT_UNKNOWN. */
  block(height: number): Promise<Pick<CommittedBlock, 'txs' | 'results'>>;
}
