import type { TxResult } from '../application.ts';

/** A block as `blocks.db` keeps it: everything from which the ledger can be verified and replayed. */
export interface StoredBlock {
  readonly height: number;
  readonly timeMs: number;
  /** CometBFT `Header` and `Commit`, protobuf. */
  readonly header: Uint8Array;
  readonly commit: Uint8Array;
  readonly txs: readonly Uint8Array[];
  readonly results: readonly TxResult[];
  /** After this block; stands in the next header, which may not exist yet. */
  readonly appHash: Uint8Array;
}
