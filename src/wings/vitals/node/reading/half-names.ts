import { type AccountId, parseAccountId, type RecordId } from '../../../../primitives/ids.ts';

/** Under which a server keeps its share of the key of one record. Rule DE-4. */
export const halfName = (account: AccountId, recordId: RecordId): string =>
  `half ${account} ${recordId}`;

/** Whose record it is; undefined: it is no name of a share. */
export function ownerIn(name: string): AccountId | undefined {
  const [, owner] = /^half ([0-9a-f]{64}) [0-9a-f]{32}$/.exec(name) ?? [];
  return owner === undefined ? undefined : parseAccountId(owner);
}
