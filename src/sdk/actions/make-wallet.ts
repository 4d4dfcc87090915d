import { displayName } from '../../api/display-name.ts';
import { randomBytes } from '../../crypto/random.ts';
import { codeCheckOf } from '../wallet/code.ts';
import { emptyWallet } from '../wallet/content.ts';
import { onThisDevice } from '../wallet/device-list.ts';
import type { WalletStore } from '../wallet/store.ts';
import { Vault } from '../wallet/vault.ts';
import { newRoot } from './enrol.ts';

/** Where a wallet lies, and what opens it there. */
export interface WalletPlace {
  readonly store: WalletStore;
  readonly passphrase: string;
  /** What this device is to be called among the person's devices; up to 64 characters. */
  readonly deviceName?: string | undefined;
}

/** An unlocked wallet, and the code that was printed for it. */
export interface MadeWallet {
  readonly vault: Vault;
  /** The printed code's 20 bytes, which the wallet does not keep. */
  readonly code: Uint8Array;
}

/** A new wallet with a first root, on a first device. Throws PASSPHRASE_SHORT, WALLET_EXISTS, NAME_INVALID. */
export async function makeWallet(
  { store, passphrase, name, deviceName }: WalletPlace & { readonly name: string },
  nowMs: number,
): Promise<MadeWallet> {
  const code = randomBytes(20);
  const root = newRoot(nowMs);
  const content = {
    ...emptyWallet(displayName(name)),
    printed: [{ check: codeCheckOf(code), madeMs: nowMs }],
    roots: [root],
  };
  const on = await onThisDevice(content, { deviceRoot: root.id, deviceName, nowMs });
  return { vault: await Vault.create(store, passphrase, on.content, on.local), code };
}
