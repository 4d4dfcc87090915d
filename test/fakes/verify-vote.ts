import { createPublicKey, verify } from 'node:crypto';

/** Strict Ed25519 by OpenSSL, for tests whose signatures are all ordinary ones. */
export async function verifyVote(
  key: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const x = Buffer.from(key).toString('base64url');
  const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  return verify(null, message, publicKey, signature);
}
