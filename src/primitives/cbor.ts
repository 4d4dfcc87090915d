import { utf8, utf8ToText } from './bytes.ts';
import { CodedError } from './errors.ts';

/**
 * Deterministic CBOR (RFC 8949 section 4.2), the one encoding of everything Salus signs or stores.
 *
 * The profile is small on purpose: unsigned integers up to 2^53 - 1, byte strings, text, booleans,
 * null and arrays. No maps, floats, tags, negative numbers or indefinite lengths.
 * Source: docs/protocol/encoding.md, rules E-1 to E-4.
 */
export type Cbor = number | string | boolean | null | Uint8Array | readonly Cbor[];

/** Deeper nesting than any object of the protocol has: a bound that every node shares (E-3). */
export const maxDepth = 16;

/** Throws `CodedError('CBOR_INVALID')` for a value outside the profile, which only a cast can make. */
export function encodeCbor(value: Cbor): Uint8Array {
  const bytes = new Uint8Array(sizeOf(value));
  write(bytes, 0, value);
  return bytes;
}

/**
 * Each item beside its encoding, all in memory that they share: a buffer for each costs as much to make, and to clear
 * away, as what is written into it. For what is kept and dropped together. Throws as `encodeCbor`.
 */
export function encodeCborTogether<Item>(
  items: readonly Item[],
  cborOf: (item: Item) => Cbor,
): (readonly [item: Item, encoded: Uint8Array])[] {
  const measured = items.map((item) => {
    const value = cborOf(item);
    return { item, value, size: sizeOf(value) };
  });
  const bytes = new Uint8Array(measured.reduce((sum, { size }) => sum + size, 0));
  let at = 0;
  return measured.map(({ item, value }) => {
    const start = at;
    at = write(bytes, start, value);
    return [item, bytes.subarray(start, at)];
  });
}

/** Throws `CodedError('CBOR_INVALID')` unless `bytes` are the canonical encoding of one profile value. */
export function decodeCbor(bytes: Uint8Array): Cbor {
  const reader = new Reader(bytes);
  const value = reader.item(0);
  if (reader.at !== bytes.length) throw invalid(reader.at);
  return value;
}

/** As `decodeCbor`, with byte strings that are views of `bytes`: for who neither changes nor keeps them. */
export function decodeCborViews(bytes: Uint8Array): Cbor {
  const reader = new Reader(bytes, true);
  const value = reader.item(0);
  if (reader.at !== bytes.length) throw invalid(reader.at);
  return value;
}

/**
 * One value after the other (RFC 8742), each decoded when it is asked for: what many rows travel as, so that who
 * reads them may stop between two. Throws `CodedError('CBOR_INVALID')` at the first that is none.
 */
export function* cborSequence(bytes: Uint8Array): Generator<Cbor, void, undefined> {
  const reader = new Reader(bytes);
  while (reader.at < bytes.length) yield reader.item(0);
}

function invalid(at: number): CodedError {
  return new CodedError('CBOR_INVALID', { at });
}

function headSize(argument: number): number {
  if (argument < 24) return 1;
  if (argument < 0x100) return 2;
  if (argument < 0x10000) return 3;
  return argument < two32 ? 5 : 9;
}

const two32 = 2 ** 32;

function sizeOf(value: Cbor): number {
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value) || value < 0) throw invalid(0);
    return headSize(value);
  }
  if (typeof value === 'string') {
    const length = isAscii(value) ? value.length : utf8(value).length;
    return headSize(length) + length;
  }
  if (value === null || typeof value === 'boolean') return 1;
  if (value instanceof Uint8Array) return headSize(value.length) + value.length;
  if (!Array.isArray(value)) throw invalid(0);
  let size = headSize(value.length);
  for (const item of value as readonly Cbor[]) size += sizeOf(item);
  return size;
}

/** Returns where the value ends. */
function write(bytes: Uint8Array, start: number, value: Cbor): number {
  if (typeof value === 'number') return writeHead(bytes, start, 0, value);
  if (typeof value === 'string') return writeText(bytes, start, value);
  if (value instanceof Uint8Array) {
    const at = writeHead(bytes, start, 2, value.length);
    bytes.set(value, at);
    return at + value.length;
  }
  if (value === null || typeof value === 'boolean') {
    bytes[start] = value === null ? 0xf6 : value ? 0xf5 : 0xf4;
    return start + 1;
  }
  let at = writeHead(bytes, start, 4, value.length);
  for (const item of value) at = write(bytes, at, item);
  return at;
}

