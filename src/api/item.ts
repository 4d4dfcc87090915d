import { sha256 } from '../crypto/hash.ts';
import { leafHash } from '../ledger/merkle.ts';
import { suite } from '../ledger/object-types.ts';
import { concatBytes } from '../primitives/bytes.ts';
import { encodeCbor } from '../primitives/cbor.ts';
import { CodedError } from '../primitives/errors.ts';
import {
  type AccountId,
  type BlobId,
  type ConsentId,
  idBytes,
  parseBlobId,
  type RecordId,
} from '../primitives/ids.ts';
import {
  bytes,
  checked,
  decodeAs,
  encodeAs,
  type Of,
  recordId,
  struct,
  typed,
  uint,
  uintTo,
} from '../primitives/shape.ts';
import { recordClass } from './classes.ts';
import { messageObjects } from './object-types.ts';

export const maxWrapBytes = 4 * 1024;

/** Commitment 32 ‖ nonce 12 ‖ AES-256-GCM of 256 ‖ tag 16: of every item the same. */
export const headlineBytes = 316;

/** An array inside the header; its encoding alone is what the body's context hashes. */
export const itemCore = typed(suite, messageObjects.itemCore, { recordId });

/**
 * The part of an item that can be erased: without it the body is sealed under a key that exists nowhere.
 * Source: docs/protocol/http.md, rule H-9.
 */
const headerFields = {
  core: itemCore,
  epoch: uint,
  /** 1: AES-256-GCM, 60 bytes; 2: HPKE; 3: double. */
  wrapKind: uintTo(255),
  wrap: checked(bytes(), (wrap, field) => {
    if (wrap.length > maxWrapBytes) throw new CodedError('CBOR_SHAPE', { field });
  }),
} as const;
const itemHeader = struct({
  ...headerFields,
  /** What the record is in one line, sealed under a key of the record key (items.md, I-60). */
  headline: bytes(headlineBytes),
});
/** Items of before have no headline: they are read, and not delivered any more (I-66). */
const headerOfBefore = struct(headerFields);
export type ItemHeader = Omit<Of<typeof itemHeader>, 'core'> & {
  readonly suite: number;
  readonly recordId: RecordId;
};

/** The core's encoding, as the body's context and the wrap's AAD take it. */
export function encodeItemCore(record: RecordId): Uint8Array {
  return encodeAs(itemCore, { recordId: record });
}

/** The header’s hash stands in the leaf, so these are the bytes that are kept and handed out. */
export function encodeItemHeader(header: ItemHeader): Uint8Array {
  return encodeAs(itemHeader, { ...header, core: { recordId: header.recordId } });
}

/** As it is delivered. Throws CBOR_INVALID, CBOR_SHAPE, SUITE_UNKNOWN, TYPE_UNKNOWN. */
export function decodeItemHeader(encoded: Uint8Array): ItemHeader {
  const { core, ...wrapped } = decodeAs(itemHeader, encoded, 'header');
  return { suite, ...core, ...wrapped };
}

/** The first byte of a CBOR array of four places. */
const fourPlaces = 0x84;

/** As it is stored: that of an item of before has an empty headline. Throws as `decodeItemHeader`. */
export function decodeStoredHeader(encoded: Uint8Array): ItemHeader {
  if (encoded[0] !== fourPlaces) return decodeItemHeader(encoded);
  const { core, ...wrapped } = decodeAs(headerOfBefore, encoded, 'header');
  return { suite, ...core, ...wrapped, headline: new Uint8Array(0) };
}

/** What an anchor's leaf says about an item. */
const leafContent = struct({
  /** SHA-256. */
  headerHash: bytes(32),
  blobId: { encode: (blob: BlobId) => blob, decode: parseBlobId },
  recordClass,
  paddedSize: uint,
});
export type LeafContent = Of<typeof leafContent>;

/** What an anchor’s tree holds of an item, behind a salt of its own. */
export function encodeLeafContent(leaf: LeafContent): Uint8Array {
  return encodeAs(leafContent, leaf);
}

/** Throws CBOR_INVALID, CBOR_SHAPE, ID_FORMAT, CLASS_UNKNOWN. */
export function decodeLeafContent(encoded: Uint8Array): LeafContent {
  return decodeAs(leafContent, encoded, 'leaf');
}

/** SHA-256(0x00 ‖ salt 32 ‖ leaf content): the leaf as the anchor's RFC 9162 tree has it. */
export function itemLeafHash(salt: Uint8Array, leafContent: Uint8Array): Uint8Array {
  return leafHash(concatBytes(salt, leafContent));
}

/** SHA-256 of a header, as its leaf names it. */
export function itemHeaderHash(header: Uint8Array): Uint8Array {
  return sha256(header);
}

/**
 * What the grant's write key signs (label items/sign) when a writer delivers rows for an anchor to come:
 * CBOR `[account 32, consent 16, epoch, root 32, count]`. Source: docs/protocol/http.md, rule H-9.
 */
export function encodeItemsOrder(order: {
  readonly account: AccountId;
  readonly consent: ConsentId;
  readonly epoch: number;
  readonly root: Uint8Array;
  readonly count: number;
}): Uint8Array {
  const { account, consent, epoch, root, count } = order;
  return encodeCbor([idBytes(account), idBytes(consent), epoch, root, count]);
}
