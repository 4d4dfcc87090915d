import { stateTable } from '../../../../ledger/table.ts';
import { maxMembers } from '../../../../ledger/tables/members.ts';
import {
  accountId,
  flag,
  list,
  type Of,
  oneOf,
  struct,
  uint,
} from '../../../../primitives/shape.ts';
import { change } from '../changes.ts';

const vote = struct({
  organisation: accountId,
  yes: flag,
  /** `keyGeneration` of the organisation then: what it voted by a key that it gave up counts no more. */
  keyGeneration: uint,
});
export type Vote = Of<typeof vote>;

/** Id: the proposal. Rows stay when they are decided. */
const proposal = struct({
  proposer: accountId,
  number: uint,
  change,
  madeHeight: uint,
  /** Block times before it. */
  untilMs: uint,
  /** In the order in which they came; a member that votes anew by another key stands last. */
  votes: list(vote, { most: 2 * maxMembers }),
  outcome: oneOf(['open', 'accepted', 'rejected']),
  /** 0: open. */
  closedHeight: uint,
});
export type Proposal = Of<typeof proposal>;

export const proposals = stateTable('proposals', proposal);
