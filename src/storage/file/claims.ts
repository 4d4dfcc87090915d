import { CodedError } from '../../primitives/errors.ts';
import type { BlobId } from '../../primitives/ids.ts';
import { type BlobOwner, type Heirs, wholeOf } from '../blob-store.ts';
import type { Rows } from './rows.ts';

/** Longer lists are taken in several transactions, so that others get their turn. */
export const claimsPerJob = 500;

export function chunksOf(ids: readonly BlobId[]): BlobId[][] {
  const count = Math.ceil(ids.length / claimsPerJob);
  return Array.from({ length: count }, (_, at) =>
    ids.slice(at * claimsPerJob, (at + 1) * claimsPerJob),
  );
}

/** Whoever brought a blob, or has it already, may hand it over; to others the id says nothing. */
export function isHeld(rows: Rows, id: BlobId, { from, to }: Heirs): boolean {
  return rows.hasClaim({ id, owner: to }) || rows.hasClaim({ id, owner: from });
}

/**
 * Inside a transaction: `to` claims what `from` brought. Returns the ids that neither claims any more.
 * Throws QUOTA_EXCEEDED, before anything is written. Source: docs/protocol/storage.md, rule S-16.
 */
export function handOver(
  rows: Rows,
  { ids, from, to }: Heirs & { readonly ids: readonly BlobId[] },
  limits: { readonly nowMs: number; readonly quotaBytesOf: (owner: BlobOwner) => number },
): BlobId[] {
  const held = ids.filter((id) => isHeld(rows, id, { from, to }));
  const bytesOf = (id: BlobId) => rows.blob(id)?.bytes ?? 0;
  const fresh = held.filter((id) => !rows.hasClaim({ id, owner: to }));
  const bytes = fresh.reduce((sum, id) => sum + bytesOf(id), 0);
  if (fresh.length > 0) requireRoom(rows, { owner: to, bytes }, limits.quotaBytesOf);
  for (const id of fresh) rows.insertClaim({ id, owner: to }, bytesOf(id), limits.nowMs);
  for (const id of held) {
    rows.renewClaim({ id, owner: to }, limits.nowMs);
    if (from !== to && rows.isUnanchored({ id, owner: from }))
      rows.deleteClaim({ id, owner: from });
  }
  return ids.filter((id) => !rows.hasClaim({ id, owner: to }));
}

function requireRoom(
  rows: Rows,
  { owner, bytes }: { readonly owner: BlobOwner; readonly bytes: number },
  quotaBytesOf: (owner: BlobOwner) => number,
): void {
  for (const counted of [owner, wholeOf(owner)]) {
    if (counted === undefined) continue;
    const quotaBytes = quotaBytesOf(counted);
    const usedBytes = rows.usage(counted).bytes;
    if (usedBytes + bytes > quotaBytes) {
      throw new CodedError('QUOTA_EXCEEDED', { quotaBytes, usedBytes });
    }
  }
}
