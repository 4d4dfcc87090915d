import type { SignedCopy } from '../../api/wallet-copy.ts';
import type { KemKey } from '../../crypto/kem.ts';
import type { SigningKey } from '../../crypto/signature.ts';
import type { WalletContent } from './content.ts';
import type { CopyPlace } from './copy-index.ts';
import type { CopyShards } from './copy-shards.ts';
import type { WalletLocal } from './local.ts';

/** The hospital's side of a copy: a head, compared and swapped by its serial, and shards by name. */
export interface CopyStore {
  head(): Promise<SignedCopy | undefined>;
  shard(name: string): Promise<Uint8Array | undefined>;
  putShard(name: string, sealed: Uint8Array): Promise<void>;
  /** Throws WALLET_CONFLICT unless its serial follows the one that is kept. */
  putHead(copy: SignedCopy): Promise<void>;
}

/** Who brings a copy and a device together. */
export interface CopyWriter extends CopyPlace {
  /** The account's key in use. */
  readonly sign: SigningKey;
  /** All signing keys that the account has had, as this wallet knows them. */
  readonly knownKeys: readonly Uint8Array[];
  /** This device's, the one in use first. */
  readonly pairs: readonly KemKey[];
  /**
   * Public keys of who may open a copy of this content: devices that are listed in it, and the printed code in use. Asked
   * of what the copy has taught: a device that it lists must not be left out by who learns of it.
   */
  readonly recipientsIn: (content: WalletContent) => readonly Uint8Array[];
  readonly local: WalletLocal;
}

/** A copy as this device wrote or read it last: what it need not read again, and cannot be shown older. */
export interface SyncedCopy extends CopyShards {
  readonly serial: number;
  /** The content that it says: the same one again has nothing to say. */
  readonly of: WalletContent;
  /** SHA-256 of the head. */
  readonly hash: Uint8Array;
  readonly copyKey: Uint8Array;
  readonly wraps: readonly Uint8Array[];
  readonly recipients: Uint8Array;
  readonly deviceRoot: readonly string[];
  /** SHA-256 of what lies in the index, without tips. */
  readonly said: Uint8Array;
}

/** What a device remembers of a copy between two runs. */
export type RememberedCopy = Pick<SyncedCopy, 'serial' | 'hash' | 'copyKey' | 'digests'>;
