/**
 * The second field of every object that travels, `[suite, type, ...]`: no object can be taken for one of
 * another kind. These are the numbers of the objects that clients and gateways exchange; the ledger's own
 * stand with the ledger. Append-only. Source: docs/protocol/http.md, rule H-4.
 */
export const messageObjects = {
  grantBody: 40,
  letter: 41,
  readRequest: 42,
  inboxMessage: 43,
  card: 44,
  erase: 45,
  erased: 46,
  look: 47,
  refusal: 48,
  walletFile: 49,
  walletContent: 50,
  keySet: 51,
  envelopeSet: 52,
  deviceLink: 53,
  walletIndex: 54,
  walletShard: 55,
  deviceReveal: 56,
  refusalCount: 57,
  walletCopy: 58,
  walletCopyIndex: 59,
  itemCore: 60,
  importSkeleton: 61,
  carriedItem: 62,
  moveStatement: 63,
  ask: 64,
} as const;

export type MessageObject = (typeof messageObjects)[keyof typeof messageObjects];
