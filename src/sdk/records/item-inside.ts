import { ordinaryClass, recordClass } from '../../api/classes.ts';
import { concatBytes, readU32be, u32be } from '../../primitives/bytes.ts';
import { readText } from '../../primitives/cbor.ts';
import { CodedError } from '../../primitives/errors.ts';
import { idBytes, type RecordId, recordIdOf } from '../../primitives/ids.ts';
import {
  accountId,
  bytes,
  decodeAs,
  encodeAs,
  mapped,
  type Of,
  optionalBytes,
  recordId,
  type Shape,
  struct,
  uint,
} from '../../primitives/shape.ts';

export const signatureBytes = 64;
const minPaddedBytes = 4096;
/** A head holds two texts of up to 1,024 characters and 150 bytes of ids. */
const maxHeadBytes = 16 * 1024;
const maxTextLength = 1024;

/** Refused when it is written too: else nobody could read the item. */
const shortText: Shape<string> = {
  encode: (value) => readText(value, 'text', maxTextLength),
  decode: (value, field) => readText(value, field, maxTextLength),
};

const previousRecord = mapped<Uint8Array, RecordId | undefined>(
  optionalBytes(16),
  (record) => (record === undefined ? new Uint8Array(0) : idBytes(record)),
  (read) => (read.length === 0 ? undefined : recordIdOf(read)),
);

/**
 * What an item says about its bytes, inside the seal: nobody but its readers sees it.
 *
 * The plaintext of a body is
 * `u32be length of the head ‖ head ‖ bytes ‖ author's signature 64 ‖ zeros`.
 * The signature (label record/sign) covers everything before it.
 * Source: docs/protocol/items.md, rules I-20 to I-23.
 */
const headOfBefore = struct({
  recordId,
  /** Whose chart it belongs to. */
  account: accountId,
  author: accountId,
  authorKey: bytes(32),
  recordClass,
  mediaType: shortText,
  name: shortText,
  /** The record this one replaces; written as the empty byte string when there is none. */
  previous: previousRecord,
  writtenMs: uint,
  byteLength: uint,
});
const itemHead = struct({
  recordId,
  account: accountId,
  author: accountId,
  authorKey: bytes(32),
  recordClass,
  /** What it is: its class, or what a private one would be else (`classes.md` K-6). */
  ordinaryClass,
  mediaType: shortText,
  name: shortText,
  previous: previousRecord,
  writtenMs: uint,
  byteLength: uint,
  /** SHA-256 of the headline's padded plaintext: so the author signs that line too. Empty of an item of before. */
  headlineHash: bytes(32),
});
export type ItemHead = Of<typeof itemHead>;

/** u32be length ‖ head. Throws CBOR_SHAPE when `mediaType` or `name` is too long. */
export function encodeItemHead(head: ItemHead): Uint8Array {
  const encoded = encodeAs(itemHead, head);
  return concatBytes(u32be(encoded.length), encoded);
}

/** Length of the CBOR that follows the first four bytes. Throws ITEM_FORGED. */
export function itemHeadLength(first: Uint8Array): number {
  if (first.length < 4) throw new CodedError('ITEM_FORGED');
  const length = readU32be(first);
  if (length > maxHeadBytes) throw new CodedError('ITEM_FORGED');
  return length;
}

/** The first byte of a CBOR array of ten places: a head of before, without a headline's hash (items.md, I-66). */
const tenPlaces = 0x8a;

/** Throws ITEM_FORGED: what was opened is authentic, so a wrong shape is its author's doing. */
export function decodeItemHead(encoded: Uint8Array): ItemHead {
  try {
    if (encoded[0] !== tenPlaces) return decodeAs(itemHead, encoded, 'head');
    const head = decodeAs(headOfBefore, encoded, 'head');
    const ordinary = ordinaryClass.decode(head.recordClass, 'class');
    return { ...head, ordinaryClass: ordinary, headlineHash: new Uint8Array(0) };
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
