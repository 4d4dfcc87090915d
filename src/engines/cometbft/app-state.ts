/**
 * The ledger's genesis inside CometBFT's own: `app_state` is JSON there, so the bytes travel as base64, without a space.
 * Source: docs/protocol/cometbft.md, rule CB-3.
 */
export const appStateOf = (genesis: Uint8Array, before?: LedgerBefore): string =>
  JSON.stringify({
    genesis: Buffer.from(genesis).toString('base64'),
    ...(before !== undefined && {
      prev_height: before.height,
      prev_header_hash: before.headerHash,
      prev_app_hash: before.appHash,
      snapshot_hash: before.snapshotHash,
    }),
  });

/** What one operator ordered before: its last block, and the state after it. Hashes in hex. Source: rule CB-20. */
export interface LedgerBefore {
  readonly height: number;
  readonly headerHash: string;
  readonly appHash: string;
  readonly snapshotHash: string;
}
