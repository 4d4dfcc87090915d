import type { AccountId } from '../../primitives/ids.ts';
import type { SignerDirectory } from '../ledger/proven-ledger.ts';
import type { SealedHeadline } from '../records/headline/headline-format.ts';
import { type OpenedItem, openItem, openItemHeadline } from '../records/item-open.ts';
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
  ledger: SignerDirectory,
  item: LiveItem,
  key: ReadingKey,
  body: Uint8Array,
  signal?: AbortSignal,
): Promise<OpenedItem> {
  const opened = await openItem(itemToOpen(ledger, item, key, signal), body);
  const { height, timeMs } = item;
  return withCarried(ledger, { item: opened, height, timeMs }, signal);
}

/**
 * The line of a proven row, without its body: the word of whoever anchored it.
 *
 * Throws CANNOT_OPEN, HEADLINE_WRONG. Source: docs/protocol/items.md, rule I-63.
 */
export function openLineOf(item: LiveItem, key: ReadingKey): Promise<SealedHeadline> {
  const { header, leafContent, salt, leaf, account, recordId } = item;
  return openItemHeadline({ header, leafContent, salt, leaf, account, recordId, key });
}

/** What `openItem` needs of a proven row: also whether its author had that key then. */
export function itemToOpen(
  ledger: SignerDirectory,
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
    anchoredUnder: item.consent,
    anchoredMs: item.timeMs,
    key,
    isKeyOfAuthor: (author: AccountId, publicKey: Uint8Array) =>
      wasKeyOf(ledger, { author, publicKey, height: item.height }, signal),
  };
}
