import {
  decodeItemHeader,
  decodeLeafContent,
  itemHeaderHash,
  itemLeafHash,
  type LeafContent,
} from '../../api/item.ts';
import { openChunked, openChunkedStream } from '../../crypto/chunked.ts';
import { runningSha256 } from '../../crypto/hash.ts';
import { labels } from '../../crypto/labels.ts';
import { verifyLabelled, verifySignature } from '../../crypto/signature.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { AccountId, RecordId } from '../../primitives/ids.ts';
import { BlobHasher, blobIdOf } from '../../storage/blob-id.ts';
import type { Carried } from './carried.ts';
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
  readonly key: ReadingKey;
  /** Whether the directory had this key for this author at the anchor's height. */
  readonly isKeyOfAuthor: (author: AccountId, publicKey: Uint8Array) => boolean | Promise<boolean>;
}

export interface OpenedItem {
  readonly head: ItemHead;
  readonly bytes: Uint8Array;
  /** The item that this one holds whole, where it is a carrier (I-80). */
  readonly carried?: Carried | undefined;
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
  const { leaf, recordId, recordKey } = await checkRow(item);
  if (blobIdOf(body) !== leaf.blobId) throw new CodedError('BLOB_CORRUPT', { recordId });
  const inside = await openChunked(recordKey, bodyContext(recordId), body);

  const headEnd = 4 + itemHeadLength(inside);
  const head = decodeItemHead(inside.subarray(4, headEnd));
  const bytesEnd = headEnd + head.byteLength;
  const end = bytesEnd + signatureBytes;
  checkHead(item, { leaf, recordId, head });
  if (inside.length !== leaf.paddedSize || inside.length !== paddedLength(end)) forged(recordId);
  if (inside.subarray(end).some((byte) => byte !== 0)) forged(recordId);
  const signed = inside.subarray(0, bytesEnd);
  const signature = inside.subarray(bytesEnd, end);
  if (!(await verifyLabelled(head.authorKey, labels.recordSign, signed, signature)))
    forged(recordId);
  await checkAuthor(item, head);
  return { head, bytes: inside.subarray(headEnd, bytesEnd) };
}

/**
 * `openItem` for a body that streams: gives the head first. Only when `bytes` ended without an error was
 * the item what its author signed; until then nothing of it may be kept or shown.
 */
export async function openItemStream(
  item: ItemToOpen,
  body: AsyncIterable<Uint8Array>,
): Promise<{ readonly head: ItemHead; readonly bytes: AsyncIterable<Uint8Array> }> {
  const { leaf, recordId, recordKey } = await checkRow(item);
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
      if (piece.some((byte) => byte !== 0)) forged(recordId);
    }
    if (hasher.finish().id !== leaf.blobId) throw new CodedError('BLOB_CORRUPT', { recordId });
    if (end + padding !== leaf.paddedSize) forged(recordId);
    if (!(await verifySignature(head.authorKey, message, signature))) forged(recordId);
  }
  return { head, bytes: bytes() };
}

/** From what travels beside the body: the leaf, the record it is about and the key of the body. */
async function checkRow(item: ItemToOpen): Promise<{
  readonly leaf: LeafContent;
  readonly recordId: RecordId;
  readonly recordKey: Uint8Array;
}> {
  if (!equalBytes(itemLeafHash(item.salt, item.leafContent), item.leaf)) {
    throw new CodedError('PROOF_INVALID');
  }
  const leaf = decodeLeafContent(item.leafContent);
  if (!equalBytes(itemHeaderHash(item.header), leaf.headerHash)) {
    throw new CodedError('ITEM_HEADER_CORRUPT');
  }
  const header = decodeItemHeader(item.header);
  const { recordId } = header;
  if (item.recordId !== undefined && item.recordId !== recordId) forged(recordId);
  return { leaf, recordId, recordKey: await unwrapItem(header, item.key) };
}

function checkHead(
  item: ItemToOpen,
  found: { readonly leaf: LeafContent; readonly recordId: RecordId; readonly head: ItemHead },
): void {
  const { leaf, recordId, head } = found;
  if (
    head.recordId !== recordId ||
    head.account !== item.account ||
    head.recordClass !== leaf.recordClass
  ) {
    forged(recordId);
  }
}

async function checkAuthor(item: ItemToOpen, head: ItemHead): Promise<void> {
  if (!(await item.isKeyOfAuthor(head.author, head.authorKey))) forged(head.recordId);
}

function forged(recordId: RecordId): never {
  throw new CodedError('ITEM_FORGED', { recordId });
}
