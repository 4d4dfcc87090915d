import { isStrictKey } from '../../../../crypto/ed25519-strict.ts';
import { enrolledRows } from '../../../../ledger/acts/enrol.ts';
import { accountIdOfKey, identity, identityRequirements } from '../../../../ledger/identity.ts';
import { type ActContext, accept, type Outcome, refuse } from '../../../../ledger/outcome.ts';
import { right } from '../../../../ledger/rights.ts';
import { type LedgerView, put } from '../../../../ledger/table.ts';
import { accounts } from '../../../../ledger/tables/accounts.ts';
import { maxMembers } from '../../../../ledger/tables/members.ts';
import { organisations } from '../../../../ledger/tables/organisations.ts';
import { list, type StructOf, text } from '../../../../primitives/shape.ts';
import { isNameTaken, membersRow, standingMembers } from '../membership.ts';
import { defineChange, effectAfter } from './kind.ts';

const fields = { identity, name: text(100), url: text(200), rights: list(right, { most: 32 }) };

const noCredential = new Uint8Array(32);

const accountOf = ({ identity }: Pick<StructOf<typeof fields>, 'identity'>) =>
  accountIdOfKey(identity.suite, identity.signKey);

/**
 * An organisation becomes a member. One that was voted out comes back with its account and the keys it has now.
 *
 * Refuses: MEMBER_EXISTS, MEMBERS_FULL, KEY_WEAK, ACCOUNT_EXISTS.
 * Writes: `members`, `organisations[account]`, and for a new account `accounts[account]`, `keys[account]`.
 */
export const memberIn = defineChange({
  kind: 'member-in',
  number: 3,
  fields,
  requires: (change, chainId) =>
    identityRequirements(change.identity, chainId, accountOf(change), 'organisation'),
  decide,
  facts: (change) => ({
    organisation: accountOf(change),
    name: change.name,
    url: change.url,
    rights: change.rights,
  }),
});

function decide(view: LedgerView, change: StructOf<typeof fields>, context: ActContext): Outcome {
  const { charter, block } = context;
  const { identity, name, url, rights } = change;
  const organisation = accountOf(change);
  const standing = standingMembers(view, charter);
  const isStanding = standing.some((it) => it.organisation === organisation);
  if (isStanding || isNameTaken(view, charter, { organisation, name, url })) {
    return refuse('MEMBER_EXISTS');
  }
  if (standing.length >= maxMembers) return refuse('MEMBERS_FULL');
  if (!isStrictKey(identity.signKey)) return refuse('KEY_WEAK');
  const account = view.get(accounts, organisation);
  if (account !== undefined && account.role !== 'organisation') return refuse('ACCOUNT_EXISTS');
  const act = { identity, role: 'organisation' as const, credentialHash: noCredential };
  const begun =
    account === undefined ? enrolledRows(act, { organisation, height: block.height }) : [];
  const fromHeight = block.height + effectAfter;
  const row = { name, url, rights, rightsFromHeight: fromHeight, rightsBefore: [] };
  return accept([
    ...begun,
    put(organisations, organisation, row),
    membersRow(view, charter, block.height, (rows) => [
      ...rows,
      { organisation, fromHeight, untilHeight: 0 },
    ]),
  ]);
}
