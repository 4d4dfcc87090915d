import { concatBytes, equalBytes, utf8 } from '../primitives/bytes.ts';
import { CodedError } from '../primitives/errors.ts';
import { deriveKey, sha512 } from './hash.ts';
import { labels } from './labels.ts';
import { loadSodium } from './sodium.ts';

/**
 * The prime-order group ristretto255 (RFC 9496) by libsodium, whose time does not depend on the scalar, and the
 * proof that who publishes a point knows its scalar.
 *
 * Without the proof somebody could publish a point made of another's and have a committee work on it.
 * Source: docs/protocol/sealing.md, rule S-7.
 */
type Sodium = Awaited<ReturnType<typeof loadSodium>>;

/** Encodes the identity as a point, and zero as a scalar. */
const zero = new Uint8Array(32);
const isZero = (encoded: Uint8Array): boolean => equalBytes(encoded, zero);

/** A scalar is 64 bytes reduced mod l, so that none is likelier than another. */
function secretScalarOf(sodium: Sodium, seed: Uint8Array): Uint8Array {
  if (seed.length !== 64) throw new CodedError('INTERNAL', { expectedSeedBytes: 64 });
  const scalar = sodium.crypto_core_ristretto255_scalar_reduce(seed);
  if (isZero(scalar)) throw new CodedError('KEY_WEAK');
  return scalar;
}

/** The canonical 32 bytes of scalar x base point. Throws KEY_WEAK when the scalar is zero. */
export async function pointFromScalarSeed(seed: Uint8Array): Promise<Uint8Array> {
  const sodium = await loadSodium();
  return sodium.crypto_scalarmult_ristretto255_base(secretScalarOf(sodium, seed));
}

/** Whether the bytes are the one encoding of a point other than the identity. */
export async function isPoint(encoded: Uint8Array): Promise<boolean> {
  return isPointBy(await loadSodium(), encoded);
}

function isPointBy(sodium: Sodium, encoded: Uint8Array): boolean {
  if (encoded.length !== 32 || isZero(encoded)) return false;
  return sodium.crypto_core_ristretto255_is_valid_point(encoded);
}

function challengeOf(
  sodium: Sodium,
  point: Uint8Array,
  commitment: Uint8Array,
  context: Uint8Array,
): Uint8Array {
  const tag = concatBytes(utf8(labels.identityPoint), Uint8Array.of(0));
  const hash = sha512(tag, point, commitment, context);
  return sodium.crypto_core_ristretto255_scalar_reduce(hash);
}

/**
 * Schnorr proof of knowledge of the scalar, for this context alone: R 32 ‖ s 32.
 *
 * The nonce follows from seed and context, so that no broken generator can repeat it.
 */
export async function proofOfPoint(seed: Uint8Array, context: Uint8Array): Promise<Uint8Array> {
  const sodium = await loadSodium();
  const scalar = secretScalarOf(sodium, seed);
  const point = sodium.crypto_scalarmult_ristretto255_base(scalar);
  const nonceSeed = deriveKey(seed, labels.identityPointNonce, [context], 64);
  const nonce = secretScalarOf(sodium, nonceSeed);
  const commitment = sodium.crypto_scalarmult_ristretto255_base(nonce);
  const challenge = challengeOf(sodium, point, commitment, context);
  const product = sodium.crypto_core_ristretto255_scalar_mul(challenge, scalar);
  return concatBytes(commitment, sodium.crypto_core_ristretto255_scalar_add(nonce, product));
}

/** Anything malformed is a plain no; so are the identity and encodings that are not canonical. */
export async function verifyPointProof(
  point: Uint8Array,
  context: Uint8Array,
  proof: Uint8Array,
): Promise<boolean> {
  if (point.length !== 32 || proof.length !== 64) return false;
  const sodium = await loadSodium();
  const commitment = proof.subarray(0, 32);
  const response = proof.subarray(32);
  if (!isPointBy(sodium, point) || !isPointBy(sodium, commitment)) return false;
  const challenge = challengeOf(sodium, point, commitment, context);
  // libsodium multiplies by 255 bits of whatever it is given, and refuses a product that is the identity.
  const reduced = sodium.crypto_core_ristretto255_scalar_reduce(concatBytes(response, zero));
  if (!equalBytes(reduced, response) || isZero(response) || isZero(challenge)) return false;
  // sB - cP gives the canonical R; comparing bytes refuses every other encoding of it.
  const reached = sodium.crypto_core_ristretto255_sub(
    sodium.crypto_scalarmult_ristretto255_base(response),
    sodium.crypto_scalarmult_ristretto255(challenge, point),
  );
  return equalBytes(reached, commitment);
}
