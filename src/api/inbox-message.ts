import { suite } from '../ledger/object-types.ts';
import { encodeCbor, readBytes, readText, readUint } from '../primitives/cbor.ts';
import { CodedError } from '../primitives/errors.ts';
import { type AccountId, accountIdOf, idBytes } from '../primitives/ids.ts';
import { messageObjects } from './object-types.ts';
import { decodeObject } from './signed.ts';

/**
 * A sealed message for an account's inbox at its hospital. It travels as `[bytes, signature]` (label
 * inbox/sign, by `fromKey`, a current key of `from`); hospitals see who writes to whom, never what.
 *
 * CBOR `[suite, type, chain id, to 32, from 32, from's key 32, sealed, sentMs]`.
 * Source: docs/protocol/http.md, rule H-11.
 */
export interface InboxMessage {
  readonly chainId: string;
  readonly to: AccountId;
  readonly from: AccountId;
  readonly fromKey: Uint8Array;
  readonly sealed: Uint8Array;
  readonly sentMs: number;
}

export const maxInboxSealedBytes = 64 * 1024;

export function encodeInboxMessage(message: InboxMessage): Uint8Array {
  return encodeCbor([
    suite,
    messageObjects.inboxMessage,
    message.chainId,
    idBytes(message.to),
    idBytes(message.from),
    message.fromKey,
    message.sealed,
    message.sentMs,
  ]);
}

/** Throws CBOR_INVALID, CBOR_SHAPE, SUITE_UNKNOWN, TYPE_UNKNOWN, BODY_TOO_LARGE. */
export function decodeInboxMessage(bytes: Uint8Array): InboxMessage {
  const fields = decodeObject(bytes, messageObjects.inboxMessage, 6);
  const sealed = readBytes(fields[4], 'sealed');
  if (sealed.length > maxInboxSealedBytes) {
    throw new CodedError('BODY_TOO_LARGE', { maxBytes: maxInboxSealedBytes });
  }
  return {
    chainId: readText(fields[0], 'chain id', 50),
    to: accountIdOf(readBytes(fields[1], 'to', 32)),
    from: accountIdOf(readBytes(fields[2], 'from', 32)),
    fromKey: readBytes(fields[3], 'from key', 32),
    sealed,
    sentMs: readUint(fields[5], 'sent'),
  };
}
