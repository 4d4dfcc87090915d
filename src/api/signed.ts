import { suite } from '../ledger/object-types.ts';
import { bytes, decodeAs, encodeAs, type Of, struct } from '../primitives/shape.ts';

/**
 * How signed objects travel: `[bytes of the object, signature 64]`. The signature covers
 * label ‖ 0x00 ‖ SHA-256(bytes of the object), as they travel; the object names the key that signs.
 * Source: docs/protocol/http.md, rule H-4.
 */
const signed = struct({ bytes: bytes(), signature: bytes(64) });
export type SignedBytes = Of<typeof signed>;

/** As a signed object travels. */
export function encodeSigned(object: SignedBytes): Uint8Array {
  return encodeAs(signed, object);
}

/** Throws CBOR_INVALID, CBOR_SHAPE. */
export function decodeSigned(travelling: Uint8Array): SignedBytes {
  return decodeAs(signed, travelling, 'signed object');
}

/** The suite that every new object names. */
export { suite as currentSuite };
