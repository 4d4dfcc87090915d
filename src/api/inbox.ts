import * as z from 'zod/mini';
import { maxInboxSealedBytes } from './inbox-message.ts';
import { base64urlText, height, timeMs, txIdText, uint } from './message-parts.ts';

/**
 * Where a notice of an account's inbox (docs/protocol/http.md, rule H-11) stands on the ledger. A look: entry number
 * `index` of an AccessLog. A refusal or a tombstone: leaf number `index` of `count` of a BatchAnchor, to whose root
 * `path` leads from `leaf` (a leaf content).
 */
export const inboxAnchor = z.object({
  txId: txIdText,
  height,
  index: uint,
  count: z.optional(uint),
  path: z.optional(z.array(base64urlText(32)).check(z.maxLength(64))),
  leaf: z.optional(base64urlText(1024)),
});
export type InboxAnchor = z.infer<typeof inboxAnchor>;

export const inboxKinds = ['message', 'look', 'refusal', 'erased'] as const;
export type InboxKind = (typeof inboxKinds)[number];

/** `sealed` of an `erased` notice is the tombstone itself; `signed` is the whole message as it was sent. */
export const inboxEntry = z.object({
  id: uint,
  kind: z.enum(inboxKinds),
  receivedMs: timeMs,
  sealed: base64urlText(512 * 1024),
  signed: z.optional(base64urlText(maxInboxSealedBytes + 1024)),
  anchor: z.optional(inboxAnchor),
});
export type InboxEntry = z.infer<typeof inboxEntry>;

export const inboxAnswer = z.object({ messages: z.array(inboxEntry), more: z.boolean() });
export type InboxAnswer = z.infer<typeof inboxAnswer>;
