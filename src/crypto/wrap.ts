import { CodedError } from '../primitives/errors.ts';
import { openUnderKey, sealUnderKey } from './aead.ts';

/** A wrapped key: nonce 12 ‖ ciphertext 32 ‖ tag 16. */
export const wrappedKeyBytes = 60;

/**
 * Wraps one 32-byte key under another, which is used for this wrap alone or nearly so.
 *
 * Source: docs/protocol/sealing.md, rule S-4.
 */
export async function wrapKey(
  wrappingKey: Uint8Array,
  key: Uint8Array,
  aad: Uint8Array,
): Promise<Uint8Array> {
  if (key.length !== 32) throw new CodedError('INTERNAL', { expectedKeyBytes: 32 });
  return sealUnderKey(wrappingKey, aad, key);
}

/** Throws CANNOT_OPEN. */
export async function unwrapKey(
  wrappingKey: Uint8Array,
  wrapped: Uint8Array,
  aad: Uint8Array,
): Promise<Uint8Array> {
  if (wrapped.length !== wrappedKeyBytes) throw new CodedError('CANNOT_OPEN');
  return openUnderKey(wrappingKey, aad, wrapped);
}
