import { z } from 'zod';
import {
  accountIdText,
  base64urlText,
  blobIdText,
  consentIdText,
  height,
  recordIdText,
  timeMs,
  txIdText,
  uint,
} from './message-parts.ts';
import { maxReadRecords } from './read-request.ts';

/** Delivering, listing, reading and erasing items. Source: docs/protocol/http.md, H-9, H-10, H-12. */
export const maxItemsPerPost = 4_096;

export const itemInput = z.strictObject({
  salt: base64urlText(32),
  leafContent: base64urlText(512),
  header: base64urlText(8 * 1024),
});
export type ItemInput = z.infer<typeof itemInput>;

/** What a writer shows who is not the owner; `signature` by the grant's write key, label items/sign. */
export const writeConsent = z.strictObject({
  id: consentIdText,
  body: base64urlText(64 * 1024),
  salt: base64urlText(32),
  signature: base64urlText(64),
});
export type WriteConsent = z.infer<typeof writeConsent>;

export const itemsRequest = z.strictObject({
  account: accountIdText,
  epoch: uint,
  consent: writeConsent.optional(),
  rows: z.array(itemInput).min(1).max(maxItemsPerPost),
});
export type ItemsRequest = z.infer<typeof itemsRequest>;

export const itemsAnswer = z.object({
  root: base64urlText(32),
  count: uint,
  accepted: z.literal(true),
});
export type ItemsAnswer = z.infer<typeof itemsAnswer>;

/** Where an item stands: `path` leads from its leaf (number `index` of `count`) to the anchored `root`. */
const place = {
  recordId: recordIdText,
  txId: txIdText,
  height,
  timeMs,
  epoch: uint,
  consent: consentIdText.optional(),
  root: base64urlText(32),
  index: uint,
  count: uint,
  path: z.array(base64urlText(32)).max(64),
};

export const liveRow = z.object({
  state: z.literal('live'),
  ...place,
  salt: base64urlText(32),
  leafContent: base64urlText(512),
  header: base64urlText(8 * 1024),
});
export type LiveRow = z.infer<typeof liveRow>;

/** The hash of the leaf stays, since its siblings' paths need it; `tombstone` is the signed Erased. */
export const erasedRow = z.object({
  state: z.literal('erased'),
  ...place,
  leaf: base64urlText(32),
  tombstone: base64urlText(1024),
});
export type ErasedRow = z.infer<typeof erasedRow>;

export const itemRow = z.discriminatedUnion('state', [liveRow, erasedRow]);
export type ItemRow = z.infer<typeof itemRow>;

export const itemsPage = z.object({
  /** How often rows of the account were shown or erased: what the next listing says as `changed`. */
  changes: uint,
  rows: z.array(itemRow).max(maxReadRecords),
  next: z.string().max(64).optional(),
});
export type ItemsPage = z.infer<typeof itemsPage>;

/** `access` says where the look stands on the ledger, `salt` opens its entry hash. */
export const readAnswer = z.object({
  rows: z.array(itemRow).max(maxReadRecords),
  next: z.string().max(64).optional(),
  ticket: z.string().max(128),
  ticketUntilMs: timeMs,
  access: z.object({ txId: txIdText, height, index: uint }),
  salt: base64urlText(32),
});
export type ReadAnswer = z.infer<typeof readAnswer>;

export const eraseAnswer = z.object({
  erased: z.array(z.object({ leaf: base64urlText(32), tombstone: base64urlText(1024) })),
});
export type EraseAnswer = z.infer<typeof eraseAnswer>;

export const storedAnswer = z.object({
  stored: z.array(z.object({ id: blobIdText, bytes: uint })),
});
export type StoredAnswer = z.infer<typeof storedAnswer>;
