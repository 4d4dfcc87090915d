import { equalBytes } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import { openBeside, sealBeside } from './beside.ts';
import type { WalletContent } from './content.ts';
import {
  newWalletKey,
  openWalletFile,
  reopenWalletFile,
  sealWalletFile,
  type WalletKey,
} from './file.ts';
import { mergeWallets } from './merge.ts';
import type { WalletStore } from './store.ts';

/**
 * An unlocked wallet on this device: every change is merged with what another process wrote meanwhile and
 * is on disk before the caller goes on.
 */
export class Vault {
  readonly #store: WalletStore;
  #key: WalletKey;
  #content: WalletContent;
  #seen: Uint8Array;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(
    store: WalletStore,
    key: WalletKey,
    content: WalletContent,
    seen: Uint8Array,
  ) {
    this.#store = store;
    this.#key = key;
    this.#content = content;
    this.#seen = seen;
  }

  /** Throws PASSPHRASE_SHORT, WALLET_EXISTS. */
  static async create(
    store: WalletStore,
    passphrase: string,
    content: WalletContent,
  ): Promise<Vault> {
    const key = await newKey(store, passphrase);
    const bytes = await sealWalletFile(key, content);
    await locked(store, async () => {
      if ((await store.load()) !== undefined) throw new CodedError('WALLET_EXISTS');
      await store.save(bytes);
    });
    return new Vault(store, key, content, bytes);
  }

  /** Throws WALLET_UNKNOWN, WALLET_INVALID, WALLET_KDF, PASSPHRASE_WRONG. */
  static async open(store: WalletStore, passphrase: string): Promise<Vault> {
    const bytes = await store.load();
    if (bytes === undefined) throw new CodedError('WALLET_UNKNOWN');
    const { walletKey, content } = await openWalletFile(passphrase, bytes, store.stretchPassphrase);
    return new Vault(store, walletKey, content, bytes);
  }

  get content(): WalletContent {
    return this.#content;
  }

  /** One change at a time; returns the content that was written. */
  change(edit: (content: WalletContent) => WalletContent): Promise<WalletContent> {
    const work = async (): Promise<WalletContent> => {
      const content = await this.#merged();
      const edited = edit(content);
      if (edited === content && content === this.#content) return content;
      const bytes = await sealWalletFile(this.#key, edited);
      await this.#store.save(bytes);
      this.#content = edited;
      this.#seen = bytes;
      return edited;
    };
    return this.#alone(work);
  }

  /** Rewraps the content: the copy at the hospital hangs on the code, not on the passphrase. */
  async changePassphrase(passphrase: string): Promise<void> {
    const key = await newKey(this.#store, passphrase);
    await this.#alone(async () => {
      const content = await this.#merged();
      const bytes = await sealWalletFile(key, content);
      await this.#store.save(bytes);
      this.#key = key;
      this.#content = content;
      this.#seen = bytes;
    });
  }

  /** What `remember` kept under this word; undefined: nothing, or it does not open (the passphrase was changed). */
  async recall(name: string): Promise<Uint8Array | undefined> {
    const sealed = await this.#store.beside?.load(name);
    return sealed === undefined ? undefined : openBeside(this.#key, name, sealed);
  }

  /** Keeps beside the wallet, sealed as it, what can be made again. */
  async remember(name: string, bytes: Uint8Array): Promise<void> {
    await this.#store.beside?.save(name, await sealBeside(this.#key, name, bytes));
  }

  /** With what another process wrote since this one read. */
  async #merged(): Promise<WalletContent> {
    const held = await this.#store.load();
    if (held === undefined || equalBytes(held, this.#seen)) return this.#content;
    return mergeWallets(this.#content, await reopenWalletFile(this.#key, held));
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#last.then(() => locked(this.#store, work));
    this.#last = next.catch(() => undefined);
    return next;
  }
}

const newKey = (store: WalletStore, passphrase: string): Promise<WalletKey> =>
  newWalletKey(passphrase, store.passphraseCost?.(), store.stretchPassphrase);

const locked = <T>(store: WalletStore, work: () => Promise<T>): Promise<T> =>
  store.locked ? store.locked(work) : work();
