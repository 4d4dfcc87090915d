import {
  decodeLeafContent,
  decodeStoredHeader,
  itemHeaderHash,
  itemLeafHash,
  type LeafContent,
} from '../../api/item.ts';
import { openChunked, openChunkedStream } from '../../crypto/chunked.ts';
import { runningSha256 } from '../../crypto/hash.ts';
import { labels } from '../../crypto/labels.ts';
import { verifyLabelled, verifySignature } from '../../crypto/signature.ts';
import { equalBytes, isZero } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { AccountId, ConsentId, RecordId } from '../../primitives/ids.ts';
import { BlobHasher, blobIdOf } from '../../storage/blob-id.ts';
import { type Carried, carriedMediaType } from './carried.ts';
import {
  decodeHeadline,
  emptyLine,
  headlineHashOf,
  headlineOf,
  type SealedHeadline,
} from './headline/headline-format.ts';
import { openHeadline } from './headline/headline-seal.ts';
import { isHeadlineOf, lineOfBytes } from './headline/line-of-bytes.ts';
import {
  decodeItemHead,
  type ItemHead,
  itemHeadLength,
  paddedLength,
  signatureBytes,
} from './item-inside.ts';
import { bodyContext, recordSignMessage } from './item-seal.ts';
import { type ReadingKey, unwrapItem } from './item-wrap.ts';
import { PieceReader } from './piece-reader.ts';

/** A row as a server hands it out, and what the reader knows from elsewhere. */
export interface ItemToOpen {
  readonly header: Uint8Array;
  readonly leafContent: Uint8Array;
  readonly salt: Uint8Array;
  /** The leaf whose path to the anchored root was checked. */
  readonly leaf: Uint8Array;
  /** Whose chart it is: the sender of the anchor. */
  readonly account: AccountId;
  /** The record that was asked for; undefined when listing. */
  readonly recordId: RecordId | undefined;
  /** Under which grant it was anchored: who put it there, should its headline be false. */
  readonly anchoredUnder?: ConsentId | undefined;
  /** Block time of the anchor: whether its headline may still be of an older version. */
  readonly anchoredMs?: number | undefined;
  readonly key: ReadingKey;
  /** Whether the directory had this key for this author at the anchor's height. */
  readonly isKeyOfAuthor: (author: AccountId, publicKey: Uint8Array) => boolean | Promise<boolean>;
}

/** All that an item is held against but its author, which the directory knows. */
export type ItemInside = Omit<ItemToOpen, 'isKeyOfAuthor'>;

export interface OpenedItem {
  readonly head: ItemHead;
  /** As its author signed it; `checkHeadline` holds it against the bytes. */
  readonly headline: SealedHeadline;
  readonly bytes: Uint8Array;
  /** The item that this one holds whole, where it is a carrier (I-80). */
  readonly carried?: Carried | undefined;
  /** What is wrong with it though its author signed it: shown beside it, not in place of it. */
  readonly problems: readonly ItemProblem[];
}

/** HEADLINE_WRONG: its line says something else; CLASS_NOT_GRANTED: a private one of a class that the grant does not write. */
export type ItemProblem = 'HEADLINE_WRONG' | 'CLASS_NOT_GRANTED';

/**
 * The headline of an item, opened without its body: the word of whoever anchored it, until the body is opened.
 *
 * Throws PROOF_INVALID, ITEM_HEADER_CORRUPT, CANNOT_OPEN, HEADLINE_WRONG (it is none).
 * Source: docs/protocol/items.md, rule I-63.
 */
export async function openItemHeadline(item: ItemInside): Promise<SealedHeadline> {
  const { recordId, recordKey, headline } = await checkRow(item);
  if (headline.length === 0) throw new CodedError('HEADLINE_WRONG', { recordId });
  return decodeHeadline(await openHeadline({ recordId, recordKey }, headline));
}

/**
 * Opens an item and believes nothing on the way: the header and body are those of the anchored leaf, what
 * is inside says the same record, chart and class, and its author signed it.
 *
 * Throws PROOF_INVALID (salt and content are not this leaf's), ITEM_HEADER_CORRUPT, BLOB_CORRUPT,
 * CANNOT_OPEN, ITEM_FORGED, and CBOR_* or CLASS_UNKNOWN for a leaf content that is none.
 * Source: docs/protocol/items.md, rules I-28 to I-32.
 */
export async function openItem(item: ItemToOpen, body: Uint8Array): Promise<OpenedItem> {
  const opened = await openInside(item, body);
  await checkAuthor(item, opened.head);
  return opened;
}

/**
 * `openItem` but for its last step: whether its author had that key then. Nothing of it may be shown before that. Needs
 * nothing but its arguments, so that any thread can do it. Throws as `openItem`.
 */
export async function openInside(item: ItemInside, body: Uint8Array): Promise<OpenedItem> {
  const row = await checkRow(item);
  const { leaf, recordId, recordKey } = row;
  if (blobIdOf(body) !== leaf.blobId) throw new CodedError('BLOB_CORRUPT', { recordId });
  const inside = await openChunked(recordKey, bodyContext(recordId), body);

  const headEnd = 4 + itemHeadLength(inside);
  const head = decodeItemHead(inside.subarray(4, headEnd));
  const bytesEnd = headEnd + head.byteLength;
  const end = bytesEnd + signatureBytes;
  checkHead(item, { leaf, recordId, head });
  const stored = await headlineOfHead(item, row, head);
  if (inside.length !== leaf.paddedSize || inside.length !== paddedLength(end)) forged(recordId);
  if (!isZero(inside, end)) forged(recordId);
  const signed = inside.subarray(0, bytesEnd);
  const signature = inside.subarray(bytesEnd, end);
  if (!(await verifyLabelled(head.authorKey, labels.recordSign, signed, signature)))
    forged(recordId);
  const bytes = inside.subarray(headEnd, bytesEnd);
  const headline = stored ?? headlineOf(lineOfBytes({ ...head, bytes }), head);
  // That of a carrier is of what is inside it, which is held against it once that was opened (I-82).
  const isTrue =
    head.mediaType === carriedMediaType ||
    isHeadlineOf({ head, headline, bytes }, item.anchoredMs ?? 0);
  return { head, headline, bytes, problems: isTrue ? [] : ['HEADLINE_WRONG'] };
}

