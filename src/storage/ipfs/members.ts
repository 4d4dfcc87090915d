import type { AccountId } from '../../primitives/ids.ts';

/** A hospital as the storage network knows it. */
export interface StorageMember {
  readonly account: AccountId;
  /** Ed25519, 32 bytes: signs what its storage node says, and its peer id follows from it. */
  readonly storageKey: Uint8Array;
  /** Where it is dialled, best first: `/ip4/10.1.0.2/tcp/4001`, `/dns4/storage.anna.example/tcp/4001`. */
  readonly addresses: readonly string[];
}

/** A block of the ledger that this node has verified. */
export interface Beacon {
  readonly height: number;
  readonly hash: Uint8Array;
}

/**
 * What a storage node must know from outside: who is in, and which blocks there are. The ledger answers where there is
 * one, a file where it is written by hand.
 */
export interface StorageMembers {
  /** Of the ledger: what is said under another one counts for nothing here. */
  readonly chainId: string;
  /** As it stands now, this node too, each account and each key once. */
  list(): readonly StorageMember[];
  /** Told whenever the list may be another. Returns how to stop it. */
  onChange(told: () => void): () => void;
  /** The newest block. */
  newest(): Beacon;
  /** The hash of the block at this height; undefined: not known (any more). */
  hashAt(height: number): Uint8Array | undefined;
}
