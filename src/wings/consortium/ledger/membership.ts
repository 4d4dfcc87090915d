import type { Charter } from '../../../ledger/charter.ts';
import { memberRows } from '../../../ledger/members.ts';
import { type LedgerView, onlyRow, put, type Write } from '../../../ledger/table.ts';
import { type LedgerMember, members } from '../../../ledger/tables/members.ts';
import { type Organisation, organisations } from '../../../ledger/tables/organisations.ts';
import type { AccountId } from '../../../primitives/ids.ts';

/** Members that are, or will be, for good: those whom a newcomer must not be taken for. */
export function standingMembers(view: LedgerView, charter: Charter): readonly LedgerMember[] {
  return memberRows(view, charter).filter(({ untilHeight }) => untilHeight === 0);
}

/** The row with `change` made; who has left by this height leaves it. */
export function membersRow(
  view: LedgerView,
  charter: Charter,
  height: number,
  change: (rows: readonly LedgerMember[]) => readonly LedgerMember[],
): Write {
  const kept = memberRows(view, charter).filter(
    ({ untilHeight }) => untilHeight === 0 || untilHeight > height,
  );
  return put(members, onlyRow, change(kept));
}

/** Whether somebody else who stands has this name or address. */
export function isNameTaken(
  view: LedgerView,
  charter: Charter,
  {
    organisation,
    name,
    url,
  }: { readonly organisation: AccountId } & Pick<Organisation, 'name' | 'url'>,
): boolean {
  return standingMembers(view, charter)
    .filter((it) => it.organisation !== organisation)
    .map((it) => view.get(organisations, it.organisation))
    .some((it) => it?.name === name || it?.url === url);
}
