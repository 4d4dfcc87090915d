import { ed25519 } from '@noble/curves/ed25519.js';
import { equalBytes } from '../../primitives/bytes.ts';
import { sha512 } from '../hash.ts';

/**
 * Ed25519 verification without the cofactor, for engines that have none of their own: R = S*B - k*A, byte by byte.
 *
 * noble's own verification multiplies by the cofactor in both of its modes, which the other engines do not;
 * so only its points are used here. Expects what `ed25519-strict.ts` let through.
 */
export function isCofactorless(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const { Point } = ed25519;
  const commitment = signature.subarray(0, 32);
  const hash = sha512(commitment, publicKey, message);
  const challenge = littleEndian(hash) % Point.Fn.ORDER;
  const response = littleEndian(signature.subarray(32));
  const key = Point.fromBytes(publicKey);
  const reached = Point.BASE.multiplyUnsafe(response).subtract(key.multiplyUnsafe(challenge));
  return equalBytes(reached.toBytes(), commitment);
}

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let at = bytes.length - 1; at >= 0; at--) value = (value << 8n) | BigInt(bytes[at] ?? 0);
  return value;
}
