import { concatBytes, utf8, utf8ToText } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';

/**
 * The little protobuf that CometBFT's headers, votes and commits need, for whoever hashes or signs one.
 *
 * Writers follow gogoproto: a scalar or byte string of its zero value is left out; `nestedField` is always
 * written, as gogoproto does for non-nullable messages. Readers accept what a caller then encodes again and
 * compares, so that one value has one encoding.
 * Source: docs/protocol/blocks.md, rule B-1; https://protobuf.dev/programming-guides/encoding/
 */
const none = new Uint8Array(0);
const two32 = 2 ** 32;

/** Unsigned LEB128; a negative integer becomes ten bytes of two's complement, as protobuf's int64 has it. */
export function varint(value: number): Uint8Array {
  if (value < 0) return negativeVarint(value);
  let size = 1;
  for (let left = value; left >= 128; left = (left - (left % 128)) / 128) size += 1;
  const bytes = new Uint8Array(size);
  let left = value;
  for (let at = 0; at < size; at++) {
    bytes[at] = at === size - 1 ? left : (left % 128) | 128;
    left = (left - (left % 128)) / 128;
  }
  return bytes;
}

function negativeVarint(value: number): Uint8Array {
  const bytes = new Uint8Array(10);
  let left = BigInt.asUintN(64, BigInt(value));
  for (let at = 0; at < 10; at++) {
    bytes[at] = Number(left & 127n) | (at === 9 ? 0 : 128);
    left >>= 7n;
  }
  return bytes;
}

/** Left out when zero (B-1). */
export function varintField(field: number, value: number): Uint8Array {
  return value === 0 ? none : concatBytes(varint(field * 8), varint(value));
}

/** `value` is not negative: heights and rounds. */
export function sfixed64Field(field: number, value: number): Uint8Array {
  if (value === 0) return none;
  const fixed = new Uint8Array(8);
  const view = new DataView(fixed.buffer);
  view.setUint32(0, value % two32, true);
  view.setUint32(4, (value - (value % two32)) / two32, true);
  return concatBytes(varint(field * 8 + 1), fixed);
}

/** Left out when empty (B-1). */
export function bytesField(field: number, value: Uint8Array): Uint8Array {
  return value.length === 0 ? none : nestedField(field, value);
}

/** UTF-8; left out when empty (B-1). */
export function textField(field: number, value: string): Uint8Array {
  return bytesField(field, utf8(value));
}

/** Written even when empty. */
export function nestedField(field: number, message: Uint8Array): Uint8Array {
  return concatBytes(varint(field * 8 + 2), varint(message.length), message);
}

/** The field once for each message, however many: a whole block's transactions go through here. */
export function repeatedField(field: number, messages: readonly Uint8Array[]): Uint8Array {
  const tag = varint(field * 8 + 2);
  const lengths = messages.map(({ length }) => varint(length));
  let length = messages.length * tag.length;
  for (const [i, message] of messages.entries())
    length += message.length + (lengths[i]?.length ?? 0);
  const whole = new Uint8Array(length);
  let at = 0;
  for (const [i, message] of messages.entries()) {
    for (const part of [tag, lengths[i] ?? none, message]) {
      whole.set(part, at);
      at += part.length;
    }
  }
  return whole;
}

/** A message after its own length: what CometBFT signs. */
export function lengthDelimited(message: Uint8Array): Uint8Array {
  return concatBytes(varint(message.length), message);
}

/** One field of a decoded message; varints as numbers, everything with a length as bytes. */
export type ProtoField =
  | { readonly field: number; readonly kind: 'varint'; readonly value: number }
  | { readonly field: number; readonly kind: 'bytes'; readonly value: Uint8Array };

/** Throws HEADER_INVALID (reason protobuf) on anything but varint and length-delimited fields. */
export function readFields(bytes: Uint8Array): ProtoField[] {
  const fields: ProtoField[] = [];
  let at = 0;
  const next = (): number => {
    let value = 0;
    let unit = 1;
    // Seven bytes hold 49 bits: what almost every number needs, without a BigInt.
    for (let read = 0; read < 7; read++) {
      const byte = bytes[at++];
      if (byte === undefined) throw malformed();
      value += (byte & 127) * unit;
      if (byte < 128) return value;
      unit *= 128;
    }
    return nextLong(BigInt(value));
  };
  const nextLong = (low: bigint): number => {
    let value = low;
    for (let shift = 49n; shift < 70n; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) throw malformed();
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) {
        const signed = Number(BigInt.asIntN(64, value));
        if (!Number.isSafeInteger(signed)) throw malformed();
        return signed;
      }
    }
    throw malformed();
  };
  while (at < bytes.length) {
    const tag = next();
    if (tag < 8) throw malformed();
    const field = tag >>> 3;
    if ((tag & 7) === 0) {
      fields.push({ field, kind: 'varint', value: next() });
    } else if ((tag & 7) === 2) {
      const length = next();
      if (length < 0 || length > bytes.length - at) throw malformed();
      fields.push({ field, kind: 'bytes', value: bytes.slice(at, at + length) });
      at += length;
    } else {
      throw malformed();
    }
  }
  return fields;
}

/** Finds the fields of one message by number; a missing one has its zero value. */
export class ProtoMessage {
  readonly #fields: readonly ProtoField[];

  constructor(bytes: Uint8Array) {
    this.#fields = readFields(bytes);
  }

  number(field: number): number {
    for (const found of this.#fields) {
      if (found.field === field && found.kind === 'varint') return found.value;
    }
    return 0;
  }

  bytes(field: number): Uint8Array {
    return this.all(field)[0] ?? none;
  }

  text(field: number): string {
    try {
      return utf8ToText(this.bytes(field));
    } catch (cause) {
      throw new CodedError('HEADER_INVALID', { reason: 'protobuf' }, cause);
    }
  }

  all(field: number): Uint8Array[] {
    const values: Uint8Array[] = [];
    for (const found of this.#fields) {
      if (found.field === field && found.kind === 'bytes') values.push(found.value);
    }
    return values;
  }
}

function malformed(): CodedError {
  return new CodedError('HEADER_INVALID', { reason: 'protobuf' });
}
