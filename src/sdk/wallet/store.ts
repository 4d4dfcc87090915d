import type { PassphraseCost, PassphraseStretcher } from '../../crypto/passphrase.ts';

/** Where a wallet file lies: a file for the command line, IndexedDB in a browser. */
export interface WalletStore {
  /** The file as it was saved last; undefined: there is none. */
  load(): Promise<Uint8Array | undefined>;
  /** Whole or not at all, also when the machine stops meanwhile. */
  save(bytes: Uint8Array): Promise<void>;
  /** Holds other processes off while `work` runs, where the place can do that. */
  locked?<T>(work: () => Promise<T>): Promise<T>;
  /**
   * What guessing the passphrase of a file made here shall cost, with a fresh salt each time; missing:
   * `newPassphraseCost`. Files below `passphraseLimits` open nowhere.
   */
  readonly passphraseCost?: (() => PassphraseCost) | undefined;
  /** For a page, whose own thread must not stand still: gives the work to a worker. Missing: `keyFromPassphrase`. */
  readonly stretchPassphrase?: PassphraseStretcher | undefined;
  /**
   * Beside the wallet, by a word: what can be made again, and would make the wallet large. Missing: it is made again
   * each time.
   */
  readonly beside?:
    | {
        load(name: string): Promise<Uint8Array | undefined>;
        save(name: string, bytes: Uint8Array): Promise<void>;
      }
    | undefined;
}
