import { platform } from '#platform';
import { concatBytes } from '../primitives/bytes.ts';
import { CodedError } from '../primitives/errors.ts';

/**
 * Seals bytes under a symmetric key with a random nonce: for keys that seal a handful of things.
 *
 * Layout: nonce 12 ‖ AES-256-GCM ciphertext ‖ tag 16. GCM does not commit to its key: records go through
 * `chunked.ts`, which does. Source: docs/protocol/sealing.md, rule S-4.
 */
export async function sealUnderKey(
  key: Uint8Array,
  aad: Uint8Array,
  plaintext: Uint8Array,
  nonce: Uint8Array = platform.randomBytes(12),
): Promise<Uint8Array> {
  // WebCrypto would take a shorter key and quietly use AES-128.
  if (key.length !== 32) throw new CodedError('INTERNAL', { expectedKeyBytes: 32 });
  return concatBytes(nonce, await platform.aes256GcmSeal({ key, nonce, aad }, plaintext));
}

/** Throws CANNOT_OPEN. */
export async function openUnderKey(
  key: Uint8Array,
  aad: Uint8Array,
  sealed: Uint8Array,
): Promise<Uint8Array> {
  if (key.length !== 32 || sealed.length < 28) throw new CodedError('CANNOT_OPEN');
  const nonce = sealed.subarray(0, 12);
  return platform.aes256GcmOpen({ key, nonce, aad }, sealed.subarray(12));
}
