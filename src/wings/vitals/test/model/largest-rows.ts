import { accountIdOf } from '../../../../primitives/ids.ts';
import { statPurposes } from '../../ledger/purposes.ts';

const most = Number.MAX_SAFE_INTEGER;
const full = (length: number): Uint8Array => new Uint8Array(length).fill(255);
const account = accountIdOf(full(32));
const [id16, id32] = ['ff'.repeat(16), 'ff'.repeat(32)];
/** By table: the row at the limits of the rules that write it. */
export const largestRows = {
  'stat-trios': { servers: [account, account, account], newestBatch: most },
  'stat-datasets': {
    ...{ trio: id32, founder: account, panel: most, edges: most, windows: most, kMin: most },
    ...{ pagesPerPatient: most, researcherCap: most, datasetCap: most, height: most },
    purposes: [...statPurposes],
  },
  'stat-permits': {
    ...{ dataset: id16, researcher: account, purpose: 'public-health', microRho: most },
    ...{ notAfterMs: most, proposer: account, approver: account, spent: most },
  },
  'stat-batches': { root: full(32), pages: most, firstHour: most, lastHour: most, height: most },
  'stat-queries': {
    ...{ permit: id16, dataset: id16, purpose: 'public-health', asOfBatch: most, microRho: most },
    ...{ quarter: most, height: most, timeMs: most },
  },
  'stat-spent': { microRho: most },
  'stat-spent-by': { microRho: most },
  'stat-seals': { answer: full(32), height: most },
  'stat-withdrawn': { by: account, height: most, timeMs: most },
  'stat-incidents': { kind: 'write-attempt', height: most, timeMs: most },
  'stat-quarantines': {
    ...{ state: 'quarantined', by: [account, account], incident: id32 },
    ...{ firstBatch: most, lastBatch: most, height: most, timeMs: most },
  },
};