/**
 * `openItem` for a body that streams: gives the head first. Only when `bytes` ended without an error was
 * the item what its author signed; until then nothing of it may be kept or shown.
 */
export async function openItemStream(
  item: ItemToOpen,
  body: AsyncIterable<Uint8Array>,
): Promise<{
  readonly head: ItemHead;
  readonly headline: SealedHeadline;
  readonly bytes: AsyncIterable<Uint8Array>;
}> {
  const row = await checkRow(item);
  const { leaf, recordId, recordKey } = row;
  const hasher = new BlobHasher();
  async function* hashed(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const piece of body) {
      hasher.update(piece);
      yield piece;
    }
  }
  const inside = new PieceReader(openChunkedStream(recordKey, bodyContext(recordId), hashed()));
  const running = runningSha256();
  const first = await inside.take(4);
  const headBytes = await inside.take(itemHeadLength(first));
  const head = decodeItemHead(headBytes);
  checkHead(item, { leaf, recordId, head });
  const stored = await headlineOfHead(item, row, head);
  const headline = stored ?? headlineOf(emptyLine, head);
  const end = 4 + headBytes.length + head.byteLength + signatureBytes;
  if (leaf.paddedSize !== paddedLength(end)) forged(recordId);
  await checkAuthor(item, head);
  running.update(first);
  running.update(headBytes);

  async function* bytes(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const piece of inside.pieces(head.byteLength)) {
      running.update(piece);
      yield piece;
    }
    const signature = await inside.take(signatureBytes);
    const message = recordSignMessage(running.digest());
    let padding = 0;
    for await (const piece of inside.rest()) {
      padding += piece.length;
      if (!isZero(piece, 0)) forged(recordId);
    }
    if (hasher.finish().id !== leaf.blobId) throw new CodedError('BLOB_CORRUPT', { recordId });
    if (end + padding !== leaf.paddedSize) forged(recordId);
    if (!(await verifySignature(head.authorKey, message, signature))) forged(recordId);
  }
  return { head, headline, bytes: bytes() };
}

interface CheckedRow {
  readonly leaf: LeafContent;
  readonly recordId: RecordId;
  readonly recordKey: Uint8Array;
  /** Sealed. */
  readonly headline: Uint8Array;
}

/** From what travels beside the body: the leaf, the record it is about and the key of the body. */
async function checkRow(item: ItemInside): Promise<CheckedRow> {
  if (!equalBytes(itemLeafHash(item.salt, item.leafContent), item.leaf)) {
    throw new CodedError('PROOF_INVALID');
  }
  const leaf = decodeLeafContent(item.leafContent);
  if (!equalBytes(itemHeaderHash(item.header), leaf.headerHash)) {
    throw new CodedError('ITEM_HEADER_CORRUPT');
  }
  const header = decodeStoredHeader(item.header);
  const { recordId, headline } = header;
  if (item.recordId !== undefined && item.recordId !== recordId) forged(recordId);
  return { leaf, recordId, recordKey: await unwrapItem(header, item.key), headline };
}

function checkHead(
  item: ItemInside,
  found: { readonly leaf: LeafContent; readonly recordId: RecordId; readonly head: ItemHead },
): void {
  const { leaf, recordId, head } = found;
  if (
    head.recordId !== recordId ||
    head.account !== item.account ||
    head.recordClass !== leaf.recordClass ||
    (head.recordClass !== 'private' && head.ordinaryClass !== head.recordClass)
  ) {
    forged(recordId);
  }
}

/** Another headline than the one that the author signed is the doing of whoever anchored the item. */
async function headlineOfHead(
  { anchoredUnder }: ItemInside,
  { recordId, recordKey, headline }: CheckedRow,
  head: ItemHead,
): Promise<SealedHeadline | undefined> {
  const by = anchoredUnder === undefined ? {} : { anchoredUnder };
  // An item of before has neither; one without the other is nobody's honest doing.
  if (headline.length === 0 && head.headlineHash.length === 0) return undefined;
  const plain = await openHeadline({ recordId, recordKey }, headline).catch((cause) => {
    throw new CodedError('ITEM_FORGED', { recordId, ...by }, cause);
  });
  if (!equalBytes(headlineHashOf(plain), head.headlineHash)) {
    throw new CodedError('ITEM_FORGED', { recordId, ...by });
  }
  try {
    return decodeHeadline(plain);
  } catch (cause) {
    throw new CodedError('ITEM_FORGED', { recordId }, cause);
  }
}

async function checkAuthor(item: ItemToOpen, head: ItemHead): Promise<void> {
  if (!(await item.isKeyOfAuthor(head.author, head.authorKey))) forged(head.recordId);
}

function forged(recordId: RecordId): never {
  throw new CodedError('ITEM_FORGED', { recordId });
}
