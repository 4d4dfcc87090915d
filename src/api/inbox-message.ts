import { suite } from '../ledger/object-types.ts';
import { CodedError } from '../primitives/errors.ts';
import {
  accountId,
  bytes,
  checked,
  decodeAs,
  encodeAs,
  type Of,
  text,
  typed,
  uint,
} from '../primitives/shape.ts';
import { messageObjects } from './object-types.ts';

export const maxInboxSealedBytes = 64 * 1024;

const sealedMessage = checked(bytes(), (sealed) => {
  if (sealed.length > maxInboxSealedBytes) {
    throw new CodedError('BODY_TOO_LARGE', { maxBytes: maxInboxSealedBytes });
  }
});

/**
 * A sealed message for an account's inbox at its hospital. It travels as `[bytes, signature]` (label
 * inbox/sign, by `fromKey`, a current key of `from`); hospitals see who writes to whom, never what.
 * Source: docs/protocol/http.md, rule H-11.
 */
const inboxMessage = typed(suite, messageObjects.inboxMessage, {
  chainId: text(50),
  to: accountId,
  from: accountId,
  fromKey: bytes(32),
  sealed: sealedMessage,
  sentMs: uint,
});
export type InboxMessage = Of<typeof inboxMessage>;

/** What the sender signs. */
export function encodeInboxMessage(message: InboxMessage): Uint8Array {
  return encodeAs(inboxMessage, message);
}

/** Throws CBOR_INVALID, CBOR_SHAPE, SUITE_UNKNOWN, TYPE_UNKNOWN, BODY_TOO_LARGE. */
export function decodeInboxMessage(encoded: Uint8Array): InboxMessage {
  return decodeAs(inboxMessage, encoded);
}
