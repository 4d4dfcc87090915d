import { quotient } from '../../../ledger/integers.ts';
import { membersAt } from '../../../ledger/members.ts';
import { type ActContext, accept, type Outcome } from '../../../ledger/outcome.ts';
import { type LedgerView, put, type Write } from '../../../ledger/table.ts';
import { accounts } from '../../../ledger/tables/accounts.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import { decideChange } from './changes.ts';
import { type Proposal, proposals, type Vote } from './tables/proposals.ts';
import { type OpenProposal, proposalsOpen } from './tables/proposals-open.ts';

/** So many yes decide among n members: more than two thirds of them. */
export const quorumOf = (members: number): number => quotient(2 * members, 3) + 1;

/** A vote counts while its organisation is not frozen and speaks by the key that gave it (GV-5). */
export function counts(view: LedgerView, { organisation, keyGeneration }: Vote): boolean {
  const account = view.get(accounts, organisation);
  return account !== undefined && !account.frozen && account.keyGeneration === keyGeneration;
}

/** The vote that a member gives now; in place of one that counts no more. */
export function withVote(
  view: LedgerView,
  votes: readonly Vote[],
  { organisation, yes }: Pick<Vote, 'organisation' | 'yes'>,
): readonly Vote[] {
  const keyGeneration = view.get(accounts, organisation)?.keyGeneration ?? 0;
  return [
    ...votes.filter((it) => it.organisation !== organisation),
    { organisation, yes, keyGeneration },
  ];
}

/**
 * Counts, and makes the change when the quorum is reached.
 * Refuses what the change's kind refuses. Source: docs/protocol/governance.md, rule GV-5.
 */
export function settle(
  view: LedgerView,
  id: string,
  proposal: Proposal,
  context: ActContext,
): Outcome {
  const { charter, block } = context;
  const members = membersAt(view, charter, block.height);
  const counted = proposal.votes.filter(
    (vote) => members.includes(vote.organisation) && counts(view, vote),
  );
  const yes = counted.filter((vote) => vote.yes).length;
  const quorum = quorumOf(members.length);
  if (yes >= quorum) {
    const made = decideChange(view, proposal.change, context);
    return made.ok
      ? accept([...made.writes, ...closed(view, id, proposal, 'accepted', context)])
      : made;
  }
  if (counted.length - yes > members.length - quorum) {
    return accept(closed(view, id, proposal, 'rejected', context));
  }
  return accept([put(proposals, id, proposal)]);
}

function closed(
  view: LedgerView,
  id: string,
  proposal: Proposal,
  outcome: Proposal['outcome'],
  { block }: ActContext,
): readonly Write[] {
  const { proposer } = proposal;
  const left = openOf(view, proposer).filter((it) => it.proposal !== id);
  return [
    put(proposals, id, { ...proposal, outcome, closedHeight: block.height }),
    put(proposalsOpen, proposer, left),
  ];
}

/** What the row says; some of it may have lapsed. */
export function openOf(view: LedgerView, proposer: AccountId): readonly OpenProposal[] {
  return view.get(proposalsOpen, proposer) ?? [];
}
