import { concatBytes, equalBytes } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import { type HeaderHash, headerHashOf } from '../../primitives/ids.ts';
import { leafHash, merkleRoot } from '../merkle.ts';
import { bytesField, nestedField, ProtoMessage, textField, varintField } from './protobuf.ts';
import { decodeTimestamp, encodeTimestamp, type Timestamp } from './timestamp.ts';

/**
 * CometBFT's block header, which both engines emit and every receipt is checked against.
 *
 * A header's hash is the RFC 6962 root over its fourteen fields, each in its protobuf encoding.
 * Source: docs/protocol/blocks.md, rules B-1 and B-2; CometBFT spec, core/data_structures.md.
 */
export interface BlockId {
  /** Header hash; empty in the header of the first block. */
  readonly hash: Uint8Array;
  readonly parts: { readonly total: number; readonly hash: Uint8Array };
}

export interface Header {
  readonly version: { readonly block: number; readonly app: number };
  readonly chainId: string;
  readonly height: number;
  readonly time: Timestamp;
  readonly lastBlockId: BlockId;
  readonly lastCommitHash: Uint8Array;
  readonly dataHash: Uint8Array;
  readonly validatorsHash: Uint8Array;
  readonly nextValidatorsHash: Uint8Array;
  readonly consensusHash: Uint8Array;
  readonly appHash: Uint8Array;
  readonly lastResultsHash: Uint8Array;
  readonly evidenceHash: Uint8Array;
  readonly proposerAddress: Uint8Array;
}

/** CometBFT's block protocol since 0.34. */
export const blockProtocol = 11;

const none = new Uint8Array(0);

/** Of the header before the first. */
export const noBlockId: BlockId = { hash: none, parts: { total: 0, hash: none } };

/** `cometbft.types.BlockID`, protobuf. */
export function encodeBlockId(id: BlockId): Uint8Array {
  const parts = concatBytes(varintField(1, id.parts.total), bytesField(2, id.parts.hash));
  return concatBytes(bytesField(1, id.hash), nestedField(2, parts));
}

/** The other side. Throws HEADER_INVALID. */
export function decodeBlockId(bytes: Uint8Array): BlockId {
  const message = new ProtoMessage(bytes);
  const parts = new ProtoMessage(message.bytes(2));
  return {
    hash: message.bytes(1),
    parts: { total: parts.number(1), hash: parts.bytes(2) },
  };
}

/** Hash and parts: CometBFT’s votes name both. */
export function equalBlockIds(a: BlockId, b: BlockId): boolean {
  return (
    equalBytes(a.hash, b.hash) &&
    a.parts.total === b.parts.total &&
    equalBytes(a.parts.hash, b.parts.hash)
  );
}

const encodeVersion = (version: Header['version']): Uint8Array =>
  concatBytes(varintField(1, version.block), varintField(2, version.app));

/** Byte strings, texts and heights are hashed inside a wrapper message; a zero value as no bytes at all. */
const wrapped = (bytes: Uint8Array): Uint8Array => bytesField(1, bytes);

/** The 32 bytes that votes name. Undefined fields of an unfinished header make no sense: all are taken as they are. */
export function headerHashBytes(header: Header): Uint8Array {
  const fields = [
    encodeVersion(header.version),
    textField(1, header.chainId),
    varintField(1, header.height),
    encodeTimestamp(header.time),
    encodeBlockId(header.lastBlockId),
    wrapped(header.lastCommitHash),
    wrapped(header.dataHash),
    wrapped(header.validatorsHash),
    wrapped(header.nextValidatorsHash),
    wrapped(header.consensusHash),
    wrapped(header.appHash),
    wrapped(header.lastResultsHash),
    wrapped(header.evidenceHash),
    wrapped(header.proposerAddress),
  ];
  return merkleRoot(fields.map(leafHash));
}

/** B-2, as an id. */
export function headerHash(header: Header): HeaderHash {
  return headerHashOf(headerHashBytes(header));
}

/** `cometbft.types.Header`, protobuf. */
export function encodeHeader(header: Header): Uint8Array {
  return concatBytes(
    nestedField(1, encodeVersion(header.version)),
    textField(2, header.chainId),
    varintField(3, header.height),
    nestedField(4, encodeTimestamp(header.time)),
    nestedField(5, encodeBlockId(header.lastBlockId)),
    bytesField(6, header.lastCommitHash),
    bytesField(7, header.dataHash),
    bytesField(8, header.validatorsHash),
    bytesField(9, header.nextValidatorsHash),
    bytesField(10, header.consensusHash),
    bytesField(11, header.appHash),
    bytesField(12, header.lastResultsHash),
    bytesField(13, header.evidenceHash),
    bytesField(14, header.proposerAddress),
  );
}

/** Throws HEADER_INVALID unless `bytes` are the one encoding of a header. */
export function decodeHeader(bytes: Uint8Array): Header {
  const message = new ProtoMessage(bytes);
  const version = new ProtoMessage(message.bytes(1));
  const header: Header = {
    version: { block: version.number(1), app: version.number(2) },
    chainId: message.text(2),
    height: message.number(3),
    time: decodeTimestamp(message.bytes(4)),
    lastBlockId: decodeBlockId(message.bytes(5)),
    lastCommitHash: message.bytes(6),
    dataHash: message.bytes(7),
    validatorsHash: message.bytes(8),
    nextValidatorsHash: message.bytes(9),
    consensusHash: message.bytes(10),
    appHash: message.bytes(11),
    lastResultsHash: message.bytes(12),
    evidenceHash: message.bytes(13),
    proposerAddress: message.bytes(14),
  };
  if (header.height < 1 || !equalBytes(encodeHeader(header), bytes)) {
    throw new CodedError('HEADER_INVALID', { reason: 'encoding' });
  }
  return header;
}
