import type { AccountId, ConsentId } from '../../../primitives/ids.ts';
import type { BlobOwner } from '../../../storage/blob-store.ts';

/**
 * In whose name the store keeps the bodies of rows: the chart's, and of what came under a grant, that grant's part
 * of the chart. So the store remembers no writer, and each grant has a quota of its own.
 * Source: docs/protocol/storage.md, rule S-16.
 */
export function claimOwnerOf(rows: {
  readonly account: AccountId;
  readonly consent: ConsentId | '';
}): BlobOwner {
  return rows.consent === '' ? rows.account : `${rows.account}:${rows.consent}`;
}

/** The same of a row of `deliveries`, in SQL. */
export const claimOwnerColumn =
  "CASE consent WHEN '' THEN deliveries.account ELSE deliveries.account || ':' || consent END";
