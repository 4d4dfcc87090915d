import {
  type Cbor,
  readArray,
  readBoolean,
  readBytes,
  readText,
  readUint,
} from '../../primitives/cbor.ts';
import { CodedError } from '../../primitives/errors.ts';

/**
 * A codec for one field: `struct` makes arrays in fixed order out of them, so that an object and its
 * CBOR cannot drift apart. `decode` throws CBOR_SHAPE or ID_FORMAT.
 */
export interface Shape<T> {
  encode(value: T): Cbor;
  decode(value: Cbor | undefined, field: string): T;
}

export type Of<S> = S extends Shape<infer T> ? T : never;

export const bytes = (length?: number): Shape<Uint8Array> => ({
  encode: (value) => value,
  decode: (value, field) => readBytes(value, field, length),
});

/** `length` bytes, or none. */
export const optionalBytes = (length: number): Shape<Uint8Array> => ({
  encode: (value) => value,
  decode(value, field) {
    const read = readBytes(value, field);
    if (read.length !== 0 && read.length !== length) throw new CodedError('CBOR_SHAPE', { field });
    return read;
  },
});

export const uint: Shape<number> = {
  encode: (value) => value,
  decode: (value, field) => readUint(value, field),
};

export const text = (maxLength = 1024): Shape<string> => ({
  encode: (value) => value,
  decode: (value, field) => readText(value, field, maxLength),
});

export const flag: Shape<boolean> = {
  encode: (value) => value,
  decode: (value, field) => readBoolean(value, field),
};

/** An id: hex in types, bytes in CBOR. */
export const id = <T extends string>(
  toBytes: (id: T) => Uint8Array,
  fromBytes: (bytes: Uint8Array) => T,
): Shape<T> => ({
  encode: toBytes,
  decode: (value, field) => fromBytes(readBytes(value, field)),
});

/** Text that a parser of ids accepts. */
export const parsed = <T extends string>(parse: (value: unknown) => T): Shape<T> => ({
  encode: (value) => value,
  decode: (value, field) => parse(readText(value, field)),
});

/** One of a list of words. */
export const oneOf = <T extends string>(words: readonly T[]): Shape<T> => ({
  encode: (value) => value,
  decode(value, field) {
    const found = words.find((word) => word === value);
    if (found === undefined) throw new CodedError('CBOR_SHAPE', { field });
    return found;
  },
});

export const list = <T>(shape: Shape<T>): Shape<readonly T[]> => ({
  encode: (values) => values.map((value) => shape.encode(value)),
  decode: (value, field) => readArray(value, field).map((entry) => shape.decode(entry, field)),
});

type Fields = Readonly<Record<string, Shape<unknown>>>;
type Struct<F extends Fields> = { readonly [K in keyof F]: Of<F[K]> };

/** An array whose places are the fields in the order they are written in. */
export function struct<F extends Fields>(fields: F): Shape<Struct<F>> {
  const names = Object.keys(fields);
  return {
    encode: (value) => names.map((name) => fields[name]?.encode(value[name]) ?? null),
    decode(value, field) {
      const places = readArray(value, field, names.length);
      const entries = names.map((name, i) => [name, fields[name]?.decode(places[i], name)]);
      // The shapes decide the type of every entry; the compiler cannot see that through the loop.
      return Object.fromEntries(entries) as Struct<F>;
    },
  };
}
