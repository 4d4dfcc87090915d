/**
 * The ledger's genesis inside CometBFT's own: `app_state` is JSON there, so the bytes travel as base64, without a space.
 * Source: docs/protocol/cometbft.md, rule CB-3.
 */
export const appStateOf = (genesis: Uint8Array): string =>
  JSON.stringify({ genesis: Buffer.from(genesis).toString('base64') });
