import { type ActWith, defineAct } from '../../../../ledger/act.ts';
import { type ActContext, accept, type Outcome, refuse } from '../../../../ledger/outcome.ts';
import { type LedgerView, put, type Write } from '../../../../ledger/table.ts';
import type { AccountId } from '../../../../primitives/ids.ts';
import { hexId, uint } from '../../../../primitives/shape.ts';
import { purposeWord } from '../purposes.ts';
import { type Dataset, statDatasets } from '../tables/stat-datasets.ts';
import { type Permit, statPermits } from '../tables/stat-permits.ts';
import { queryRowId, statQueries } from '../tables/stat-queries.ts';
import {
  quarterOf,
  spentByRowId,
  spentRowId,
  statSpent,
  statSpentBy,
} from '../tables/stat-spent.ts';
import { statTrios } from '../tables/stat-trios.ts';
import { statWithdrawn } from '../tables/stat-withdrawn.ts';

const fields = {
  permit: hexId(16),
  dataset: hexId(16),
  purpose: purposeWord,
  /** SHA-256 of the manifest (vitals-statistics.md): what is asked stands with the servers, not here. */
  query: hexId(32),
  asOfBatch: uint,
  microRho: uint,
};
export type StatQuery = ActWith<'StatQuery', typeof fields>;

/**
 * A researcher pays for a question; the data servers answer when they have seen it in a block, and never before.
 *
 * Refuses: PERMIT_UNKNOWN, PERMIT_WITHDRAWN, APPROVAL_MISSING, PERMIT_EXPIRED, PURPOSE_NOT_ALLOWED, QUERY_TAKEN,
 * BATCH_UNKNOWN, BUDGET_SPENT. Writes: `stat-queries[sender, query]`, `stat-permits[permit]`, `stat-spent`, `stat-spent-by`.
 * Source: docs/protocol/vitals-ledger.md, rules VL-14 and VL-20 to VL-22.
 */
export const statQuery = defineAct({
  kind: 'StatQuery',
  number: 44,
  fields,
  log: 'user',
  senders: ['researcher'],
  rules: [{ fromVersion: 1, judge }],
  facts: ({ kind: _, ...rest }) => rest,
});

function judge(view: LedgerView, act: StatQuery, context: ActContext): Outcome {
  const { query, dataset: id, asOfBatch, microRho } = act;
  const { sender, block } = context;
  const permit = view.get(statPermits, act.permit);
  const dataset = view.get(statDatasets, id);
  // VL-14: under his own permit, for this dataset,
  const isHis = permit?.researcher === sender && permit.dataset === id;
  if (permit === undefined || dataset === undefined || !isHis) return refuse('PERMIT_UNKNOWN');
  // that nobody took back,
  if (view.get(statWithdrawn, act.permit) !== undefined) return refuse('PERMIT_WITHDRAWN');
  // that a second organisation approved,
  if (permit.approver === '') return refuse('APPROVAL_MISSING');
  // which still holds,
  if (block.timeMs >= permit.notAfterMs) return refuse('PERMIT_EXPIRED');
  // for its purpose, which he signs,
  if (permit.purpose !== act.purpose) return refuse('PURPOSE_NOT_ALLOWED');
  const rowId = queryRowId(sender, query);
  // once: the same question again is answered, not paid,
  if (view.get(statQueries, rowId) !== undefined) return refuse('QUERY_TAKEN');
  const newest = view.get(statTrios, dataset.trio)?.newestBatch ?? 0;
  // of pages that are sealed,
  if (asOfBatch < 1 || asOfBatch > newest) return refuse('BATCH_UNKNOWN');
  const quarter = quarterOf(block.timeMs);
  const writes = debit(view, { ...act, sender, quarter }, permit, dataset);
  // and within all three caps.
  if (writes === undefined) return refuse('BUDGET_SPENT');
  const row = {
    ...{ permit: act.permit, dataset: id, purpose: act.purpose, asOfBatch, microRho, quarter },
    ...block,
  };
  return accept([put(statQueries, rowId, row), ...writes]);
}

/** The three accounts with this much less in them; undefined: one has not so much left. */
function debit(
  view: LedgerView,
  act: StatQuery & { readonly sender: AccountId; readonly quarter: number },
  permit: Permit,
  dataset: Dataset,
): readonly Write[] | undefined {
  const { microRho, sender, quarter } = act;
  const ofAll = spentRowId(act.dataset, quarter);
  const ofOne = spentByRowId(act.dataset, quarter, sender);
  const byAll = view.get(statSpent, ofAll)?.microRho ?? 0;
  const byOne = view.get(statSpentBy, ofOne)?.microRho ?? 0;
  const left = [
    permit.microRho - permit.spent,
    dataset.researcherCap - byOne,
    dataset.datasetCap - byAll,
  ];
  if (microRho < 1 || left.some((rest) => microRho > rest)) return undefined;
  return [
    put(statPermits, act.permit, { ...permit, spent: permit.spent + microRho }),
    put(statSpent, ofAll, { microRho: byAll + microRho }),
    put(statSpentBy, ofOne, { microRho: byOne + microRho }),
  ];
}
