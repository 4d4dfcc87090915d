import { itemLeafHash } from '../../api/item.ts';
import { labels } from '../../crypto/labels.ts';
import { verifyLabelled, verifyVote } from '../../crypto/signature.ts';
import { type ReceiptVerdict, verifyReceipt } from '../../ledger/chain/receipt.ts';
import { readTxBody } from '../../ledger/codec.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import { idBytes } from '../../primitives/ids.ts';
import type { SignerDirectory } from '../ledger/proven-ledger.ts';
import {
  type Carried,
  type CarriedFrame,
  carriedMediaType,
  contentOf,
  decodeCarrier,
  encodeMove,
  maxCarriedDepth,
} from '../records/carried.ts';
import { isHeadlineOf } from '../records/headline/line-of-bytes.ts';
import { type OpenedItem, openItem } from '../records/item-open.ts';
import { wasKeyOf } from './was-key-of.ts';

/** The item that holds another one, and height and block time of its anchor. */
interface Outer {
  readonly item: OpenedItem;
  readonly height: number;
  readonly timeMs: number;
}

/**
 * The item with what it carries, checked as it was where it lay: leaf, body, author's signature, anchor by its receipt,
 * the author's key at that height, and that whoever had the chart's keys moved it here. What does not hold is said, and
 * does not stop the rest. Throws what asking the ledger throws.
 *
 * Source: docs/protocol/items.md, rules I-81 and I-82.
 */
export async function withCarried(
  ledger: SignerDirectory,
  outer: Outer,
  signal?: AbortSignal,
): Promise<OpenedItem> {
  if (outer.item.head.mediaType !== carriedMediaType) return outer.item;
  const item = await carriedOf(ledger, outer, signal, 0);
  const { head, bytes } = contentOf(item);
  const { headline } = item;
  // A line is that of what is inside, under the name and class that it has here (I-80).
  if (isHeadlineOf({ head, headline, bytes }, outer.timeMs)) {
    return item;
  }
  return { ...item, problems: [...item.problems, 'HEADLINE_WRONG'] };
}

async function carriedOf(
  ledger: SignerDirectory,
  outer: Outer,
  signal: AbortSignal | undefined,
  depth: number,
): Promise<OpenedItem> {
  const { item } = outer;
  if (item.head.mediaType !== carriedMediaType || depth >= maxCarriedDepth) return item;
  let read: ReturnType<typeof decodeCarrier>;
  try {
    read = decodeCarrier(item.bytes);
  } catch {
    const { account } = item.head;
    return { ...item, carried: unopened({ account, from: '' }, 'CARRIER_INVALID') };
  }
  const { frame, body } = read;
  const inner = await opened(frame, body);
  if ('code' in inner) return { ...item, carried: unopened(frame, inner.code) };
  const verdict = await verdictOf(ledger, frame);
  const isHeld = !('failed' in verdict);
  const failed = isHeld
    ? ((await whyNotWritten(ledger, inner, verdict, signal)) ??
      (await whyNotMoved(ledger, outer, frame, signal)))
    : verdict.failed;
  const { height, timeMs } = isHeld ? verdict : { height: 0, timeMs: 0 };
  const whole = await carriedOf(ledger, { item: inner, height, timeMs }, signal, depth + 1);
  const { account, from } = frame;
  const carried: Carried = {
    ...{ account, from, notVerified: failed, head: whole.head, bytes: whole.bytes },
    anchored: isHeld ? { height: verdict.height, timeMs: verdict.timeMs } : undefined,
    carried: whole.carried,
  };
  return { ...item, carried };
}

const unopened = (
  { account, from }: Pick<CarriedFrame, 'account' | 'from'>,
  notVerified: string,
): Carried => ({
  ...{ account, from, notVerified, head: undefined, bytes: new Uint8Array(0) },
  ...{ anchored: undefined, carried: undefined },
});

/** As its author signed it; the key is held against the directory once the height is known. */
async function opened(
  frame: CarriedFrame,
  body: Uint8Array,
): Promise<OpenedItem | { readonly code: string }> {
  const { header, leafContent, salt, account, openingSecret: secret } = frame;
  const leaf = itemLeafHash(salt, leafContent);
  try {
    return await openItem(
      {
        ...{ header, leafContent, salt, leaf, account, recordId: undefined },
        key: { kind: 'opening-secret', secret },
        isKeyOfAuthor: () => true,
      },
      body,
    );
  } catch (error) {
    if (!isCoded(error)) throw error;
    return { code: error.code };
  }
}

/** The anchor of this very leaf in this very chart. */
async function verdictOf(
  ledger: SignerDirectory,
  { receipt, salt, leafContent, account }: CarriedFrame,
): Promise<ReceiptVerdict | { readonly failed: string }> {
  try {
    const verdict = await verifyReceipt(receipt, ledger.trustRoot, verifyVote);
    ledger.headers.meet(verdict.height, idBytes(verdict.headerHash));
    const { claim, code, tx } = verdict;
    const isItsAnchor =
      code === 0 &&
      claim?.kind === 'leaf' &&
      equalBytes(claim.salt, salt) &&
      equalBytes(claim.content, leafContent) &&
      readTxBody(tx).sender === account;
    if (!isItsAnchor) throw new CodedError('RECEIPT_INVALID', { reason: 'claim' });
    return verdict;
  } catch (error) {
    // Another ledger than the one that was seen is no matter of this record alone.
    const failed = isCoded(error) ? error.code : undefined;
    if (failed === undefined || failed === 'LEDGER_FORKED') throw error;
    return { failed };
  }
}

async function whyNotWritten(
  ledger: SignerDirectory,
  { head }: OpenedItem,
  { height }: ReceiptVerdict,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const { author, authorKey: publicKey } = head;
  return (await wasKeyOf(ledger, { author, publicKey, height }, signal))
    ? undefined
    : 'ITEM_FORGED';
}

/** Only the owner of a chart carries into it, and only what its own keys sent here. */
async function whyNotMoved(
  ledger: SignerDirectory,
  { item, height }: Outer,
  frame: CarriedFrame,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const { author, account: to } = item.head;
  const { account: from, moveKey, moveSignature } = frame;
  if (author !== to) return 'MOVE_NOT_SIGNED';
  if (from === to) return undefined;
  const { chain: chainId } = ledger.trustRoot;
  const isSigned =
    moveKey.length > 0 &&
    (await verifyLabelled(
      moveKey,
      labels.recordMove,
      encodeMove({ chainId, from, to }),
      moveSignature,
    )) &&
    (await wasKeyOf(ledger, { author: from, publicKey: moveKey, height }, signal));
  return isSigned ? undefined : 'MOVE_NOT_SIGNED';
}
