import type { TestWing } from '../../../../test/model/wing.ts';
import type { LedgerView, StateTable } from '../../../ledger/table.ts';
import { vitalsLedger } from '../ledger/index.ts';
import { statBatchModel } from './model/batches.ts';
import { statDatasetModel } from './model/datasets.ts';
import { incidentModel, serverQuarantineModel, serverRebuiltModel } from './model/incidents.ts';
import { largestRows } from './model/largest-rows.ts';
import { statApproveModel, statPermitModel, statWithdrawModel } from './model/permits.ts';
import { statQueryModel, statSealModel } from './model/questions.ts';
import { plain, servers } from './model/rows.ts';

const tables: readonly StateTable<unknown>[] = vitalsLedger.tables;

/** The wing's acts once more, for the model ledger and the histories. */
export const vitalsTest: TestWing = {
  name: 'vitals',
  tables: tables.map(({ name }) => name),
  largestRows,
  vectors: async () => {
    const { statCodes, statPages } = await import('./vectors/page-vectors.ts');
    const { statEnvelopes } = await import('./vectors/recovery-vectors.ts');
    const { statisticsActs, statisticsQuarantines, statisticsQueries, statisticsWithdrawals } =
      await import('./vectors/study-vectors.ts');
    const { statisticsSelections, vitalsReading } = await import('./vectors/reading-vectors.ts');
    const { paillier, paillierAnswers } = await import('./vectors/paillier-vectors.ts');
    const { doubleLocks } = await import('./vectors/double-vectors.ts');
    return {
      ...{ paillier, 'paillier-answers': paillierAnswers, 'double-locks': doubleLocks },
      ...{ 'statistics-selections': statisticsSelections, 'vitals-reading': vitalsReading },
      ...{ 'stat-codes': statCodes, 'stat-pages': statPages, 'stat-envelopes': statEnvelopes },
      ...{ 'statistics-acts': statisticsActs, 'statistics-queries': statisticsQueries },
      'statistics-withdrawals': statisticsWithdrawals,
      'statistics-quarantines': statisticsQuarantines,
    };
  },
  people: {
    researcher: 'researcher',
    ...Object.fromEntries(servers.map((name) => [name, 'data-server' as const])),
  },
  acts: [
    statDatasetModel,
    statPermitModel,
    statApproveModel,
    statBatchModel,
    statQueryModel,
    statSealModel,
    serverQuarantineModel,
    serverRebuiltModel,
    incidentModel,
    statWithdrawModel,
  ],
  assertSame(rows: ReadonlyMap<string, string>, view: LedgerView) {
    for (const [key, text] of rows) {
      const [name, id = ''] = key.split('/');
      const table = tables.find((it) => it.name === name);
      if (table === undefined) continue;
      const said = plain(view.get(table, id));
      if (said !== text) throw new Error(`${key}: ${said} is not ${text}`);
    }
  },
};
