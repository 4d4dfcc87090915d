import type { OrdinaryClass } from '../../api/classes.ts';
import { encodeItemCore } from '../../api/item.ts';
import { sealChunked, sealChunkedStream } from '../../crypto/chunked.ts';
import { runningSha256, sha256 } from '../../crypto/hash.ts';
import { labels } from '../../crypto/labels.ts';
import { randomBytes } from '../../crypto/random.ts';
import { type SigningKey, signLabelled } from '../../crypto/signature.ts';
import { concatBytes, utf8 } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import { type BlobId, type RecordId, recordIdOf } from '../../primitives/ids.ts';
import { BlobHasher, blobIdOf } from '../../storage/blob-id.ts';
import { doubleKey, type SecondHalf } from './double.ts';
import {
  emptyLine,
  encodeHeadline,
  headlineHashOf,
  headlineOf,
  type LineOfBytes,
} from './headline/headline-format.ts';
import { sealHeadline } from './headline/headline-seal.ts';
import { lineOfBytes } from './headline/line-of-bytes.ts';
import { encodeItemHead, type ItemHead, paddedLength, signatureBytes } from './item-inside.ts';
import {
  type ItemRow,
  recordKeyBytes,
  type SealedBody,
  type Wrapping,
  wrapItem,
} from './item-wrap.ts';

/** An item before it is sealed. The author's public key is that of the key that signs. */
export interface ItemDescription
  extends Omit<ItemHead, 'authorKey' | 'byteLength' | 'ordinaryClass' | 'headlineHash'> {
  /** What a private one is besides; of every other its class. */
  readonly ordinaryClass?: OrdinaryClass | undefined;
  /** For the headline; undefined: what the bytes alone give. */
  readonly line?: LineOfBytes | undefined;
  /** Of a doubly encrypted one. */
  readonly second?: SecondHalf | undefined;
}

export interface SealedItem extends ItemRow, SealedBody {
  /** The blob. */
  readonly body: Uint8Array;
}

/** Up to here an item is sealed as a whole, and sealed anew after EPOCH_STALE (protocol 4). */
export const maxWholeBytes = 1024 * 1024;
const zerosAtOnce = new Uint8Array(64 * 1024);

/** 16 random bytes: a record’s id says nothing about it. */
export function newRecordId(): RecordId {
  return recordIdOf(randomBytes(16));
}

/**
 * Seals an item for the patient's chart: signed by its author, padded, under a key of its own.
 *
 * Throws KEY_WEAK (write key), CBOR_SHAPE (name or media type too long).
 * Source: docs/protocol/items.md, rules I-20 to I-27.
 */
export async function sealItem(
  item: ItemDescription & { readonly bytes: Uint8Array },
  author: SigningKey,
  wrapping: Wrapping,
): Promise<SealedItem> {
  const line = item.line ?? lineOfBytes(item);
  const { head, plain } = headOf({ ...item, line }, author, item.bytes.length);
  const signedBytes = head.length + item.bytes.length;
  const paddedBytes = paddedLength(signedBytes + signatureBytes);
  const inside = new Uint8Array(paddedBytes);
  inside.set(head);
  inside.set(item.bytes, head.length);
  const signed = inside.subarray(0, signedBytes);
  inside.set(await signLabelled(author, labels.recordSign, signed), signedBytes);

  const { recordKey, double } = newKey(item);
  const body = await sealChunked(recordKey, bodyContext(item.recordId), inside);
  const { recordId, recordClass } = item;
  const headline = await sealHeadline({ recordId, recordKey }, plain);
  const about = { recordId, recordClass, recordKey, headline, double };
  const sealed = { ...about, paddedBytes, blobId: blobIdOf(body) };
  return { ...sealed, ...(await wrapItem(sealed, wrapping)), body };
}

/**
 * Seals the body of an item of any size while it streams. `finish` gives what `wrapItem` needs, once the
 * body was read to its end.
 *
 * The body throws FILE_UNREADABLE when `bytes` does not have `byteLength` bytes: the file changed.
 */
export function sealItemStream(
  item: ItemDescription & {
    readonly bytes: AsyncIterable<Uint8Array>;
    readonly byteLength: number;
  },
  author: SigningKey,
): { readonly body: AsyncIterable<Uint8Array>; readonly finish: () => SealedBody } {
  const { head, plain } = headOf(item, author, item.byteLength);
  const paddedBytes = paddedLength(head.length + item.byteLength + signatureBytes);
  const { recordKey, double } = newKey(item);
  let blobId: BlobId | undefined;
  let headline: Uint8Array | undefined;

  async function* inside(): AsyncGenerator<Uint8Array, void, undefined> {
    const running = runningSha256();
    running.update(head);
    yield head;
    let left = item.byteLength;
    for await (const piece of item.bytes) {
      left -= piece.length;
      if (left < 0) break;
      running.update(piece);
      yield piece;
    }
    if (left !== 0) throw new CodedError('FILE_UNREADABLE', { byteLength: item.byteLength });
    yield await author.sign(recordSignMessage(running.digest()));
    yield* zeros(paddedBytes - head.length - item.byteLength - signatureBytes);
  }

  async function* body(): AsyncGenerator<Uint8Array, void, undefined> {
    const hasher = new BlobHasher();
    for await (const piece of sealChunkedStream(recordKey, bodyContext(item.recordId), inside())) {
      hasher.update(piece);
      yield piece;
    }
    headline = await sealHeadline({ recordId: item.recordId, recordKey }, plain);
    blobId = hasher.finish().id;
  }

  return {
    body: body(),
    finish() {
      if (blobId === undefined || headline === undefined)
        throw new CodedError('INTERNAL', { bodyRead: false });
      const { recordId, recordClass } = item;
      return { recordId, recordClass, recordKey, paddedBytes, blobId, headline, double };
    },
  };
}

/** The key of an item's body, and what is wrapped in its place where it is doubly encrypted. */
function newKey({ recordId, second }: ItemDescription): Pick<SealedBody, 'recordKey' | 'double'> {
  const drawn = randomBytes(recordKeyBytes);
  if (second === undefined) return { recordKey: drawn };
  const double = { first: drawn, lock: second.lock };
  return { recordKey: doubleKey(drawn, second.half, recordId), double };
}

/** Context of the body's seal: SHA-256(core). */
export function bodyContext(recordId: RecordId): Uint8Array {
  return sha256(encodeItemCore(recordId));
}

/** What the author signs, when the hash of the signed bytes is already known. */
export function recordSignMessage(signedHash: Uint8Array): Uint8Array {
  return concatBytes(utf8(labels.recordSign), Uint8Array.of(0), signedHash);
}

/** The head, which names the headline by its hash, and the headline's plaintext. */
function headOf(item: ItemDescription, author: SigningKey, byteLength: number) {
  const { recordClass } = item;
  const ordinary = recordClass === 'private' ? (item.ordinaryClass ?? 'other') : recordClass;
  const plain = encodeHeadline(headlineOf(item.line ?? emptyLine, item));
  const about = { authorKey: author.publicKey, ordinaryClass: ordinary, byteLength };
  const head = encodeItemHead({ ...item, ...about, headlineHash: headlineHashOf(plain) });
  return { head, plain };
}

function* zeros(count: number): Generator<Uint8Array, void, undefined> {
  for (let left = count; left > 0; left -= zerosAtOnce.length) {
    yield zerosAtOnce.subarray(0, Math.min(left, zerosAtOnce.length));
  }
}
