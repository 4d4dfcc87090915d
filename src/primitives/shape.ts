import { bytesToHex, equalBytes, hexToBytes } from './bytes.ts';
import {
  type Cbor,
  decodeCbor,
  decodeCborViews,
  encodeCbor,
  readArray,
  readBoolean,
  readBytes,
  readOptionalBytes,
  readText,
  readUint,
} from './cbor.ts';
import { CodedError } from './errors.ts';
import { accountIdOf, consentIdOf, idBytes, parseBlobId, recordIdOf, txIdOf } from './ids.ts';

/**
 * One declaration of a format, for both directions: what a value looks like as CBOR, and how that is read
 * back. `struct` makes arrays in fixed order out of shapes, so that an object and its encoding cannot drift
 * apart.
 *
 * `decode` throws CBOR_SHAPE or ID_FORMAT naming the field, and the code of a shape that has its own.
 * Source: docs/protocol/encoding.md.
 */
export interface Shape<T> {
  encode(value: T): Cbor;
  decode(value: Cbor | undefined, field: string): T;
}

/** The value that a shape describes. */
export type Of<S> = S extends Shape<infer T> ? T : never;

/** A byte string, of exactly `length` bytes where one is given. */
export const bytes = (length?: number): Shape<Uint8Array> => ({
  encode: (value) => value,
  decode: (value, field) => readBytes(value, field, length),
});

/** `length` bytes, or none: the empty byte string stands for "none". */
export const optionalBytes = (length: number): Shape<Uint8Array> => ({
  encode: (value) => value,
  decode: (value, field) => readOptionalBytes(value, field, length),
});

/** A whole number from 0 to `max`. */
export const uintTo = (max: number): Shape<number> => ({
  encode: (value) => value,
  decode: (value, field) => readUint(value, field, max),
});

/** A whole number from 0 to 2^53 - 1. */
export const uint: Shape<number> = uintTo(Number.MAX_SAFE_INTEGER);

/** Text of at most `maxLength` UTF-16 units. */
export const text = (maxLength = 1024): Shape<string> => ({
  encode: (value) => value,
  decode: (value, field) => readText(value, field, maxLength),
});

export const flag: Shape<boolean> = {
  encode: (value) => value,
  decode: (value, field) => readBoolean(value, field),
};

/** What `shape` describes, in another form; `decode` may refuse what the shape itself lets pass. */
export const mapped = <Written, T>(
  shape: Shape<Written>,
  encode: (value: T) => Written,
  decode: (written: Written, field: string) => T,
): Shape<T> => ({
  encode: (value) => shape.encode(encode(value)),
  decode: (value, field) => decode(shape.decode(value, field), field),
});

/** What `shape` describes and `check` lets pass when it is read; `check` throws the code that fits. */
export const checked = <T>(
  shape: Shape<T>,
  check: (value: T, field: string) => void,
): Shape<T> => ({
  encode: shape.encode,
  decode(value, field) {
    const read = shape.decode(value, field);
    check(read, field);
    return read;
  },
});

/** An id: hex in types, bytes in CBOR, `length` of them where one is given. */
export const id = <T extends string>(
  toBytes: (id: T) => Uint8Array,
  fromBytes: (bytes: Uint8Array) => T,
  length?: number,
): Shape<T> => mapped(bytes(length), toBytes, fromBytes);

/** An id of this many bytes that has no name of its own: hex in types. */
export const hexId = (length: number): Shape<string> =>
  id<string>((hex) => hexToBytes(hex) ?? new Uint8Array(0), bytesToHex, length);

/** Text of at most `maxLength` UTF-16 units that `parse` accepts. */
export const parsed = <T extends string>(
  parse: (text: string) => T,
  maxLength?: number,
): Shape<T> => mapped<string, T>(text(maxLength), (value) => value, parse);

export const accountId = id(idBytes, accountIdOf, 32);
export const consentId = id(idBytes, consentIdOf, 16);
export const recordId = id(idBytes, recordIdOf, 16);
export const txId = id(idBytes, txIdOf, 32);
/** Also throws ID_FORMAT. */
export const blobId = parsed(parseBlobId, 59);

/** One of a list of words; `code` is thrown for any other. */
export const oneOf = <T extends string>(
  words: readonly T[],
  code: CodedError['code'] = 'CBOR_SHAPE',
): Shape<T> => ({
  encode: (value) => value,
  decode(value, field) {
    const found = words.find((word) => word === value);
    if (found === undefined) throw new CodedError(code, { field });
    return found;
  },
});

export interface ListBounds {
  readonly least?: number;
  readonly most?: number;
  /** Thrown for more than `most`; CBOR_SHAPE when none is given. */
  readonly tooMany?: CodedError['code'];
}

/** As many entries as there are, within `bounds`. */
export const list = <T>(
  shape: Shape<T>,
  { least = 0, most = Number.MAX_SAFE_INTEGER, tooMany = 'CBOR_SHAPE' }: ListBounds = {},
): Shape<readonly T[]> => ({
  encode: (values) => values.map((value) => shape.encode(value)),
  decode(value, field) {
    const entries = readArray(value, field);
    if (entries.length > most) throw new CodedError(tooMany, { field });
    if (entries.length < least) throw new CodedError('CBOR_SHAPE', { field });
    return entries.map((entry) => shape.decode(entry, field));
  },
});

/** The fields of a struct by name, in the order in which they are written. */
export type Fields = Readonly<Record<string, Shape<unknown>>>;
export type StructOf<F extends Fields> = { readonly [K in keyof F]: Of<F[K]> };

/** A shape that is an array: what stands in it can be looked at without decoding. */
export interface StructShape<T> extends Shape<T> {
  /** The names of its fields, in their order. */
  readonly names: readonly string[];
  encode(value: T): readonly Cbor[];
}

