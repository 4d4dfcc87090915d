import { isMember } from '../../../../ledger/members.ts';
import { type ActContext, accept, type Outcome, refuse } from '../../../../ledger/outcome.ts';
import { right } from '../../../../ledger/rights.ts';
import { type LedgerView, put } from '../../../../ledger/table.ts';
import { organisations, rightsAt } from '../../../../ledger/tables/organisations.ts';
import { accountId, list, type StructOf, text } from '../../../../primitives/shape.ts';
import { isNameTaken } from '../membership.ts';
import { defineChange, effectAfter } from './kind.ts';

const fields = {
  organisation: accountId,
  name: text(100),
  url: text(200),
  rights: list(right, { most: 32 }),
};

/**
 * What stands of a member in `organisations`: all of it, as it is to be.
 *
 * Refuses: MEMBER_UNKNOWN, MEMBER_PENDING, MEMBER_UNCHANGED, MEMBER_EXISTS. Writes: `organisations[organisation]`.
 */
export const memberChange = defineChange({
  kind: 'member-change',
  number: 5,
  fields,
  decide,
  facts: ({ organisation, name, url, rights }) => ({ organisation, name, url, rights }),
});

function decide(
  view: LedgerView,
  change: StructOf<typeof fields>,
  { charter, block: { height } }: ActContext,
): Outcome {
  const { organisation, name, url, rights } = change;
  const row = view.get(organisations, organisation);
  if (row === undefined || !isMember(view, charter, organisation, height)) {
    return refuse('MEMBER_UNKNOWN');
  }
  if (row.rightsFromHeight > height) return refuse('MEMBER_PENDING');
  const isSame = row.name === name && row.url === url && row.rights.join() === rights.join();
  if (isSame) return refuse('MEMBER_UNCHANGED');
  if (isNameTaken(view, charter, change)) return refuse('MEMBER_EXISTS');
  const rightsFromHeight = height + effectAfter;
  const next = { name, url, rights, rightsFromHeight, rightsBefore: rightsAt(row, height) };
  return accept([put(organisations, organisation, next)]);
}
