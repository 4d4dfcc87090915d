import type { Account } from '../../../../ledger/tables/accounts.ts';
import { CodedError } from '../../../../primitives/errors.ts';
import { type QueryManifest, requireInTime } from '../../api/query-manifest.ts';
import { requireInPanel } from '../../api/question.ts';
import { isPadded, panelOf } from '../../crypto/panels.ts';
import type { Dataset } from '../../ledger/tables/stat-datasets.ts';
import type { Permit } from '../../ledger/tables/stat-permits.ts';
import type { StatQueryRow } from '../../ledger/tables/stat-queries.ts';

/**
 * What a question must satisfy by what the ledger says: pure, in the order of rule VQ-32. Source:
 * docs/protocol/vitals-statistics.md.
 */

/** Step 2. Throws ROLE_WRONG, ACCOUNT_FROZEN, ACCOUNT_UNKNOWN; whether it is signed its caller looks up first. */
export function requireResearcher(account: Account | undefined): Account {
  if (account === undefined) throw new CodedError('ACCOUNT_UNKNOWN');
  if (account.role !== 'researcher') throw new CodedError('ROLE_WRONG');
  if (account.frozen) throw new CodedError('ACCOUNT_FROZEN');
  return account;
}

/** Step 3. Throws PERMIT_UNKNOWN, APPROVAL_MISSING, PURPOSE_NOT_ALLOWED. */
export function requirePermit(manifest: QueryManifest, permit: Permit | undefined): Permit {
  const isHis = permit?.researcher === manifest.researcher && permit.dataset === manifest.dataset;
  if (permit === undefined || !isHis) throw new CodedError('PERMIT_UNKNOWN');
  if (permit.approver === '') throw new CodedError('APPROVAL_MISSING');
  if (permit.purpose !== manifest.purpose) throw new CodedError('PURPOSE_NOT_ALLOWED');
  return permit;
}

/** Step 4. Throws DATASET_UNKNOWN, QUESTION_IMPOSSIBLE. */
export function requireDataset(manifest: QueryManifest, dataset: Dataset | undefined): Dataset {
  if (dataset === undefined) throw new CodedError('DATASET_UNKNOWN');
  // Blank rows would be added up as if they had been measured.
  if (isPadded(dataset.panel)) throw new CodedError('QUESTION_IMPOSSIBLE');
  requireInPanel(manifest.question, panelOf(dataset.panel).vitals.length);
  return dataset;
}

/** Step 6: what was paid is what is asked. Throws QUERY_UNKNOWN, MANIFEST_MALFORMED, QUERY_EXPIRED. */
export function requirePaid(manifest: QueryManifest, row: StatQueryRow | undefined): void {
  if (row === undefined) throw new CodedError('QUERY_UNKNOWN');
  const isSame =
    row.permit === manifest.permit &&
    row.dataset === manifest.dataset &&
    row.purpose === manifest.purpose &&
    row.asOfBatch === manifest.asOfBatch &&
    row.microRho === manifest.microRho;
  if (!isSame) throw new CodedError('MANIFEST_MALFORMED');
  // By block time: the same at three servers, and at one that was down.
  requireInTime(manifest, row.timeMs);
}
