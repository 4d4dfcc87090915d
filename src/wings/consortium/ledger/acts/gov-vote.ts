import { type ActWith, defineAct } from '../../../../ledger/act.ts';
import { isMember } from '../../../../ledger/members.ts';
import { type ActContext, type Outcome, refuse } from '../../../../ledger/outcome.ts';
import type { LedgerView } from '../../../../ledger/table.ts';
import { flag, hexId } from '../../../../primitives/shape.ts';
import { decideChange } from '../changes.ts';
import { counts, settle, withVote } from '../counting.ts';
import { proposals } from '../tables/proposals.ts';

const fields = { proposal: hexId(32), yes: flag };
export type GovVote = ActWith<'GovVote', typeof fields>;

/**
 * A member says yes or no to a proposal; with the quorum the change is made.
 *
 * Refuses: MEMBER_WRONG, PROPOSAL_UNKNOWN, PROPOSAL_CLOSED, PROPOSAL_LAPSED, VOTE_TAKEN, and what the change's kind
 * refuses. Writes: `proposals[id]`, and once it is decided `proposals-open[proposer]` and what the change writes.
 * Source: docs/protocol/governance.md, rule GV-4.
 */
export const govVote = defineAct({
  kind: 'GovVote',
  number: 71,
  fields,
  log: 'user',
  senders: ['organisation'],
  rules: [{ fromVersion: 1, judge }],
  facts: ({ proposal, yes }) => ({ proposal, vote: yes ? 'yes' : 'no' }),
});

function judge(view: LedgerView, act: GovVote, context: ActContext): Outcome {
  const { charter, sender, block } = context;
  // GV-4: who decides with the others,
  if (!isMember(view, charter, sender, block.height)) return refuse('MEMBER_WRONG');
  const proposal = view.get(proposals, act.proposal);
  // on something that was proposed,
  if (proposal === undefined) return refuse('PROPOSAL_UNKNOWN');
  // is open,
  if (proposal.outcome !== 'open') return refuse('PROPOSAL_CLOSED');
  if (block.timeMs >= proposal.untilMs) return refuse('PROPOSAL_LAPSED');
  const before = proposal.votes.find(({ organisation }) => organisation === sender);
  // once,
  if (before !== undefined && counts(view, before)) return refuse('VOTE_TAKEN');
  const possible = act.yes ? decideChange(view, proposal.change, context) : undefined;
  // and a yes to what can be made.
  if (possible?.ok === false) return possible;
  const votes = withVote(view, proposal.votes, { organisation: sender, yes: act.yes });
  return settle(view, act.proposal, { ...proposal, votes }, context);
}
