import type { AccountId } from '../../primitives/ids.ts';
import { blobId, bytes, list, type Of, struct, uint } from '../../primitives/shape.ts';
import { scheduledEpoch } from '../shapes.ts';
import { stateTable } from '../table.ts';

/** One KeySet, kept for ever: readers need the salts and blobs of epochs that have passed. */
const storedKeySet = struct({
  /** `after` of the KeySet before this one (0 in the first, whose own `after` is 0 too). */
  previous: uint,
  salt: bytes(16),
  /** With a first time of 0 replaced by the block time. An epoch ran if it began before the next KeySet. */
  schedule: list(scheduledEpoch),
  keySetBlob: blobId,
  envelopeSetBlob: blobId,
  height: uint,
  timeMs: uint,
});
export type StoredKeySet = Of<typeof storedKeySet>;

export const keysets = stateTable('keysets', storedKeySet, { lasting: true });

/** account ‖ `after` as 8 bytes, big-endian. */
export function keySetRowId(account: AccountId, after: number): string {
  return account + after.toString(16).padStart(16, '0');
}
