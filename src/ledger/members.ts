import type { AccountId } from '../primitives/ids.ts';
import type { Charter } from './charter.ts';
import { type LedgerView, onlyRow } from './table.ts';
import { type LedgerMember, members } from './tables/members.ts';

/** All that the row says, or the genesis. Source: docs/protocol/state.md, rule ST-13. */
export function memberRows(view: LedgerView, charter: Charter): readonly LedgerMember[] {
  const row = view.get(members, onlyRow);
  if (row !== undefined) return row;
  return charter
    .genesisOrganisations()
    .map((organisation) => ({ organisation, fromHeight: 0, untilHeight: 0 }));
}

/** The organisations that are members of the ledger at a height, the oldest first. */
export function membersAt(
  view: LedgerView,
  charter: Charter,
  height: number,
): readonly AccountId[] {
  return memberRows(view, charter)
    .filter((it) => countsAt(it, height))
    .map(({ organisation }) => organisation);
}

export function isMember(
  view: LedgerView,
  charter: Charter,
  organisation: AccountId,
  height: number,
): boolean {
  return membersAt(view, charter, height).includes(organisation);
}

/** Whether a line of the row is in force at a height. */
export function countsAt({ fromHeight, untilHeight }: LedgerMember, height: number): boolean {
  return fromHeight <= height && (untilHeight === 0 || height < untilHeight);
}
