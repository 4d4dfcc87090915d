import { labelledHash } from '../../../../crypto/hash.ts';
import { type ActWith, defineAct, type Sent } from '../../../../ledger/act.ts';
import { isMember } from '../../../../ledger/members.ts';
import { type ActContext, accept, type Outcome, refuse } from '../../../../ledger/outcome.ts';
import { type LedgerView, put } from '../../../../ledger/table.ts';
import { bytesToHex } from '../../../../primitives/bytes.ts';
import { encodeCbor } from '../../../../primitives/cbor.ts';
import { idBytes } from '../../../../primitives/ids.ts';
import { uint } from '../../../../primitives/shape.ts';
import { consortiumNames } from '../../names.ts';
import { change, changeFacts, changeRequirements, decideChange } from '../changes.ts';
import { openOf, settle, withVote } from '../counting.ts';
import { type Proposal, proposals } from '../tables/proposals.ts';
import { maxOpen, proposalsOpen } from '../tables/proposals-open.ts';

/** 14 days of block time. */
export const proposalMs = 14 * 86_400_000;

const fields = {
  /** The proposer's to choose: what tells this proposal from the same change proposed before. */
  number: uint,
  change,
};
export type GovPropose = ActWith<'GovPropose', typeof fields>;

/**
 * A member proposes a change, and votes yes with it.
 *
 * Refuses: MEMBER_WRONG, PROPOSAL_TAKEN, PROPOSALS_FULL, what the change's kind refuses, IDENTITY_WRONG.
 * Writes: `proposals[id]`, `proposals-open[sender]`, and where one member decides what the change writes.
 * Source: docs/protocol/governance.md, rule GV-3.
 */
export const govPropose = defineAct({
  kind: 'GovPropose',
  number: 70,
  fields,
  log: 'user',
  senders: ['organisation'],
  outside: {
    requires: (act, { chainId }) => changeRequirements(act.change, chainId),
    refusal: 'IDENTITY_WRONG',
  },
  rules: [{ fromVersion: 1, judge }],
  facts: (act) => ({ number: act.number, ...changeFacts(act.change) }),
});

/** The id of a proposal, hex: SHA-256(label ‖ 0x00 ‖ CBOR[chain id, proposer 32, number, change]). */
export function proposalId(
  act: Pick<GovPropose, 'number' | 'change'>,
  { chainId, sender }: Sent,
): string {
  const content = [chainId, idBytes(sender), act.number, change.encode(act.change)];
  return bytesToHex(labelledHash(consortiumNames.labels.proposal, encodeCbor(content)));
}

function judge(view: LedgerView, act: GovPropose, context: ActContext): Outcome {
  const { charter, sender, block } = context;
  // GV-3: who decides with the others,
  if (!isMember(view, charter, sender, block.height)) return refuse('MEMBER_WRONG');
  const id = proposalId(act, { chainId: charter.chainId, sender });
  // something that was not proposed before,
  if (view.get(proposals, id) !== undefined) return refuse('PROPOSAL_TAKEN');
  const open = openOf(view, sender).filter(({ untilMs }) => untilMs > block.timeMs);
  // and not too much at once,
  if (open.length >= maxOpen) return refuse('PROPOSALS_FULL');
  const possible = decideChange(view, act.change, context);
  // that can be made,
  if (!possible.ok) return possible;
  // and is signed by those whom it brings.
  if (!context.isProven) return refuse('IDENTITY_WRONG');

  const untilMs = block.timeMs + proposalMs;
  const proposal: Proposal = {
    proposer: sender,
    number: act.number,
    change: act.change,
    madeHeight: block.height,
    untilMs,
    votes: withVote(view, [], { organisation: sender, yes: true }),
    outcome: 'open',
    closedHeight: 0,
  };
  const settled = settle(view, id, proposal, context);
  if (!settled.ok) return settled;
  const added = settled.writes.some(({ table }) => table === proposalsOpen)
    ? open
    : [...open, { proposal: id, untilMs }];
  const others = settled.writes.filter(({ table }) => table !== proposalsOpen);
  return accept([...others, put(proposalsOpen, sender, added)]);
}