/** An array whose places are the fields in the order they are written in. */
export function struct<F extends Fields>(fields: F): StructShape<StructOf<F>> {
  return headed([], fields);
}

/**
 * A struct whose last fields are left out, all together, while they say what `none` says: what never needs them
 * stays as short as it would be without them. So each value has one encoding: a tail that is written out and says
 * `none` is CBOR_SHAPE.
 */
export function tailed<F extends Fields, R extends Fields>(
  fields: F,
  tail: R,
  none: StructOf<R>,
): StructShape<StructOf<F> & StructOf<R>> {
  return headedTailed([], fields, { tail, none });
}

/** `typed`, with last fields that are left out as those of `tailed`. */
export function typedTailed<F extends Fields, R extends Fields>(
  suite: number,
  type: number,
  fields: F,
  left: { readonly tail: R; readonly none: StructOf<R> },
): StructShape<StructOf<F> & StructOf<R>> {
  return headedTailed(headOf(suite, type), fields, left);
}

function headedTailed<F extends Fields, R extends Fields>(
  head: Head,
  fields: F,
  { tail, none }: { readonly tail: R; readonly none: StructOf<R> },
): StructShape<StructOf<F> & StructOf<R>> {
  const short = headed(head, fields);
  const long = headed(head, { ...fields, ...tail });
  const rest = struct(tail);
  const written = encodeAs(rest, none);
  const saysNone = (value: StructOf<R>): boolean =>
    rest.names.every((name) => value[name] === none[name]) ||
    equalBytes(encodeAs(rest, value), written);
  return {
    names: long.names,
    // The fields of both are those of the one; the compiler cannot see that through the spread.
    encode: (value) =>
      saysNone(value) ? short.encode(value) : long.encode(value as StructOf<F & R>),
    decode(value, field) {
      if (readArray(value, field).length === head.length + short.names.length) {
        return { ...short.decode(value, field), ...none };
      }
      const read = long.decode(value, field) as StructOf<F> & StructOf<R>;
      if (saysNone(read)) throw new CodedError('CBOR_SHAPE', { field });
      return read;
    },
  };
}

/**
 * An object that says what it is: `[suite, type, ...fields]`. Also throws SUITE_UNKNOWN and TYPE_UNKNOWN.
 * Source: docs/protocol/encoding.md.
 */
export function typed<F extends Fields>(
  suite: number,
  type: number,
  fields: F,
): StructShape<StructOf<F>> {
  return headed(headOf(suite, type), fields);
}

const headOf = (suite: number, type: number): Head => [
  { value: suite, code: 'SUITE_UNKNOWN' },
  { value: type, code: 'TYPE_UNKNOWN' },
];

/** By `kind`: what stands first in the array, and the fields after it. */
export type Choices = Readonly<Record<string, readonly [tag: number | string, fields: Fields]>>;
export type ChoiceOf<C extends Choices> = {
  readonly [K in keyof C]: { readonly kind: K } & StructOf<C[K][1]>;
}[keyof C];

/** One of several arrays that say first which they are: `[tag, ...fields]`. `code`: it is none of them. */
export function choice<C extends Choices>(
  choices: C,
  code: CodedError['code'] = 'CBOR_SHAPE',
): Shape<ChoiceOf<C>> {
  const shapes = Object.entries(choices).map(([kind, [tag, fields]]) => ({
    kind,
    tag,
    shape: headed([{ value: tag, code }], fields),
  }));
  return {
    encode(value) {
      const known = shapes.find(({ kind }) => kind === value.kind);
      if (known === undefined) throw new CodedError('INTERNAL', { kind: String(value.kind) });
      return known.shape.encode(value);
    },
    decode(value, field) {
      const [tag] = readArray(value, field);
      const known = shapes.find((it) => it.tag === tag);
      if (known === undefined) throw new CodedError(code, { field });
      // The tag decided the kind, and with it the fields; the compiler cannot see that.
      return { kind: known.kind, ...known.shape.decode(value, field) } as ChoiceOf<C>;
    },
  };
}

/** What stands in an array before its fields, and the code that is thrown for anything else. */
type Head = readonly { readonly value: number | string; readonly code: CodedError['code'] }[];

function headed<F extends Fields>(head: Head, fields: F): StructShape<StructOf<F>> {
  const places = Object.entries(fields);
  const length = head.length + places.length;
  return {
    names: Object.keys(fields),
    encode(value) {
      const array: Cbor[] = head.map((it) => it.value);
      for (const [name, shape] of places) array.push(shape.encode(value[name]));
      return array;
    },
    decode(value, field) {
      const array = readArray(value, field, length);
      const object: Record<string, unknown> = {};
      let at = 0;
      for (const { value: expected, code } of head) {
        if (array[at++] !== expected) throw new CodedError(code, { field });
      }
      for (const [name, shape] of places) object[name] = shape.decode(array[at++], name);
      // The shapes decide the type of every entry; the compiler cannot see that through the loop.
      return object as StructOf<F>;
    },
  };
}

/** The bytes of a value under its shape. */
export function encodeAs<T>(shape: Shape<T>, value: T): Uint8Array {
  return encodeCbor(shape.encode(value));
}

/** The value that bytes are. Throws CBOR_INVALID and what the shape throws. */
export function decodeAs<T>(shape: Shape<T>, encoded: Uint8Array, field = 'object'): T {
  return shape.decode(decodeCbor(encoded), field);
}

/** As `decodeAs`, with byte strings that are views of `encoded`: for who neither changes nor keeps them. */
export function decodeViewsAs<T>(shape: Shape<T>, encoded: Uint8Array, field = 'object'): T {
  return shape.decode(decodeCborViews(encoded), field);
}
