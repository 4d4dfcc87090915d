import type { RecordClass } from '../../api/classes.ts';
import {
  decodeStoredHeader,
  encodeItemHeader,
  encodeLeafContent,
  type ItemHeader,
  itemCore,
  itemHeaderHash,
  itemLeafHash,
} from '../../api/item.ts';
import { currentSuite } from '../../api/signed.ts';
import { deriveKey, labelledInfo } from '../../crypto/hash.ts';
import {
  hpkeOpenWithSharedSecret,
  hpkeSealWithSecret,
  hpkeSharedSecret,
} from '../../crypto/hpke.ts';
import { type KemKey, kems, xwingKeyFromSeed } from '../../crypto/kem.ts';
import { labels } from '../../crypto/labels.ts';
import { randomBytes } from '../../crypto/random.ts';
import { unwrapKey, wrapKey } from '../../crypto/wrap.ts';
import { concatBytes } from '../../primitives/bytes.ts';
import { encodeCbor } from '../../primitives/cbor.ts';
import { CodedError } from '../../primitives/errors.ts';
import { type BlobId, idBytes, type RecordId } from '../../primitives/ids.ts';
import { segmentWriteSeed } from '../keys/segment.ts';
import { doubleKey, doubleWrapKind, doubleWrapOf, encodeDoubleWrap } from './double.ts';

/** How the writer wraps the record key: he holds the segment's key, or only its public write key. */
export type Wrapping =
  | { readonly kind: 'segment'; readonly epoch: number; readonly sek: Uint8Array }
  | { readonly kind: 'write-key'; readonly epoch: number; readonly writeKey: Uint8Array };

/** What a reader may hold: the segment's key, the pair of its write key, or this one item's secret. */
export type ReadingKey = (
  | { readonly kind: 'segment'; readonly sek: Uint8Array }
  | { readonly kind: 'write-pair'; readonly pair: KemKey }
  | { readonly kind: 'opening-secret'; readonly secret: Uint8Array }
) & {
  /** Of a doubly encrypted item: the second half of its key, or why it is not here. */
  readonly half?: Uint8Array | CodedError | undefined;
};

const wrapKinds = { segment: 1, writeKey: 2 } as const;

/** A sealed body and what a header and a leaf say about it. */
export interface SealedBody {
  readonly recordId: RecordId;
  readonly recordClass: RecordClass;
  /** 32 random bytes that the body is sealed under. Secret. */
  readonly recordKey: Uint8Array;
  readonly blobId: BlobId;
  /** Length of the padded plaintext. */
  readonly paddedBytes: number;
  /** Sealed under a key of the record key, 316 bytes: the same however often the key is wrapped anew. */
  readonly headline: Uint8Array;
  /** Of a doubly encrypted one: what is wrapped in place of its key, and where the other half lies. */
  readonly double?: { readonly first: Uint8Array; readonly lock: Uint8Array } | undefined;
}

/** What the custodian keeps for an item, besides its body. */
export interface ItemRow {
  readonly header: Uint8Array;
  readonly leafContent: Uint8Array;
  readonly salt: Uint8Array;
  readonly leaf: Uint8Array;
}

/**
 * Wraps the key of a sealed body for an epoch: the header, and the leaf that anchors it.
 *
 * Calling it again for the same body is what a writer does after EPOCH_STALE: the body does not depend on
 * the epoch. Throws KEY_WEAK. Source: docs/protocol/items.md, rules I-24 to I-27.
 */
export async function wrapItem(body: SealedBody, wrapping: Wrapping): Promise<ItemRow> {
  const header = await wrappedHeader(body, wrapping);
  const leafContent = encodeLeafContent({
    headerHash: itemHeaderHash(header),
    blobId: body.blobId,
    recordClass: body.recordClass,
    paddedSize: body.paddedBytes,
  });
  const salt = randomBytes(32);
  return { header, leafContent, salt, leaf: itemLeafHash(salt, leafContent) };
}

async function wrappedHeader(body: SealedBody, wrapping: Wrapping): Promise<Uint8Array> {
  const { recordId, recordKey, headline, double } = body;
  const about = { suite: currentSuite, recordId, headline };
  const { epoch } = wrapping;
  const kind = wrapping.kind === 'segment' ? wrapKinds.segment : wrapKinds.writeKey;
  const of = { recordId, epoch, kind, lock: double?.lock };
  const wrap = await wrapped(double?.first ?? recordKey, wrapping, of);
  if (double === undefined) return encodeItemHeader({ ...about, epoch, wrapKind: kind, wrap });
  const both = encodeDoubleWrap({ kind, wrap, lock: double.lock });
  return encodeItemHeader({ ...about, epoch, wrapKind: doubleWrapKind, wrap: both });
}

