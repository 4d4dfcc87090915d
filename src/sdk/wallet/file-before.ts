import { openUnderKey } from '../../crypto/aead.ts';
import { labelledInfo } from '../../crypto/hash.ts';
import { labels } from '../../crypto/labels.ts';
import { keyFromPassphrase, type PassphraseStretcher } from '../../crypto/passphrase.ts';
import { type Cbor, readBytes } from '../../primitives/cbor.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { WalletContent } from './content.ts';
import { decodeContentOfBefore } from './content-before.ts';
import { onThisDevice } from './device-list.ts';
import { emptyLocal, type WalletLocal } from './local.ts';
import { costFromCbor, type PassphraseKey } from './unlock.ts';

/**
 * The file as it was written before there were unlockers and shards: `[2, 49, ['argon2id', m KiB, t, p, salt 16],
 * nonce 12 ‖ AES-256-GCM]`, all content under the passphrase's key. It is read, and written no more.
 *
 * Throws WALLET_INVALID, WALLET_KDF, PASSPHRASE_WRONG. Source: docs/protocol/wallet.md, rule W-18.
 */
export async function openFileOfBefore(
  passphrase: string,
  [suite = 0, type = 0, kdf = null, sealed]: readonly Cbor[],
  stretch: PassphraseStretcher = keyFromPassphrase,
): Promise<{
  readonly key: PassphraseKey;
  readonly content: WalletContent;
  readonly local: WalletLocal;
}> {
  const cost = costFromCbor(kdf);
  const key = await stretch(passphrase, cost);
  const aad = labelledInfo(labels.walletFile, [suite, type, kdf]);
  try {
    const plain = await openUnderKey(key, aad, readBytes(sealed, 'sealed'));
    const read = decodeContentOfBefore(plain);
    const newest = read.roots.toSorted((a, b) => a.createdMs - b.createdMs).at(-1);
    if (newest === undefined) return { key: { cost, key }, content: read, local: emptyLocal };
    const here = await onThisDevice(read, { deviceRoot: newest.id, nowMs: newest.createdMs });
    return { key: { cost, key }, ...here };
  } catch (cause) {
    if (isCoded(cause, 'CANNOT_OPEN')) throw new CodedError('PASSPHRASE_WRONG', {}, cause);
    throw isCoded(cause, 'WALLET_INVALID') ? cause : new CodedError('WALLET_INVALID', {}, cause);
  }
}
