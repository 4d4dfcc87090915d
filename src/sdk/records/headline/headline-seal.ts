import { encodeItemCore, headlineBytes } from '../../../api/item.ts';
import { openUnderKey, sealUnderKey } from '../../../crypto/aead.ts';
import { deriveKey } from '../../../crypto/hash.ts';
import { labels } from '../../../crypto/labels.ts';
import { concatBytes, equalBytes } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { idBytes, type RecordId } from '../../../primitives/ids.ts';

/** The record whose headline it is, and the key that opens its body. */
export interface HeadlineKey {
  readonly recordId: RecordId;
  readonly recordKey: Uint8Array;
}

/**
 * Seals the 256 bytes of a headline: commitment 32 ‖ nonce 12 ‖ AES-256-GCM ‖ tag 16, 316 in all.
 *
 * AES-GCM alone opens under several keys with effort; the commitment makes it one key, so that two readers who were
 * given different secrets cannot be shown two lines. AAD: the item's core. Source: docs/protocol/items.md, rule I-60.
 */
export async function sealHeadline(key: HeadlineKey, plain: Uint8Array): Promise<Uint8Array> {
  const { sealingKey, commitment } = keysOf(key);
  const sealed = await sealUnderKey(sealingKey, encodeItemCore(key.recordId), plain);
  return concatBytes(commitment, sealed);
}

/** The commitment is compared first. Throws CANNOT_OPEN. */
export async function openHeadline(key: HeadlineKey, headline: Uint8Array): Promise<Uint8Array> {
  const { sealingKey, commitment } = keysOf(key);
  if (
    headline.length !== headlineBytes ||
    !equalBytes(commitment, headline.subarray(0, commitment.length))
  ) {
    throw new CodedError('CANNOT_OPEN');
  }
  const sealed = headline.subarray(commitment.length);
  return openUnderKey(sealingKey, encodeItemCore(key.recordId), sealed);
}

function keysOf({ recordId, recordKey }: HeadlineKey) {
  const derived = deriveKey(recordKey, labels.recordHeadline, [idBytes(recordId)], 64);
  return { sealingKey: derived.subarray(0, 32), commitment: derived.subarray(32) };
}
