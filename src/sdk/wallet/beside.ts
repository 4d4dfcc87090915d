import { openUnderKey, sealUnderKey } from '../../crypto/aead.ts';
import { deriveKey } from '../../crypto/hash.ts';
import { labels } from '../../crypto/labels.ts';
import { isCoded } from '../../primitives/errors.ts';

const none = new Uint8Array(0);

/**
 * A file beside the wallet: what a device can make again from what others keep, such as which looks it has checked. It
 * opens with the wallet's device root, goes into no copy, and a device without it only has more to do.
 * Layout: nonce 12 ‖ AES-256-GCM ‖ tag 16 under HKDF(device root, label, [name]).
 * Source: docs/protocol/wallet.md, rule W-21.
 */
export function sealBeside(root: Uint8Array, name: string, bytes: Uint8Array): Promise<Uint8Array> {
  return sealUnderKey(deriveKey(root, labels.walletBeside, [name]), none, bytes);
}

/** Undefined when it does not open: it is made again. */
export async function openBeside(
  root: Uint8Array,
  name: string,
  sealed: Uint8Array,
): Promise<Uint8Array | undefined> {
  try {
    return await openUnderKey(deriveKey(root, labels.walletBeside, [name]), none, sealed);
  } catch (error) {
    if (!isCoded(error, 'CANNOT_OPEN')) throw error;
    return undefined;
  }
}
