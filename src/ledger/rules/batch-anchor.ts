import type { BatchAnchor } from '../acts.ts';
import { anchorRowId } from '../state.ts';
import {
  type ActContext,
  accept,
  holdsRight,
  type LedgerView,
  type Outcome,
  refuse,
} from './outcome.ts';

/** How far the clock of a gateway may run ahead of block time. */
export const clockToleranceMs = 60_000;

/**
 * An organisation anchors what it gathered: refusals, tombstones of erased records, deferred reads.
 *
 * Refuses: SENDER_WRONG, BATCH_TIMES (empty, turned round, or of the future), ANCHOR_TAKEN.
 * Writes: `batches[sender, root]`.
 * Source: docs/protocol/acts.md, rule A-8.
 */
export function batchAnchor(view: LedgerView, act: BatchAnchor, context: ActContext): Outcome {
  const { batch, root, count, firstMs, lastMs } = act;
  const { height, timeMs } = context.block;
  if (!holdsRight(view, context.sender, 'batch')) return refuse('SENDER_WRONG');
  const isFuture = lastMs > timeMs + clockToleranceMs;
  if (count === 0 || lastMs < firstMs || isFuture) return refuse('BATCH_TIMES');
  const id = anchorRowId(context.sender, root);
  if (view.get('batches', id) !== undefined) return refuse('ANCHOR_TAKEN');
  return accept([{ table: 'batches', id, row: { batch, count, firstMs, lastMs, height } }]);
}
