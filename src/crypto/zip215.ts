import { ed25519 } from '@noble/curves/ed25519.js';

/**
 * Ed25519 by ZIP-215, which accepts what CometBFT accepts. A module of its own: it is loaded only when it is needed,
 * and what is bundled for browsers then takes of the curves no more than this.
 */
export function verifyZip215(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  try {
    return ed25519.verify(signature, message, publicKey, { zip215: true });
  } catch {
    return false;
  }
}
