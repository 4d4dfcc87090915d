/**
 * The suite and the type numbers that stand first in objects that travel: `[suite, type, ...]`.
 * Append-only. Source: docs/protocol/encoding.md.
 */

/** Ed25519, HPKE with X-Wing, Cobblestone-256, SHA-256, ristretto255 (protocol 1, suite 2). */
export const suite = 2;

export const objectTypes = {
  txBody: 1,
  genesis: 2,
  receipt: 20,
} as const;
