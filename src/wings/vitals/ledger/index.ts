import type { LedgerWing } from '../../../ledger/wing.ts';
import { incident } from './acts/incident.ts';
import { serverQuarantine } from './acts/server-quarantine.ts';
import { serverRebuilt } from './acts/server-rebuilt.ts';
import { statApprove } from './acts/stat-approve.ts';
import { statBatch } from './acts/stat-batch.ts';
import { statDataset } from './acts/stat-dataset.ts';
import { statPermit } from './acts/stat-permit.ts';
import { statQuery } from './acts/stat-query.ts';
import { statSeal } from './acts/stat-seal.ts';
import { statWithdraw } from './acts/stat-withdraw.ts';
import { statBatches } from './tables/stat-batches.ts';
import { statDatasets } from './tables/stat-datasets.ts';
import { statIncidents } from './tables/stat-incidents.ts';
import { statPermits } from './tables/stat-permits.ts';
import { statQuarantines } from './tables/stat-quarantines.ts';
import { statQueries } from './tables/stat-queries.ts';
import { statSeals } from './tables/stat-seals.ts';
import { statSpent, statSpentBy } from './tables/stat-spent.ts';
import { statTrios } from './tables/stat-trios.ts';
import { statWithdrawn } from './tables/stat-withdrawn.ts';

/** What the wing brings to the ledger. Source: docs/protocol/vitals-ledger.md. */
export const vitalsLedger = {
  name: 'vitals',
  acts: [
    statDataset,
    statPermit,
    statApprove,
    statBatch,
    statQuery,
    statSeal,
    serverQuarantine,
    serverRebuilt,
    incident,
    statWithdraw,
  ],
  tables: [
    statTrios,
    statDatasets,
    statPermits,
    statBatches,
    statQueries,
    statSpent,
    statSpentBy,
    statSeals,
    statWithdrawn,
    statIncidents,
    statQuarantines,
  ],
} as const satisfies LedgerWing;
