/**
 * The suite and the type numbers that stand first in objects that travel: `[suite, type, ...]`. These are
 * the ledger's own objects; those of clients and gateways stand in api/object-types.ts. The spine has 1 to
 * 69. Append-only. Source: docs/protocol/encoding.md.
 */

/** Ed25519, HPKE with X-Wing, Cobblestone-256, SHA-256, ristretto255 (protocol 1, suite 2). */
export const suite = 2;

export const ledgerObjects = {
  txBody: 1,
  genesis: 2,
  receipt: 20,
  shownBlock: 21,
  receiptBundle: 22,
} as const;
