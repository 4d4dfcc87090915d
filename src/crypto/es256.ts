import { platform } from '#platform';

/**
 * Whether `signature` (r 32 ‖ s 32) over `message` is that of the P-256 key `publicKey` (x 32 ‖ y 32): ES256 of RFC
 * 7518, for what others signed outside of this ledger. Nothing of Salus is signed with it.
 *
 * Anything malformed is a plain no.
 */
export async function verifyEs256(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  if (publicKey.length !== 64 || signature.length !== 64) return false;
  return platform.es256Verify(publicKey, message, signature);
}
