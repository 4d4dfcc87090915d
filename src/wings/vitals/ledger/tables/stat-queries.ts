import { stateTable } from '../../../../ledger/table.ts';
import type { AccountId } from '../../../../primitives/ids.ts';
import { hexId, type Of, struct, uint } from '../../../../primitives/shape.ts';
import { purposeWord } from '../purposes.ts';

/**
 * Id: `queryRowId`. A question that was paid for: its row is what a data server waits for before it answers.
 * Source: vitals-ledger.md, rules VL-14 and VL-20.
 */
const query = struct({
  permit: hexId(16),
  dataset: hexId(16),
  purpose: purposeWord,
  asOfBatch: uint,
  microRho: uint,
  quarter: uint,
  height: uint,
  timeMs: uint,
});
export type StatQueryRow = Of<typeof query>;

export const statQueries = stateTable('stat-queries', query, { lasting: true });

/** Researcher ‖ query: who sees another's query on its way cannot take its place. */
export const queryRowId = (researcher: AccountId, query: string): string => researcher + query;
