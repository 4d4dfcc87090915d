import { labelledHash } from '../../crypto/hash.ts';
import { labels } from '../../crypto/labels.ts';
import { compareBytes, u32be } from '../../primitives/bytes.ts';
import { type AccountId, type BlobId, idBytes } from '../../primitives/ids.ts';
import { cidBytesOf } from '../blob-id.ts';

/** How many members hold a blob, where there are so many. */
export const defaultCopies = 3;

/**
 * The members in the order in which a blob belongs to them: rendezvous hashing, so that a member that comes or goes
 * moves no blob but its own. Pure. Source: docs/protocol/storage-network.md, SN-5.
 */
export function rankedFor(blobId: BlobId, accounts: readonly AccountId[]): AccountId[] {
  const cid = cidBytesOf(blobId);
  return accounts
    .map((account) => ({
      account,
      score: labelledHash(labels.storagePlace, cid, idBytes(account)),
    }))
    .sort((a, b) => compareBytes(b.score, a.score))
    .map(({ account }) => account);
}

/** The members that are to hold a blob, the first ones of its order. */
export function holdersOf(
  blobId: BlobId,
  accounts: readonly AccountId[],
  copies = defaultCopies,
): AccountId[] {
  return rankedFor(blobId, accounts).slice(0, copies);
}

/** What decides which leaves a holder is asked for: a block of the ledger, which nobody chooses. */
export interface Draw {
  readonly blockHash: Uint8Array;
  readonly holder: AccountId;
  readonly blobId: BlobId;
}

const leavesAsked = 4;

/** The places of the leaves that a holder is asked for, ascending: four, or all of fewer. Source: SN-12. */
export function leavesDrawn({ blockHash, holder, blobId }: Draw, count: number): number[] {
  const cid = cidBytesOf(blobId);
  const places = new Set<number>();
  for (let i = 0; i < Math.min(leavesAsked, count); i++) {
    const hash = labelledHash(labels.storageLeaf, blockHash, idBytes(holder), cid, u32be(i));
    places.add(uint48(hash) % count);
  }
  return [...places].sort((a, b) => a - b);
}

/** The first six bytes as a number. */
function uint48(bytes: Uint8Array): number {
  return bytes.subarray(0, 6).reduce((value, byte) => value * 256 + byte, 0);
}
