import { decode as cborgDecode, encode as cborgEncode, rfc8949EncodeOptions } from 'cborg';
import { equalBytes } from './bytes.ts';
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

export function encodeCbor(value: Cbor): Uint8Array {
  const { buffer, byteOffset, byteLength } = cborgEncode(value, rfc8949EncodeOptions);
  // cborg may answer with a Buffer of Node's pool, whose `slice` shares memory instead of copying.
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Throws `CodedError('CBOR_INVALID')` unless `bytes` are the canonical encoding of one profile value. */
export function decodeCbor(bytes: Uint8Array): Cbor {
  scan(bytes);
  let value: Cbor;
  try {
    value = cborgDecode(bytes, {
      strict: true,
      allowIndefinite: false,
      allowUndefined: false,
      allowBigInt: false,
    }) as Cbor;
  } catch (cause) {
    throw new CodedError('CBOR_INVALID', {}, cause);
  }
  if (!equalBytes(encodeCbor(value), bytes)) throw new CodedError('CBOR_INVALID');
  return value;
}

/** Walks the heads without recursion: refuses what the profile lacks before anything is allocated. */
function scan(bytes: Uint8Array): void {
  const open: number[] = [1];
  let at = 0;
  while (open.length > 0) {
    const left = open[open.length - 1] ?? 0;
    if (left === 0) {
      open.pop();
      continue;
    }
    open[open.length - 1] = left - 1;
    const head = bytes[at];
    if (head === undefined) throw new CodedError('CBOR_INVALID', { at });
    const major = head >> 5;
    const [argument, next] = argumentAt(bytes, at, head & 31);
    at = next;
    if (major === 2 || major === 3) at += argument;
    else if (major === 4) {
      if (open.length > maxDepth || argument > bytes.length - at) {
        throw new CodedError('CBOR_INVALID', { at });
      }
      open.push(argument);
    } else if (major === 7 ? head < 0xf4 || head > 0xf6 : major !== 0) {
      throw new CodedError('CBOR_INVALID', { at });
    }
    if (at > bytes.length) throw new CodedError('CBOR_INVALID', { at });
  }
  if (at !== bytes.length) throw new CodedError('CBOR_INVALID', { at });
}

function argumentAt(bytes: Uint8Array, at: number, low: number): [number, number] {
  if (low < 24) return [low, at + 1];
  const width = low === 24 ? 1 : low === 25 ? 2 : low === 26 ? 4 : low === 27 ? 8 : 0;
  if (width === 0 || at + 1 + width > bytes.length) throw new CodedError('CBOR_INVALID', { at });
  let value = 0;
  for (let i = 1; i <= width; i++) value = value * 256 + (bytes[at + i] ?? 0);
  if (value > Number.MAX_SAFE_INTEGER) throw new CodedError('CBOR_INVALID', { at });
  return [value, at + 1 + width];
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

export function readUint(
  value: Cbor | undefined,
  field: string,
  max = Number.MAX_SAFE_INTEGER,
): number {
  if (typeof value !== 'number' || value > max) throw new CodedError('CBOR_SHAPE', { field });
  return value;
}

export function readText(value: Cbor | undefined, field: string, maxLength = 1024): string {
  if (typeof value !== 'string' || value.length > maxLength) {
    throw new CodedError('CBOR_SHAPE', { field });
  }
  return value;
}

export function readBoolean(value: Cbor | undefined, field: string): boolean {
  if (typeof value !== 'boolean') throw new CodedError('CBOR_SHAPE', { field });
  return value;
}
