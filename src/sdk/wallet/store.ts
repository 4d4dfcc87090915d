import type { PassphraseCost, PassphraseStretcher } from '../../crypto/passphrase.ts';

/** What is written at one change. */
export interface WalletWrite {
  readonly file: Uint8Array;
  /** Shards that are new, by name: 32 hex digits, each written once. */
  readonly shards: ReadonlyMap<string, Uint8Array>;
  /** Names of all shards that the file holds to; others may go. */
  readonly keeps: readonly string[];
}

/** Where a wallet lies: files for the command line, IndexedDB in a browser. */
export interface WalletStore {
  /** The wallet file as it was saved last; undefined: there is none. */
  load(): Promise<Uint8Array | undefined>;
  /** A shard of it; undefined: it is not here (any more). */
  loadShard(name: string): Promise<Uint8Array | undefined>;
  /**
   * Whole or not at all, also when the machine stops meanwhile: the new shards, then the file in place of the one
   * before, then nothing that it does not hold to.
   */
  save(wallet: WalletWrite): Promise<void>;
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
