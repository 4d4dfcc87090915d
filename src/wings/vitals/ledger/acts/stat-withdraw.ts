import { type ActWith, defineAct } from '../../../../ledger/act.ts';
import { type ActContext, accept, type Outcome, refuse } from '../../../../ledger/outcome.ts';
import { type LedgerView, put } from '../../../../ledger/table.ts';
import { hexId } from '../../../../primitives/shape.ts';
import { statPermits } from '../tables/stat-permits.ts';
import { statWithdrawn } from '../tables/stat-withdrawn.ts';

const fields = { permit: hexId(16) };
export type StatWithdraw = ActWith<'StatWithdraw', typeof fields>;

/**
 * One of the two organisations of a permit takes it back: nothing is asked under it from the next act on. What was paid
 * stays answered.
 *
 * Refuses: PERMIT_UNKNOWN, SENDER_WRONG, PERMIT_WITHDRAWN. Writes: `stat-withdrawn[permit]`.
 * Source: docs/protocol/vitals-ledger.md, rule VL-16.
 */
export const statWithdraw = defineAct({
  kind: 'StatWithdraw',
  number: 49,
  fields,
  log: 'user',
  senders: ['organisation'],
  rules: [{ fromVersion: 1, judge }],
  facts: ({ permit }) => ({ permit }),
});

function judge(view: LedgerView, act: StatWithdraw, { sender, block }: ActContext): Outcome {
  const permit = view.get(statPermits, act.permit);
  // VL-16: of something that was proposed,
  if (permit === undefined) return refuse('PERMIT_UNKNOWN');
  // by one of its two; the right `stat` is not asked for: it can be lost, and this only narrows.
  if (sender !== permit.proposer && sender !== permit.approver) return refuse('SENDER_WRONG');
  // once.
  if (view.get(statWithdrawn, act.permit) !== undefined) return refuse('PERMIT_WITHDRAWN');
  return accept([put(statWithdrawn, act.permit, { by: sender, ...block })]);
}
