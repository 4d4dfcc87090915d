import { sha256 } from '../../crypto/hash.ts';
import { concatBytes } from '../../primitives/bytes.ts';
import { leafHash, nodeHash } from '../merkle.ts';
import { bytesField, varintField } from './protobuf.ts';

/**
 * The Merkle tree over a block's transactions or results, kept level by level so that the path of every one
 * of a thousand receipts costs no hash.
 *
 * Pairing neighbours from below, with an odd last one moved up, gives the same tree as RFC 6962's split.
 */
export interface BlockTree {
  readonly root: Uint8Array;
  readonly count: number;
  /** Sibling hashes from the leaf upwards. */
  path(index: number): Uint8Array[];
}

export function blockTree(leaves: readonly Uint8Array[]): BlockTree {
  const levels: (readonly Uint8Array[])[] = [leaves];
  let level = leaves;
  while (level.length > 1) {
    const above: Uint8Array[] = [];
    for (let i = 0; i < level.length; i += 2) {
      const left = level[i];
      const right = level[i + 1];
      if (left !== undefined) above.push(right === undefined ? left : nodeHash(left, right));
    }
    levels.push(above);
    level = above;
  }
  return {
    root: level[0] ?? sha256(),
    count: leaves.length,
    path(index) {
      const siblings: Uint8Array[] = [];
      let position = index;
      for (const row of levels) {
        const sibling = row[position % 2 === 0 ? position + 1 : position - 1];
        if (sibling !== undefined) siblings.push(sibling);
        position = (position - (position % 2)) / 2;
      }
      return siblings;
    },
  };
}

/** Leaf of `dataHash`: SHA-256(0x00 ‖ SHA-256(tx)), so that the tx id alone proves a place in a block. */
export function txLeaf(txId: Uint8Array): Uint8Array {
  return leafHash(txId);
}

/** Leaf of `lastResultsHash`: what CometBFT keeps of an `ExecTxResult`; gas is not used and always zero. */
export function resultLeaf(result: {
  readonly code: number;
  readonly data: Uint8Array;
}): Uint8Array {
  return leafHash(concatBytes(varintField(1, result.code), bytesField(2, result.data)));
}
