import { isMember } from '../../../../ledger/members.ts';
import { type ActContext, accept, type Outcome, refuse } from '../../../../ledger/outcome.ts';
import { type LedgerView, put } from '../../../../ledger/table.ts';
import { organisations, rightsAt } from '../../../../ledger/tables/organisations.ts';
import { validatorsOf } from '../../../../ledger/validator-set.ts';
import { accountId, type StructOf } from '../../../../primitives/shape.ts';
import { membersRow, standingMembers } from '../membership.ts';
import { defineChange, effectAfter } from './kind.ts';

const fields = { organisation: accountId };

/**
 * An organisation is no member any more: it votes and counts no more, and has no rights.
 *
 * Refuses: MEMBER_UNKNOWN, MEMBER_LAST, MEMBER_VALIDATES, MEMBER_PENDING.
 * Writes: `members`, `organisations[organisation]`.
 */
export const memberOut = defineChange({
  kind: 'member-out',
  number: 4,
  fields,
  decide,
  facts: ({ organisation }) => ({ organisation }),
});

function decide(
  view: LedgerView,
  { organisation }: StructOf<typeof fields>,
  { charter, block: { height } }: ActContext,
): Outcome {
  const standing = standingMembers(view, charter);
  const row = view.get(organisations, organisation);
  const stands = standing.some((it) => it.organisation === organisation);
  if (row === undefined || !stands || !isMember(view, charter, organisation, height)) {
    return refuse('MEMBER_UNKNOWN');
  }
  if (standing.length === 1) return refuse('MEMBER_LAST');
  const validates = validatorsOf(view, charter).some((it) => it.organisation === organisation);
  if (validates) return refuse('MEMBER_VALIDATES');
  if (row.rightsFromHeight > height) return refuse('MEMBER_PENDING');
  const until = height + effectAfter;
  const before = { rightsFromHeight: until, rightsBefore: rightsAt(row, height) };
  return accept([
    put(organisations, organisation, { ...row, rights: [], ...before }),
    membersRow(view, charter, height, (rows) =>
      rows.map((it) =>
        it.organisation === organisation && it.untilHeight === 0
          ? { ...it, untilHeight: until }
          : it,
      ),
    ),
  ]);
}
