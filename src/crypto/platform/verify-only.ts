import { isCofactorless } from './ed25519-equation.ts';
import type { Platform } from './platform.ts';

/**
 * The platform of what only checks signatures, a receipt with its few votes above all: no engine's own
 * Ed25519, so it answers alike in every Node and browser, also in a page opened from disk.
 */
export const platform: Pick<Platform, 'ed25519Verify'> = {
  async ed25519Verify(publicKey, message, signature) {
    try {
      return isCofactorless(publicKey, message, signature);
    } catch {
      return false; // The key or the commitment is no point of the curve.
    }
  },
};
