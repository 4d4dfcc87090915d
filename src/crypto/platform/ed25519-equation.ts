import { ed25519 } from '@noble/curves/ed25519.js';
import { equalBytes, hexToBytes } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
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

function hex(text: string): Uint8Array {
  const bytes = hexToBytes(text);
  if (bytes === undefined) throw new CodedError('INTERNAL');
  return bytes;
}

/**
 * A key with a component of order eight and two signatures of it: the first holds with and without the
 * cofactor, the second with it alone. Source: Chalkias, Garillot, Nikolaenko 2020, cases 3 and 4.
 */
export const cofactorlessCases = [
  {
    publicKey: hex('cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d'),
    message: hex('9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79'),
    signature: hex(
      '9046a64750444938de19f227bb80485e92b83fdb4b6506c160484c016cc1852f87909e14428a7a1d62e9f22f3d3ad7802db02eb2e688b6c52fcd6648a98bd009',
    ),
    valid: true,
  },
  {
    publicKey: hex('cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d'),
    message: hex('e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c'),
    signature: hex(
      '160a1cb0dc9c0258cd0a7d23e94d8fa878bcb1925f2c64246b2dee1796bed5125ec6bc982a269b723e0668e540911a9a6a58921d6925e434ab10aa7940551a09',
    ),
    valid: false,
  },
];
