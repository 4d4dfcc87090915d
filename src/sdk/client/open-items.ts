import type { AccountId } from '../../primitives/ids.ts';
import type { ProvenLedger } from '../ledger/proven-ledger.ts';
import { type OpenedItem, openItem } from '../records/item-open.ts';
import type { ReadingKey } from '../records/item-wrap.ts';
import type { LiveItem } from './check-rows.ts';
import { withCarried } from './open-carried.ts';
import { wasKeyOf } from './was-key-of.ts';

/**
 * Opens the body of a proven row: what comes out is what its author signed for this chart, by a key that
 * the directory had for him when it was anchored.
 *
 * Throws CANNOT_OPEN, BLOB_CORRUPT, ITEM_FORGED, BODY_TOO_LARGE.
 */
export async function openLiveItem(
  ledger: ProvenLedger,
  item: LiveItem,
  key: ReadingKey,
  body: Uint8Array,
  signal?: AbortSignal,
): Promise<OpenedItem> {
  const opened = await openItem(itemToOpen(ledger, item, key, signal), body);
  return withCarried(ledger, { item: opened, height: item.height }, signal);
}

/** What `openItem` needs of a proven row: also whether its author had that key then. */
export function itemToOpen(
  ledger: ProvenLedger,
  item: LiveItem,
  key: ReadingKey,
  signal?: AbortSignal,
) {
  return {
    header: item.header,
    leafContent: item.leafContent,
    salt: item.salt,
    leaf: item.leaf,
    account: item.account,
    recordId: item.recordId,
    key,
    isKeyOfAuthor: (author: AccountId, publicKey: Uint8Array) =>
      wasKeyOf(ledger, { author, publicKey, height: item.height }, signal),
  };
}
