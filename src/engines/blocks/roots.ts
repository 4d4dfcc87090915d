import { resultLeaf, txLeaf } from '../../ledger/chain/block-leaves.ts';
import { merkleTree } from '../../ledger/merkle.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import type { TxResult } from '../application.ts';

/** B-2: root over the ids of a block’s transactions. */
export const dataHash = (txIds: readonly Uint8Array[]): Uint8Array =>
  merkleTree(txIds.map(txLeaf)).root;
/** B-2: root over codes and data; stands in the next header. */
export function resultsHash(results: readonly TxResult[]): Uint8Array {
  // Most say the same as the one before: its leaf is theirs.
  let before: { readonly result: TxResult; readonly leaf: Uint8Array } | undefined;
  const leaves = results.map((result) => {
    if (before === undefined || !areEqual(before.result, result)) {
      before = { result, leaf: resultLeaf(result) };
    }
    return before.leaf;
  });
  return merkleTree(leaves).root;
}

const areEqual = (a: TxResult, b: TxResult): boolean =>
  a.code === b.code && equalBytes(a.data, b.data);
