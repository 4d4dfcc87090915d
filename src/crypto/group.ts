import { ristretto255 } from '@noble/curves/ed25519.js';
import { concatBytes, equalBytes, utf8 } from '../primitives/bytes.ts';
import { CodedError } from '../primitives/errors.ts';
import { deriveKey, sha512 } from './hash.ts';
import { labels } from './labels.ts';

/**
 * The prime-order group ristretto255 (RFC 9496), and the proof that who publishes a point knows its scalar.
 *
 * Without the proof somebody could publish a point made of another's and have a committee work on it.
 * Source: docs/protocol/sealing.md, rule S-7.
 */
const { Point } = ristretto255;
const scalars = Point.Fn;

/** A scalar is 64 bytes reduced mod l, so that none is likelier than another. */
function scalarOf(wide: Uint8Array): bigint {
  if (wide.length !== 64) throw new CodedError('INTERNAL', { expectedSeedBytes: 64 });
  let value = 0n;
  for (let at = 63; at >= 0; at--) value = (value << 8n) | BigInt(wide[at] ?? 0);
  return value % scalars.ORDER;
}

function secretScalarOf(seed: Uint8Array): bigint {
  const scalar = scalarOf(seed);
  if (scalar === 0n) throw new CodedError('KEY_WEAK');
  return scalar;
}

/** The canonical 32 bytes of scalar x base point. Throws KEY_WEAK when the scalar is zero. */
export function pointFromScalarSeed(seed: Uint8Array): Uint8Array {
  return Point.BASE.multiply(secretScalarOf(seed)).toBytes();
}

/** Whether the bytes are the one encoding of a point other than the identity. */
export function isPoint(encoded: Uint8Array): boolean {
  return decodePoint(encoded) !== undefined;
}

function decodePoint(encoded: Uint8Array): InstanceType<typeof Point> | undefined {
  if (encoded.length !== 32) return undefined;
  try {
    const point = Point.fromBytes(encoded);
    return point.is0() ? undefined : point;
  } catch {
    return undefined;
  }
}

function challengeOf(point: Uint8Array, commitment: Uint8Array, context: Uint8Array): bigint {
  const tag = concatBytes(utf8(labels.identityPoint), Uint8Array.of(0));
  return scalarOf(sha512(tag, point, commitment, context));
}

/**
 * Schnorr proof of knowledge of the scalar, for this context alone: R 32 ‖ s 32.
 *
 * The nonce follows from seed and context, so that no broken generator can repeat it.
 */
export function proofOfPoint(seed: Uint8Array, context: Uint8Array): Uint8Array {
  const scalar = secretScalarOf(seed);
  const point = Point.BASE.multiply(scalar).toBytes();
  const nonce = secretScalarOf(deriveKey(seed, labels.identityPointNonce, [context], 64));
  const commitment = Point.BASE.multiply(nonce).toBytes();
  const challenge = challengeOf(point, commitment, context);
  const response = scalars.create(nonce + challenge * scalar);
  return concatBytes(commitment, scalars.toBytes(response));
}

/** Anything malformed is a plain no; so are the identity and encodings that are not canonical. */
export function verifyPointProof(
  encoded: Uint8Array,
  context: Uint8Array,
  proof: Uint8Array,
): boolean {
  const point = decodePoint(encoded);
  if (point === undefined || proof.length !== 64) return false;
  const commitment = proof.subarray(0, 32);
  let response: bigint;
  try {
    response = scalars.fromBytes(proof.subarray(32));
  } catch {
    return false;
  }
  // s*B - c*P gives the canonical R; comparing bytes refuses every other encoding of it.
  const challenge = challengeOf(encoded, commitment, context);
  const reached = Point.BASE.multiplyUnsafe(response).subtract(point.multiplyUnsafe(challenge));
  return !reached.is0() && equalBytes(reached.toBytes(), commitment);
}
