import { type ActWith, defineAct } from '../../../../ledger/act.ts';
import {
  type ActContext,
  accept,
  holdsRight,
  type Outcome,
  refuse,
} from '../../../../ledger/outcome.ts';
import { type LedgerView, put } from '../../../../ledger/table.ts';
import { hexId } from '../../../../primitives/shape.ts';
import { statPermits } from '../tables/stat-permits.ts';
import { statWithdrawn } from '../tables/stat-withdrawn.ts';

const fields = { permit: hexId(16) };
export type StatApprove = ActWith<'StatApprove', typeof fields>;

/**
 * Another organisation says yes to a permit: from here on it holds.
 *
 * Refuses: SENDER_WRONG, PERMIT_UNKNOWN, PERMIT_WITHDRAWN, APPROVAL_OWN, APPROVAL_TAKEN, PERMIT_EXPIRED.
 * Writes: `stat-permits[permit]`.
 * Source: docs/protocol/vitals-ledger.md, rule VL-12.
 */
export const statApprove = defineAct({
  kind: 'StatApprove',
  number: 42,
  fields,
  log: 'user',
  senders: ['organisation'],
  rules: [{ fromVersion: 1, judge }],
  facts: ({ permit }) => ({ permit }),
});

function judge(view: LedgerView, act: StatApprove, context: ActContext): Outcome {
  // VL-12: by who may,
  if (!holdsRight(view, context.sender, 'stat', context.block.height))
    return refuse('SENDER_WRONG');
  const permit = view.get(statPermits, act.permit);
  // of something that was proposed,
  if (permit === undefined) return refuse('PERMIT_UNKNOWN');
  // and not taken back,
  if (view.get(statWithdrawn, act.permit) !== undefined) return refuse('PERMIT_WITHDRAWN');
  // by another,
  if (permit.proposer === context.sender) return refuse('APPROVAL_OWN');
  // once,
  if (permit.approver !== '') return refuse('APPROVAL_TAKEN');
  // in time.
  if (context.block.timeMs >= permit.notAfterMs) return refuse('PERMIT_EXPIRED');
  return accept([put(statPermits, act.permit, { ...permit, approver: context.sender })]);
}