async function wrapped(key: Uint8Array, wrapping: Wrapping, of: Wrapped): Promise<Uint8Array> {
  const aad = wrapAad(of);
  if (wrapping.kind === 'segment')
    return wrapKey(segmentWrapKey(wrapping.sek, of.recordId), key, aad);
  const { writeKey: publicKey } = wrapping;
  const sealing = { kem: 'xwing', publicKey, info: wrapInfo, aad, plaintext: key } as const;
  const { enc, ciphertext } = await hpkeSealWithSecret(sealing);
  return concatBytes(enc, ciphertext);
}

/**
 * The record key. Throws CANNOT_OPEN; of a doubly encrypted item whose second half is missing why it is, or RECORD_DOUBLE:
 * only once its first half opened.
 */
export async function unwrapItem(header: ItemHeader, key: ReadingKey): Promise<Uint8Array> {
  const secret = await openingSecretOf(header, key);
  const first = await unwrapWithSecret(ordinaryWrapOf(header), secret);
  if (header.wrapKind !== doubleWrapKind) return first;
  const { recordId } = header;
  if (key.half instanceof Uint8Array) return doubleKey(first, key.half, recordId);
  throw key.half ?? new CodedError('RECORD_DOUBLE', { recordId });
}

/** One wrap of kind 1 or 2, as it stands in a header or in its double wrap. */
interface OrdinaryWrap extends Wrapped {
  readonly wrap: Uint8Array;
}

function ordinaryWrapOf(header: ItemHeader): OrdinaryWrap {
  const { recordId, epoch } = header;
  if (header.wrapKind !== doubleWrapKind)
    return { recordId, epoch, kind: header.wrapKind, lock: undefined, wrap: header.wrap };
  return { recordId, epoch, ...doubleWrapOf(header) };
}

/**
 * What opens this one item and nothing else, for the envelope of somebody who may read single items:
 * the wrapping key (wrap 1) or the KEM's shared secret (wrap 2). Worthless once the header is erased.
 *
 * Throws CANNOT_OPEN.
 */
export async function openingSecretOf(header: ItemHeader, key: ReadingKey): Promise<Uint8Array> {
  if (header.suite !== currentSuite) throw new CodedError('CANNOT_OPEN');
  if (key.kind === 'opening-secret') return key.secret;
  const { kind, wrap } = ordinaryWrapOf(header);
  if (kind === wrapKinds.segment && key.kind === 'segment') {
    return segmentWrapKey(key.sek, header.recordId);
  }
  if (kind !== wrapKinds.writeKey) throw new CodedError('CANNOT_OPEN');
  const pair = key.kind === 'write-pair' ? key.pair : await writePairOf(key.sek);
  return hpkeSharedSecret(pair, wrap.subarray(0, kems.xwing.encBytes));
}

/** `openingSecretOf` for a header as it travels. Throws CBOR_INVALID, CBOR_SHAPE, CANNOT_OPEN. */
export function openingSecretOfHeader(header: Uint8Array, key: ReadingKey): Promise<Uint8Array> {
  return openingSecretOf(decodeStoredHeader(header), key);
}

function unwrapWithSecret(of: OrdinaryWrap, secret: Uint8Array): Promise<Uint8Array> {
  const aad = wrapAad(of);
  if (secret.length !== 32) throw new CodedError('CANNOT_OPEN');
  if (of.kind === wrapKinds.segment) return unwrapKey(secret, of.wrap, aad);
  if (
    of.kind !== wrapKinds.writeKey ||
    of.wrap.length !== kems.xwing.encBytes + recordKeyBytes + tagBytes
  ) {
    throw new CodedError('CANNOT_OPEN');
  }
  const ciphertext = of.wrap.subarray(kems.xwing.encBytes);
  return hpkeOpenWithSharedSecret(secret, { info: wrapInfo, aad, ciphertext });
}

export const recordKeyBytes = 32;
const tagBytes = 16;
const wrapInfo = labelledInfo(labels.recordSeal, []);

interface Wrapped {
  readonly recordId: RecordId;
  readonly epoch: number;
  /** 1 or 2. */
  readonly kind: number;
  /** Of a doubly encrypted item. */
  readonly lock: Uint8Array | undefined;
}

/** Rules I-26 and I-91: the same wrap is none outside its double wrap, nor under another lock. */
function wrapAad({ recordId, epoch, kind, lock }: Wrapped): Uint8Array {
  const core = itemCore.encode({ recordId });
  return encodeCbor(
    lock === undefined ? [core, epoch, kind] : [core, epoch, doubleWrapKind, kind, lock],
  );
}

function segmentWrapKey(sek: Uint8Array, recordId: RecordId): Uint8Array {
  return deriveKey(sek, labels.recordWrap, [idBytes(recordId)]);
}

/** The segment's write key with its secret half (protocol 4). */
export function writePairOf(sek: Uint8Array): Promise<KemKey> {
  return xwingKeyFromSeed(segmentWriteSeed(sek));
}
