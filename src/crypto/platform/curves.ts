import { ed25519, x25519 } from '@noble/curves/ed25519.js';

/**
 * Ed25519 and X25519 for engines whose WebCrypto has none. A module of its own: it is loaded where they are missing,
 * and most pages do without it.
 */
export { isCofactorless } from './ed25519-equation.ts';

export const ed25519PublicKey = (seed: Uint8Array): Uint8Array => ed25519.getPublicKey(seed);
export const ed25519Sign = (message: Uint8Array, seed: Uint8Array): Uint8Array =>
  ed25519.sign(message, seed);
/** Throws for a shared secret that is all zero. */
export const x25519Shared = (secret: Uint8Array, peer: Uint8Array): Uint8Array =>
  x25519.getSharedSecret(secret, peer);
