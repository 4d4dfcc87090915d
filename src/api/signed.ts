import { suite } from '../ledger/object-types.ts';
import { type Cbor, decodeCbor, encodeCbor, readArray, readBytes } from '../primitives/cbor.ts';
import { CodedError } from '../primitives/errors.ts';
import type { MessageObject } from './object-types.ts';

/**
 * How signed objects travel: `[bytes of the object, signature 64]`. The signature covers
 * label ‖ 0x00 ‖ SHA-256(bytes of the object), as they travel; the object names the key that signs.
 * Source: docs/protocol/http.md, rule H-4.
 */
export interface SignedBytes {
  readonly bytes: Uint8Array;
  readonly signature: Uint8Array;
}

export function encodeSigned({ bytes, signature }: SignedBytes): Uint8Array {
  return encodeCbor([bytes, signature]);
}

/** Throws CBOR_INVALID, CBOR_SHAPE. */
export function decodeSigned(travelling: Uint8Array): SignedBytes {
  const fields = readArray(decodeCbor(travelling), 'signed object', 2);
  return {
    bytes: readBytes(fields[0], 'bytes'),
    signature: readBytes(fields[1], 'signature', 64),
  };
}

/** The suite that every new object names. */
export { suite as currentSuite };

/**
 * The fields after `[suite, type, ...]` of an object of this type.
 * Throws CBOR_INVALID, CBOR_SHAPE, SUITE_UNKNOWN, TYPE_UNKNOWN.
 */
export function decodeObject(
  bytes: Uint8Array,
  type: MessageObject,
  fieldCount: number,
): readonly Cbor[] {
  return readObject(decodeCbor(bytes), type, fieldCount);
}

/** As `decodeObject`, for an object that stands inside another one. */
export function readObject(
  value: Cbor | undefined,
  type: MessageObject,
  fieldCount: number,
): readonly Cbor[] {
  const fields = readArray(value, 'object', fieldCount + 2);
  if (fields[0] !== suite) throw new CodedError('SUITE_UNKNOWN');
  if (fields[1] !== type) throw new CodedError('TYPE_UNKNOWN', { expected: type });
  return fields.slice(2);
}
