import { accountId, list, type Of, struct, uint } from '../../primitives/shape.ts';
import { stateTable } from '../table.ts';

/** As many as a genesis may list. */
export const maxMembers = 1_000;

/** `untilHeight` 0: for good. A member counts at heights from `fromHeight` on and below `untilHeight`. */
const member = struct({ organisation: accountId, fromHeight: uint, untilHeight: uint });
export type LedgerMember = Of<typeof member>;

/** Id: `onlyRow`. Those who are members, who will be, and who are so a little longer; no row: the genesis. */
export const members = stateTable('members', list(member, { most: 2 * maxMembers }));
