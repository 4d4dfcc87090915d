import type { RecordClass } from '../../../api/classes.ts';
import { sha256 } from '../../../crypto/hash.ts';
import { concatBytes, isZero, utf8 } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import {
  checked,
  decodeAs,
  encodeAs,
  mapped,
  type Shape,
  struct,
  text,
  uintTo,
} from '../../../primitives/shape.ts';
import { type Headline, type HeadlineMark, headlineMarks } from './headline.ts';

/** Of the plaintext: length 1 ‖ CBOR ‖ zeros. */
export const headlinePlainBytes = 256;
const maxEncodedBytes = headlinePlainBytes - 1;

/**
 * Where each text is cut, in bytes of UTF-8. With all of them full the name keeps 80 bytes; it takes what the others
 * leave. Source: docs/protocol/items.md, rule I-61.
 */
export const headlineCuts = {
  type: 34,
  code: 40,
  clinicalDate: 29,
  value: 32,
  unit: 16,
  flag: 8,
} as const;
/** So many bytes a name keeps whatever else there is: 80, and less what a long version and many marks take. */
const nameBytesAlways = 72;
const cutFields = ['type', 'code', 'clinicalDate', 'value', 'unit', 'flag'] as const;

/** A headline as it is sealed: also by which version of the derivation, and what the body does not give. */
export interface SealedHeadline extends Headline {
  readonly version: number;
  readonly fromOutside: {
    /** The name is the head's. */
    readonly name: boolean;
    /** The mark `restricted` is: the item is of the class `private`. */
    readonly restricted: boolean;
  };
}

/** Bit i: the mark of place i. */
const marks: Shape<readonly HeadlineMark[]> = mapped(
  uintTo(2 ** headlineMarks.length - 1),
  (list: readonly HeadlineMark[]) =>
    headlineMarks.reduce((bits, mark, place) => bits + (list.includes(mark) ? 2 ** place : 0), 0),
  (bits) => headlineMarks.filter((_, place) => Math.floor(bits / 2 ** place) % 2 === 1),
);
const fromOutside: Shape<SealedHeadline['fromOutside']> = mapped(
  uintTo(3),
  ({ name, restricted }: SealedHeadline['fromOutside']) => (name ? 1 : 0) + (restricted ? 2 : 0),
  (bits) => ({ name: bits % 2 === 1, restricted: bits >= 2 }),
);
const atMost = (bytes: number): Shape<string> =>
  checked(text(bytes), (read, field) => {
    if (utf8(read).length > bytes) throw new CodedError('CBOR_SHAPE', { field });
  });

const headlinePlain = struct({
  version: uintTo(65_535),
  type: atMost(headlineCuts.type),
  code: atMost(headlineCuts.code),
  name: text(maxEncodedBytes),
  clinicalDate: atMost(headlineCuts.clinicalDate),
  value: atMost(headlineCuts.value),
  unit: atMost(headlineCuts.unit),
  flag: atMost(headlineCuts.flag),
  marks,
  fromOutside,
});

const ellipsis = '…';

/**
 * Text of at most this many bytes of UTF-8, cut at a character; what was cut ends with an ellipsis, so that a cut
 * number is no number and a cut code no code.
 */
export function cutText(whole: string, maxBytes: number): string {
  if (isShortAscii(whole, maxBytes)) return whole;
  const clean = whole.replace(/\p{Surrogate}/gu, '\ufffd');
  if (utf8(clean).length <= maxBytes) return clean;
  let [cut, left] = ['', maxBytes - utf8(ellipsis).length];
  for (const character of clean) {
    left -= utf8(character).length;
    if (left < 0) break;
    cut += character;
  }
  return `${cut}${ellipsis}`;
}

/** Most texts are: a loop tells so in a tenth of the time that their bytes take. */
function isShortAscii(text: string, maxBytes: number): boolean {
  if (text.length > maxBytes) return false;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

/** A headline with each text at its length: what `encodeHeadline` writes, and a reader compares with. */
export function cutHeadline(headline: SealedHeadline): SealedHeadline {
  const cut: Record<string, string> = {};
  for (const field of cutFields) cut[field] = cutText(headline[field], headlineCuts[field]);
  const others = { ...headline, ...cut, name: '' };
  // With every other text full and the largest numbers it would still be whole.
  if (isShortAscii(headline.name, nameBytesAlways)) return { ...others, name: headline.name };
  // A text of more than 23 bytes has a head of two.
  const left = maxEncodedBytes - encodeAs(headlinePlain, others).length - 1;
  return { ...others, name: cutText(headline.name, left) };
}

/** The plaintext: length 1 ‖ CBOR ‖ zeros, 256 bytes. */
export function encodeHeadline(headline: SealedHeadline): Uint8Array {
  const encoded = encodeAs(headlinePlain, cutHeadline(headline));
  const plain = new Uint8Array(headlinePlainBytes);
  plain.set(concatBytes(Uint8Array.of(encoded.length), encoded));
  return plain;
}

/** Throws HEADLINE_WRONG: what was opened is authentic, so a wrong shape is the doing of whoever anchored it. */
export function decodeHeadline(plain: Uint8Array): SealedHeadline {
  const end = 1 + (plain[0] ?? 0);
  if (plain.length !== headlinePlainBytes || !isZero(plain, end)) {
    throw new CodedError('HEADLINE_WRONG');
  }
  try {
    return decodeAs(headlinePlain, plain.subarray(1, end), 'headline');
  } catch (cause) {
    throw new CodedError('HEADLINE_WRONG', {}, cause);
  }
}

/** Whether two headlines, each cut or decoded, have one encoding: their texts are well-formed, so one text has one. */
export function equalHeadlines(a: SealedHeadline, b: SealedHeadline): boolean {
  return (
    a.version === b.version &&
    a.name === b.name &&
    cutFields.every((field) => a[field] === b[field]) &&
    headlineMarks.every((mark) => a.marks.includes(mark) === b.marks.includes(mark)) &&
    a.fromOutside.name === b.fromOutside.name &&
    a.fromOutside.restricted === b.fromOutside.restricted
  );
}

/** What the head inside the body carries of it. */
export function headlineHashOf(plain: Uint8Array): Uint8Array {
  return sha256(plain);
}

/** What the bytes of an item give, by some version of the derivation. */
export interface LineOfBytes extends Headline {
  readonly version: number;
  /** They give no name, or not alone: the head's stands in its place. */
  readonly nameIsFromOutside: boolean;
}

/** Of bytes that give nothing, such as a photo's. */
export const emptyLine: LineOfBytes = {
  ...{ version: 1, type: '', code: '', name: '', clinicalDate: '', value: '', unit: '', flag: '' },
  marks: [],
  nameIsFromOutside: true,
};

/**
 * The headline of an item: what its bytes give, and what only its head and class say.
 * Source: docs/protocol/items.md, rule I-62.
 */
export function headlineOf(
  { version, nameIsFromOutside, ...given }: LineOfBytes,
  head: { readonly name: string; readonly recordClass: RecordClass },
): SealedHeadline {
  const restricted = head.recordClass === 'private';
  return cutHeadline({
    ...given,
    version,
    name: nameIsFromOutside ? head.name : given.name,
    marks: headlineMarks.filter(
      (mark) => given.marks.includes(mark) || (restricted && mark === 'restricted'),
    ),
    fromOutside: { name: nameIsFromOutside, restricted },
  });
}
