import { sha256 } from '../../crypto/hash.ts';
import { resultLeaf, txLeaf } from '../../ledger/chain/block-leaves.ts';
import { type Commit, decodeCommit } from '../../ledger/chain/commit.ts';
import { decodeHeader, type Header } from '../../ledger/chain/header.ts';
import { type MerkleTree, merkleTree } from '../../ledger/merkle.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { BlockStore } from './block-store.ts';
import type { StoredBlock } from './stored-block.ts';

/** The newest blocks and their trees: what subscribers, outcomes and receipts ask for is nearly always new. */
const maxCached = 64;

interface Cached {
  readonly stored: StoredBlock;
  txIds: readonly Uint8Array[] | undefined;
  trees: { readonly txs: MerkleTree; readonly results: MerkleTree } | undefined;
}

/** Holds blocks as they were read, and makes their trees when somebody asks for a path in them. */
export class BlockCache {
  readonly #store: BlockStore;
  readonly #cached = new Map<number, Cached>();

  constructor(store: BlockStore) {
    this.#store = store;
  }

  add(stored: StoredBlock, txIds?: readonly Uint8Array[]): Cached {
    const cached = { stored, txIds, trees: undefined };
    this.#cached.set(stored.height, cached);
    if (this.#cached.size > maxCached) {
      // The first key is the one that was added longest ago.
      const [oldest] = this.#cached.keys();
      if (oldest !== undefined) this.#cached.delete(oldest);
    }
    return cached;
  }

  #get(height: number): Cached | undefined {
    const cached = this.#cached.get(height);
    if (cached !== undefined) return cached;
    const stored = this.#store.block(height);
    return stored === undefined ? undefined : this.add(stored);
  }

  block(height: number): StoredBlock | undefined {
    return this.#get(height)?.stored;
  }

  /** Throws HEIGHT_UNKNOWN. */
  signed(height: number): { header: Header; commit: Commit } {
    const stored = this.block(height);
    if (stored === undefined) throw new CodedError('HEIGHT_UNKNOWN', { height });
    return { header: decodeHeader(stored.header), commit: decodeCommit(stored.commit) };
  }

  /** The part of a receipt that lies in the transaction's own block. Throws HEIGHT_UNKNOWN. */
  proof(height: number, index: number) {
    const cached = this.#get(height);
    const tx = cached?.stored.txs[index];
    if (cached === undefined || tx === undefined)
      throw new CodedError('HEIGHT_UNKNOWN', { height });
    const { stored } = cached;
    cached.txIds ??= stored.txs.map((each) => sha256(each));
    cached.trees ??= {
      txs: merkleTree(cached.txIds.map(txLeaf)),
      results: merkleTree(stored.results.map(resultLeaf)),
    };
    return {
      tx,
      count: stored.txs.length,
      txPath: cached.trees.txs.path(index),
      resultPath: cached.trees.results.path(index),
      header: decodeHeader(stored.header),
    };
  }
}