function writeText(bytes: Uint8Array, start: number, text: string): number {
  if (isAscii(text)) {
    const at = writeHead(bytes, start, 3, text.length);
    for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
    return at + text.length;
  }
  const encoded = utf8(text);
  const at = writeHead(bytes, start, 3, encoded.length);
  bytes.set(encoded, at);
  return at + encoded.length;
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

function writeHead(bytes: Uint8Array, start: number, major: number, argument: number): number {
  const size = headSize(argument);
  const top = major << 5;
  if (size === 1) {
    bytes[start] = top | argument;
    return start + 1;
  }
  bytes[start] = top | (size === 2 ? 24 : size === 3 ? 25 : size === 5 ? 26 : 27);
  let left = argument;
  for (let at = start + size - 1; at > start; at--) {
    bytes[at] = left % 256;
    left = (left - (left % 256)) / 256;
  }
  return start + size;
}

/** Below this a loop copies faster than a view and a native copy. */
const shortBytes = 80;
/** And below this it reads faster than a decoder: a text that grows by one character is a chain of as many pieces. */
const shortText = 20;

/** One pass: a head that is not the shortest, or is none of the profile, is refused where it stands. */
class Reader {
  at = 0;
  readonly #bytes: Uint8Array;
  readonly #views: boolean;

  constructor(bytes: Uint8Array, views = false) {
    this.#bytes = bytes;
    this.#views = views;
  }

  /** `depth`: how many arrays are around it. */
  item(depth: number): Cbor {
    const head = this.#bytes[this.at];
    if (head === undefined) throw invalid(this.at);
    switch (head >> 5) {
      case 0:
        return this.#argument(head);
      case 2:
        return this.#byteString(this.#length(head));
      case 3:
        return this.#text(this.#length(head));
      case 4:
        return this.#array(head, depth);
      default:
        return this.#simple(head);
    }
  }

  #simple(head: number): boolean | null {
    if (head < 0xf4 || head > 0xf6) throw invalid(this.at);
    this.at++;
    return head === 0xf6 ? null : head === 0xf5;
  }

  /** The number in a head, which ends at `at` afterwards. */
  #argument(head: number): number {
    const low = head & 31;
    const start = this.at++;
    if (low < 24) return low;
    if (low > 27) throw invalid(start);
    const width = 1 << (low - 24);
    if (this.at + width > this.#bytes.length) throw invalid(start);
    let value = 0;
    for (let i = 0; i < width; i++) value = value * 256 + (this.#bytes[this.at++] ?? 0);
    if (value > Number.MAX_SAFE_INTEGER || headSize(value) !== width + 1) throw invalid(start);
    return value;
  }

  /** What a head announces, in bytes or items, has at least as many bytes after it. */
  #length(head: number): number {
    const length = this.#argument(head);
    if (length > this.#bytes.length - this.at) throw invalid(this.at);
    return length;
  }

  #byteString(length: number): Uint8Array {
    const start = this.at;
    this.at += length;
    if (this.#views) return this.#bytes.subarray(start, start + length);
    const copy = new Uint8Array(length);
    if (length > shortBytes) copy.set(this.#bytes.subarray(start, start + length));
    else for (let i = 0; i < length; i++) copy[i] = this.#bytes[start + i] ?? 0;
    return copy;
  }

  #text(length: number): string {
    const start = this.at;
    this.at += length;
    if (length <= shortText) {
      let text = '';
      let i = start;
      for (; i < this.at; i++) {
        const byte = this.#bytes[i] ?? 0;
        if (byte > 0x7f) break;
        text += String.fromCharCode(byte);
      }
      if (i === this.at) return text;
    }
    try {
      return utf8ToText(this.#bytes.subarray(start, this.at));
    } catch (cause) {
      throw new CodedError('CBOR_INVALID', { at: start }, cause);
    }
  }

  #array(head: number, depth: number): readonly Cbor[] {
    const start = this.at;
    const length = this.#length(head);
    if (depth >= maxDepth) throw invalid(start);
    const items: Cbor[] = [];
    for (let i = 0; i < length; i++) items.push(this.item(depth + 1));
    return items;
  }
}

/** Readers for decoded values: each throws `CodedError('CBOR_SHAPE')` naming the field. */
export function readArray(
  value: Cbor | undefined,
  field: string,
  length?: number,
): readonly Cbor[] {
  if (!Array.isArray(value) || (length !== undefined && value.length !== length)) {
    throw new CodedError('CBOR_SHAPE', { field });
  }
  return value as readonly Cbor[];
}

/** A byte string, of exactly `length` bytes where that is given. Throws CBOR_SHAPE. */
export function readBytes(value: Cbor | undefined, field: string, length?: number): Uint8Array {
  if (!(value instanceof Uint8Array) || (length !== undefined && value.length !== length)) {
    throw new CodedError('CBOR_SHAPE', { field });
  }
  return value;
}

/** A byte string of exactly `length` bytes, or the empty one that stands for "none". */
export function readOptionalBytes(
  value: Cbor | undefined,
  field: string,
  length: number,
): Uint8Array {
  const bytes = readBytes(value, field);
  if (bytes.length !== 0 && bytes.length !== length) throw new CodedError('CBOR_SHAPE', { field });
  return bytes;
}

/** Throws CBOR_SHAPE, also above `max`. */
export function readUint(
  value: Cbor | undefined,
  field: string,
  max = Number.MAX_SAFE_INTEGER,
): number {
  if (typeof value !== 'number' || value > max) throw new CodedError('CBOR_SHAPE', { field });
  return value;
}

/** At most `maxLength` UTF-16 code units. Throws CBOR_SHAPE. */
export function readText(value: Cbor | undefined, field: string, maxLength = 1024): string {
  if (typeof value !== 'string' || value.length > maxLength) {
    throw new CodedError('CBOR_SHAPE', { field });
  }
  return value;
}

/** Throws CBOR_SHAPE. */
export function readBoolean(value: Cbor | undefined, field: string): boolean {
  if (typeof value !== 'boolean') throw new CodedError('CBOR_SHAPE', { field });
  return value;
}
