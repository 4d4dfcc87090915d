import { quotient, u64Bytes } from '../../../../ledger/integers.ts';
import { stateTable } from '../../../../ledger/table.ts';
import { bytesToHex } from '../../../../primitives/bytes.ts';
import type { AccountId } from '../../../../primitives/ids.ts';
import { type Of, struct, uint } from '../../../../primitives/shape.ts';

const spent = struct({ microRho: uint });
export type Spent = Of<typeof spent>;

/** Id: `spentRowId`. What all researchers together asked of a dataset in a quarter. */
export const statSpent = stateTable('stat-spent', spent);
/** Id: `spentByRowId`. What one of them asked. */
export const statSpentBy = stateTable('stat-spent-by', spent);

/** 90 days of block time: the same for everybody, and no calendar. Source: vitals-ledger.md, rule VL-5. */
export const quarterMs = 90 * 86_400_000;
export const quarterOf = (timeMs: number): number => quotient(timeMs, quarterMs);

/** Dataset ‖ quarter u64. */
export const spentRowId = (dataset: string, quarter: number): string =>
  dataset + bytesToHex(u64Bytes(quarter));
/** Dataset ‖ quarter u64 ‖ researcher. */
export const spentByRowId = (dataset: string, quarter: number, researcher: AccountId): string =>
  spentRowId(dataset, quarter) + researcher;
