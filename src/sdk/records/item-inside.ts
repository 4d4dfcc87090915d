import { parseRecordClass, type RecordClass } from '../../api/classes.ts';
import { concatBytes } from '../../primitives/bytes.ts';
import {
  decodeCbor,
  encodeCbor,
  readArray,
  readBytes,
  readOptionalBytes,
  readText,
  readUint,
} from '../../primitives/cbor.ts';
import { CodedError } from '../../primitives/errors.ts';
import {
  type AccountId,
  accountIdOf,
  idBytes,
  type RecordId,
  recordIdOf,
} from '../../primitives/ids.ts';

/**
 * What an item says about its bytes, inside the seal: nobody but its readers sees it.
 *
 * The plaintext of a body is
 * `u32be length of the head ‖ head ‖ bytes ‖ author's signature 64 ‖ zeros`,
 * head = CBOR `[record id 16, patient account 32, author account 32, author's public key 32, class, media
 * type, name, previous record id 16 or empty, writtenMs, length of bytes]`. The signature (label
 * record/sign) covers everything before it. Source: docs/protocol/items.md, rules I-20 to I-23.
 */
export interface ItemHead {
  readonly recordId: RecordId;
  /** Whose chart it belongs to. */
  readonly account: AccountId;
  readonly author: AccountId;
  readonly authorKey: Uint8Array;
  readonly recordClass: RecordClass;
  readonly mediaType: string;
  readonly name: string;
  /** The record this one replaces. */
  readonly previous: RecordId | undefined;
  readonly writtenMs: number;
  readonly byteLength: number;
}

export const signatureBytes = 64;
const minPaddedBytes = 4096;
/** A head holds two texts of up to 1,024 characters and 150 bytes of ids. */
const maxHeadBytes = 16 * 1024;
const maxTextLength = 1024;

/** u32be length ‖ head. Throws CBOR_SHAPE when `mediaType` or `name` is too long. */
export function encodeItemHead(head: ItemHead): Uint8Array {
  const { mediaType, name, previous } = head;
  const bytes = encodeCbor([
    idBytes(head.recordId),
    idBytes(head.account),
    idBytes(head.author),
    head.authorKey,
    head.recordClass,
    readText(mediaType, 'media type', maxTextLength),
    readText(name, 'name', maxTextLength),
    previous === undefined ? new Uint8Array(0) : idBytes(previous),
    head.writtenMs,
    head.byteLength,
  ]);
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, bytes.length);
  return concatBytes(length, bytes);
}

/** Length of the CBOR that follows the first four bytes. Throws ITEM_FORGED. */
export function itemHeadLength(first: Uint8Array): number {
  if (first.length < 4) throw new CodedError('ITEM_FORGED');
  const length = new DataView(first.buffer, first.byteOffset, 4).getUint32(0);
  if (length > maxHeadBytes) throw new CodedError('ITEM_FORGED');
  return length;
}

/** Throws ITEM_FORGED: what was opened is authentic, so a wrong shape is its author's doing. */
export function decodeItemHead(bytes: Uint8Array): ItemHead {
  try {
    const fields = readArray(decodeCbor(bytes), 'head', 10);
    const previous = readOptionalBytes(fields[7], 'previous record id', 16);
    return {
      recordId: recordIdOf(readBytes(fields[0], 'record id', 16)),
      account: accountIdOf(readBytes(fields[1], 'account', 32)),
      author: accountIdOf(readBytes(fields[2], 'author', 32)),
      authorKey: readBytes(fields[3], 'author key', 32),
      recordClass: parseRecordClass(readText(fields[4], 'class', 16)),
      mediaType: readText(fields[5], 'media type', maxTextLength),
      name: readText(fields[6], 'name', maxTextLength),
      previous: previous.length === 0 ? undefined : recordIdOf(previous),
      writtenMs: readUint(fields[8], 'writtenMs'),
      byteLength: readUint(fields[9], 'length'),
    };
  } catch (cause) {
    throw new CodedError('ITEM_FORGED', {}, cause);
  }
}

/**
 * The length that `byteLength` is padded to: at least 4 KiB, then Padmé, which leaks O(log log n) bits of
 * the length and costs 12 % at most. Source: Nikitin et al., PETS 2019, section 4.
 */
export function paddedLength(byteLength: number): number {
  const length = Math.max(byteLength, minPaddedBytes);
  let exponent = 0;
  while (2 ** (exponent + 1) <= length) exponent++;
  let exponentBits = 0;
  while (2 ** exponentBits <= exponent) exponentBits++;
  const step = 2 ** (exponent - exponentBits);
  return Math.ceil(length / step) * step;
}
