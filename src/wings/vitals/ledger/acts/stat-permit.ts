import { type ActWith, defineAct } from '../../../../ledger/act.ts';
import {
  type ActContext,
  accept,
  holdsRight,
  type Outcome,
  refuse,
} from '../../../../ledger/outcome.ts';
import { type LedgerView, put } from '../../../../ledger/table.ts';
import { accounts } from '../../../../ledger/tables/accounts.ts';
import { accountId, hexId, uint } from '../../../../primitives/shape.ts';
import { purposeWord } from '../purposes.ts';
import { statDatasets } from '../tables/stat-datasets.ts';
import { statPermits } from '../tables/stat-permits.ts';

/** Two years of 365 days. */
export const mostPermitMs = 730 * 86_400_000;
/** A permit that lasts may spend what a dataset gives in four quarters. */
const mostPermitMicroRho = 40_000_000;

const fields = {
  permit: hexId(16),
  dataset: hexId(16),
  researcher: accountId,
  purpose: purposeWord,
  microRho: uint,
  notAfterMs: uint,
};
export type StatPermit = ActWith<'StatPermit', typeof fields>;

/**
 * An organisation proposes that a researcher may ask of a dataset; nothing is asked before another approves it.
 *
 * Refuses: SENDER_WRONG, PERMIT_TAKEN, DATASET_UNKNOWN, RESEARCHER_UNKNOWN, PURPOSE_NOT_ALLOWED, PERMIT_TERMS.
 * Writes: `stat-permits[permit]`.
 * Source: docs/protocol/vitals-ledger.md, rule VL-11.
 */
export const statPermit = defineAct({
  kind: 'StatPermit',
  number: 41,
  fields,
  log: 'user',
  senders: ['organisation'],
  rules: [{ fromVersion: 1, judge }],
  about: ({ researcher }) => ({ account: researcher }),
  facts: ({ kind: _, ...rest }) => rest,
});

function judge(view: LedgerView, act: StatPermit, context: ActContext): Outcome {
  const { kind: _, permit, ...said } = act;
  const { height, timeMs } = context.block;
  // VL-11: by who may,
  if (!holdsRight(view, context.sender, 'stat', height)) return refuse('SENDER_WRONG');
  // once,
  if (view.get(statPermits, permit) !== undefined) return refuse('PERMIT_TAKEN');
  const dataset = view.get(statDatasets, act.dataset);
  // of something that there is,
  if (dataset === undefined) return refuse('DATASET_UNKNOWN');
  const researcher = view.get(accounts, act.researcher);
  // for a researcher,
  if (researcher === undefined || researcher.role !== 'researcher' || researcher.frozen)
    return refuse('RESEARCHER_UNKNOWN');
  // and what patients opted in for,
  if (!dataset.purposes.includes(act.purpose)) return refuse('PURPOSE_NOT_ALLOWED');
  // for some, and not for ever.
  const isSome = act.microRho >= 1 && act.microRho <= mostPermitMicroRho;
  if (!isSome || act.notAfterMs <= timeMs || act.notAfterMs > timeMs + mostPermitMs)
    return refuse('PERMIT_TERMS');
  const row = { ...said, proposer: context.sender, approver: '', spent: 0 } as const;
  return accept([put(statPermits, permit, row)]);
}
