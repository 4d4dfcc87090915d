import { randomBytes } from '../../crypto/random.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import { openBeside, sealBeside } from './beside.ts';
import type { WalletContent } from './content.ts';
import { indexLimits, unlockersOf } from './file.ts';
import { emptyLocal, type WalletLocal } from './local.ts';
import { mergeWallets } from './merge.ts';
import {
  type Passkey,
  type PasskeyAnswer,
  passkeysIn,
  unwrapByPasskey,
  withoutPasskey,
  wrapForPasskey,
} from './passkey.ts';
import {
  type HeldWallet,
  readWallet,
  readWalletByRoot,
  rereadWallet,
  writeWallet,
} from './sealed-wallet.ts';
import type { WalletStore } from './store.ts';
import {
  newPassphraseKey,
  type PassphraseKey,
  type Unlocker,
  withPassphrase,
  wrapRoot,
} from './unlock.ts';

/** How a change may be written. */
export interface ChangeOptions {
  /** It takes something back: also where the wallet is too large for anything else. */
  readonly takesBack?: boolean;
}

/** A wallet, and what of it belongs to one device. */
export type VaultContent = Pick<HeldWallet, 'content' | 'local'>;

/**
 * An unlocked wallet and the place it lies in. Every change is written before it counts; what another process
 * of this machine, or another tab, wrote meanwhile is merged first.
 *
 * Source: docs/protocol/wallet.md, rules W-1 to W-3 and W-6.
 */
export class Vault {
  readonly #store: WalletStore;
  #held: HeldWallet;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(store: WalletStore, held: HeldWallet) {
    this.#store = store;
    this.#held = held;
  }

  /** Throws PASSPHRASE_SHORT, WALLET_EXISTS. */
  static async create(
    store: WalletStore,
    passphrase: string,
    content: WalletContent,
    local: WalletLocal = emptyLocal,
  ): Promise<Vault> {
    const key = await newKey(store, passphrase);
    return locked(store, async () => {
      if ((await store.load()) !== undefined) throw new CodedError('WALLET_EXISTS');
      const root = randomBytes(32);
      const unlockers = [await wrapRoot(key, root)];
      return new Vault(
        store,
        await writeWallet(store, { key, root, unlockers }, { content, local }),
      );
    });
  }

  /** Throws WALLET_UNKNOWN, WALLET_INVALID, WALLET_KDF, PASSPHRASE_WRONG. */
  static async open(store: WalletStore, passphrase: string): Promise<Vault> {
    return new Vault(store, await readWallet(store, passphrase));
  }

  /** Throws WALLET_UNKNOWN, WALLET_INVALID. */
  static async openByRoot(store: WalletStore, root: Uint8Array): Promise<Vault> {
    return new Vault(store, await readWalletByRoot(store, root));
  }

  /** Throws WALLET_UNKNOWN, WALLET_INVALID, PASSKEY_WRONG. */
  static async openByPasskey(store: WalletStore, answer: PasskeyAnswer): Promise<Vault> {
    const file = await store.load();
    if (file === undefined) throw new CodedError('WALLET_UNKNOWN');
    return Vault.openByRoot(store, await unwrapByPasskey(answer, unlockersOf(file)));
  }

  /** Those by which this wallet opens on this device. */
  get passkeys(): readonly Passkey[] {
    return passkeysIn(this.#held.unlockers);
  }

  /** One more way in. Throws PASSKEY_WRONG, WALLET_FULL (16 ways are the most). */
  addPasskey(made: Passkey & PasskeyAnswer): Promise<void> {
    return this.#changeWays(async ({ unlockers, root }) => {
      const others = withoutPasskey(unlockers, made.credentialId);
      if (others.length >= indexLimits.unlockers) throw new CodedError('WALLET_FULL');
      return [...others, await wrapForPasskey(made, root)];
    });
  }

  /** It opens this file no more; another stays in it. */
  removePasskey(credentialId: Uint8Array): Promise<void> {
    return this.#changeWays(async ({ unlockers }) => withoutPasskey(unlockers, credentialId));
  }

  #changeWays(change: (held: HeldWallet) => Promise<readonly Unlocker[]>): Promise<void> {
    return this.#alone(async () => {
      await this.#catchUp();
      const held = { ...this.#held, unlockers: await change(this.#held) };
      this.#held = await writeWallet(this.#store, held, held, { takesBack: true });
    });
  }

  /** A copy of what the passphrase unwraps. */
  root(): Uint8Array {
    return this.#held.root.slice();
  }

  get content(): WalletContent {
    return this.#held.content;
  }

  /** What belongs to this device alone. */
  get local(): WalletLocal {
    return this.#held.local;
  }

  /** Shards that cannot be read here: what lay in them is not in `content`, and they are kept as they are. */
  get unreadable(): number {
    return this.#held.lost.length;
  }

  /** One change at a time; returns the content that was written. Throws WALLET_FULL. */
  change(
    edit: (content: WalletContent) => WalletContent,
    options: ChangeOptions = {},
  ): Promise<WalletContent> {
    return this.changeAll(({ content, local }) => ({ content: edit(content), local }), options);
  }

  /** A change of what belongs to this device alone, with or without its content; as `change`. */
  changeAll(
    edit: (wallet: VaultContent) => VaultContent,
    options: ChangeOptions = {},
  ): Promise<WalletContent> {
    return this.#alone(async () => {
      const { content: before } = this.#held;
      await this.#catchUp();
      const { content, local } = this.#held;
      const edited = edit({ content, local });
      const isSame = edited.content === content && edited.local === local;
      if (isSame && content === before) return content;
      this.#held = await writeWallet(this.#store, this.#held, edited, options);
      return this.#held.content;
    });
  }

  /** Wraps the device root anew; the copy at the hospital hangs on the code, not on the passphrase. */
  async changePassphrase(passphrase: string): Promise<void> {
    const key = await newKey(this.#store, passphrase);
    await this.#alone(async () => {
      await this.#catchUp();
      const { root, unlockers } = this.#held;
      const ways = withPassphrase(unlockers, await wrapRoot(key, root));
      const held = { ...this.#held, key, unlockers: ways };
      this.#held = await writeWallet(this.#store, held, held, { takesBack: true });
    });
  }

  /** What `remember` kept under this word; undefined: nothing, or it does not open (another root). */
  async recall(name: string): Promise<Uint8Array | undefined> {
    const sealed = await this.#store.beside?.load(name);
    return sealed === undefined ? undefined : openBeside(this.#held.root, name, sealed);
  }

  /** Keeps beside the wallet, sealed as it, what can be made again. */
  async remember(name: string, bytes: Uint8Array): Promise<void> {
    await this.#store.beside?.save(name, await sealBeside(this.#held.root, name, bytes));
  }

  /** With what another process wrote since this one read. */
  async #catchUp(): Promise<void> {
    const file = await this.#store.load();
    if (file === undefined || equalBytes(file, this.#held.file)) return;
    const theirs = await rereadWallet(this.#store, this.#held, file);
    this.#held = { ...theirs, content: mergeWallets(this.#held.content, theirs.content) };
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#last.then(() => locked(this.#store, work));
    this.#last = next.catch(() => undefined);
    return next;
  }
}

const newKey = (store: WalletStore, passphrase: string): Promise<PassphraseKey> =>
  newPassphraseKey(passphrase, store.passphraseCost?.(), store.stretchPassphrase);

const locked = <T>(store: WalletStore, work: () => Promise<T>): Promise<T> =>
  store.locked ? store.locked(work) : work();
