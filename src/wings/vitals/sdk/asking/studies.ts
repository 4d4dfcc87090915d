import { CodedError } from '../../../../primitives/errors.ts';
import type { AccountId } from '../../../../primitives/ids.ts';
import type { Action } from '../../../../sdk/action.ts';
import type { Context } from '../../../../sdk/client/context.ts';
import { studiesGet } from '../../api/routes/studies-get.ts';
import { type Dataset, statDatasets } from '../../ledger/tables/stat-datasets.ts';
import { type Permit, statPermits } from '../../ledger/tables/stat-permits.ts';
import {
  quarterOf,
  spentByRowId,
  spentRowId,
  statSpent,
  statSpentBy,
} from '../../ledger/tables/stat-spent.ts';
import { statTrios, type Trio } from '../../ledger/tables/stat-trios.ts';
import { statWithdrawn } from '../../ledger/tables/stat-withdrawn.ts';

/** Rows that change are believed of the last ten minutes. */
const freshMs = 10 * 60_000;

export interface StudyPermit extends Permit {
  readonly id: string;
  /** What may still be spent in this quarter: of the permit, of the researcher and of the dataset the least; 0 when it was taken back. */
  readonly leftMicroRho: number;
  /** When one of its two organisations took it back, block time; 0: nobody did. */
  readonly withdrawnMs: number;
}

/** A dataset as the ledger has it, with the permits of whoever asks. */
export interface Study extends Dataset {
  readonly id: string;
  readonly servers: Trio['servers'];
  /** 0: no page is sealed yet. */
  readonly newestBatch: number;
  readonly permits: readonly StudyPermit[];
}

/** One dataset, proven. Throws DATASET_UNKNOWN. */
export async function studyOf(
  ctx: Context,
  id: string,
  permits: readonly string[],
  signal?: AbortSignal,
): Promise<Study> {
  const options = { signal, maxAgeMs: freshMs };
  const dataset = await ctx.ledger.row(statDatasets, id, options);
  if (dataset === undefined) throw new CodedError('DATASET_UNKNOWN');
  const trio = await ctx.ledger.row(statTrios, dataset.trio, options);
  if (trio === undefined) throw new CodedError('TRIO_UNKNOWN');
  const own: StudyPermit[] = [];
  for (const permitId of permits) {
    const permit = await ctx.ledger.row(statPermits, permitId, options);
    if (permit?.dataset !== id) continue;
    const withdrawn = await ctx.ledger.row(statWithdrawn, permitId, options);
    const leftMicroRho =
      withdrawn === undefined ? await leftUnder(ctx, { ...dataset, id }, permit, signal) : 0;
    own.push({ ...permit, id: permitId, leftMicroRho, withdrawnMs: withdrawn?.timeMs ?? 0 });
  }
  const { servers, newestBatch } = trio;
  return { ...dataset, ...{ id, servers, newestBatch, permits: own } };
}

async function leftUnder(
  ctx: Context,
  dataset: Dataset & { readonly id: string },
  permit: Permit,
  signal?: AbortSignal,
): Promise<number> {
  const options = { signal, maxAgeMs: freshMs };
  const quarter = quarterOf(ctx.nowMs());
  const all = await ctx.ledger.row(statSpent, spentRowId(dataset.id, quarter), options);
  const mine = spentByRowId(dataset.id, quarter, permit.researcher);
  const one = await ctx.ledger.row(statSpentBy, mine, options);
  const left = [
    permit.microRho - permit.spent,
    dataset.researcherCap - (one?.microRho ?? 0),
    dataset.datasetCap - (all?.microRho ?? 0),
  ];
  return Math.max(0, Math.min(...left));
}

/** What may still be asked of it: under the permit that has the most left. */
export const leftOf = ({ permits }: Pick<Study, 'permits'>): number =>
  Math.max(0, ...permits.map(({ leftMicroRho }) => leftMicroRho));

/** Datasets, the permits of this account, and what is left of the budget. */
export const listStudies: Action<undefined, readonly Study[]> = {
  name: 'vitals/studies',
  async run(ctx, _input, { signal }) {
    const seen = await ctx.gateway.call(studiesGet, { signal });
    const studies: Study[] = [];
    for (const id of seen.datasets) {
      studies.push(
        await studyOf(ctx, id, permitsOf(seen.permits, id, ctx.account.account), signal),
      );
    }
    return studies;
  },
};

type SeenPermit = {
  readonly permit: string;
  readonly dataset: string;
  readonly researcher: AccountId;
};

export const permitsOf = (
  seen: readonly SeenPermit[],
  dataset: string,
  researcher: AccountId,
): readonly string[] =>
  seen
    .filter((it) => it.dataset === dataset && it.researcher === researcher)
    .map(({ permit }) => permit);
