import { sha256 } from '../crypto/hash.ts';
import { leafHash } from '../ledger/merkle.ts';
import { suite } from '../ledger/object-types.ts';
import { concatBytes } from '../primitives/bytes.ts';
import {
  type Cbor,
  decodeCbor,
  encodeCbor,
  readArray,
  readBytes,
  readText,
  readUint,
} from '../primitives/cbor.ts';
import { CodedError } from '../primitives/errors.ts';
import {
  type AccountId,
  type BlobId,
  type ConsentId,
  idBytes,
  parseBlobId,
  type RecordId,
  recordIdOf,
} from '../primitives/ids.ts';
import { parseRecordClass, type RecordClass } from './classes.ts';
import { messageObjects } from './object-types.ts';
import { readObject } from './signed.ts';

/**
 * The part of an item that can be erased: without it the body is sealed under a key that exists nowhere.
 *
 * header = CBOR `[core, epoch, wrap kind, wrap]`, core = `[suite, type, record id 16]` (an array inside the
 * array; its encoding alone is what the body's context hashes). Wrap kind 1: AES-256-GCM, 60 bytes; 2: HPKE;
 * 3: double. Source: docs/protocol/http.md, rule H-9.
 */
export interface ItemHeader {
  readonly suite: number;
  readonly recordId: RecordId;
  readonly epoch: number;
  readonly wrapKind: number;
  readonly wrap: Uint8Array;
}

export const maxWrapBytes = 4 * 1024;

const coreOf = (recordId: RecordId): Cbor => [suite, messageObjects.itemCore, idBytes(recordId)];

/** The core's encoding, as the body's context and the wrap's AAD take it. */
export function encodeItemCore(recordId: RecordId): Uint8Array {
  return encodeCbor(coreOf(recordId));
}

export function encodeItemHeader(header: ItemHeader): Uint8Array {
  return encodeCbor([coreOf(header.recordId), header.epoch, header.wrapKind, header.wrap]);
}

/** Throws CBOR_INVALID, CBOR_SHAPE, SUITE_UNKNOWN, TYPE_UNKNOWN. */
export function decodeItemHeader(bytes: Uint8Array): ItemHeader {
  const fields = readArray(decodeCbor(bytes), 'header', 4);
  const core = readObject(fields[0], messageObjects.itemCore, 1);
  const wrap = readBytes(fields[3], 'wrap');
  if (wrap.length > maxWrapBytes) throw new CodedError('CBOR_SHAPE', { field: 'wrap' });
  return {
    suite,
    recordId: recordIdOf(readBytes(core[0], 'record id', 16)),
    epoch: readUint(fields[1], 'epoch'),
    wrapKind: readUint(fields[2], 'wrap kind', 255),
    wrap,
  };
}

/** What an anchor's leaf says about an item: CBOR `[SHA-256(header) 32, blob id, class, padded size]`. */
export interface LeafContent {
  readonly headerHash: Uint8Array;
  readonly blobId: BlobId;
  readonly recordClass: RecordClass;
  readonly paddedSize: number;
}

export function encodeLeafContent(leaf: LeafContent): Uint8Array {
  return encodeCbor([leaf.headerHash, leaf.blobId, leaf.recordClass, leaf.paddedSize]);
}

/** Throws CBOR_INVALID, CBOR_SHAPE, ID_FORMAT, CLASS_UNKNOWN. */
export function decodeLeafContent(bytes: Uint8Array): LeafContent {
  const fields = readArray(decodeCbor(bytes), 'leaf', 4);
  return {
    headerHash: readBytes(fields[0], 'header hash', 32),
    blobId: parseBlobId(fields[1]),
    recordClass: parseRecordClass(readText(fields[2], 'class', 16)),
    paddedSize: readUint(fields[3], 'padded size'),
  };
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
