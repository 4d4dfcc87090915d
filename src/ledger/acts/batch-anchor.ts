import { bytesToHex } from '../../primitives/bytes.ts';
import { uint } from '../../primitives/shape.ts';
import { type ActWith, defineAct } from '../act.ts';
import { batchKind } from '../batch-kinds.ts';
import { type ActContext, accept, holdsRight, type Outcome, refuse } from '../outcome.ts';
import { hash } from '../shapes.ts';
import { type LedgerView, put } from '../table.ts';
import { anchorRowId } from '../tables/anchors.ts';
import { batches } from '../tables/batches.ts';

/** How far the clock of a gateway may run ahead of block time. */
export const clockToleranceMs = 60_000;

const fields = { batch: batchKind, root: hash, count: uint, firstMs: uint, lastMs: uint };
export type BatchAnchor = ActWith<'BatchAnchor', typeof fields>;

/**
 * An organisation anchors what it gathered: refusals, tombstones of erased records, deferred reads.
 *
 * Refuses: SENDER_WRONG, BATCH_TIMES (empty, turned round, or of the future), ANCHOR_TAKEN.
 * Writes: `batches[sender, root]`.
 * Source: docs/protocol/acts.md, rule A-8.
 */
export const batchAnchor = defineAct({
  kind: 'BatchAnchor',
  number: 31,
  fields,
  log: 'doc',
  senders: ['organisation'],
  rules: [{ fromVersion: 1, judge }],
  commits: ({ root, count }) => ({ kind: 'root', root, count }),
  facts: ({ batch, count, root }) => ({ batch, rows: count, root: bytesToHex(root) }),
});

function judge(view: LedgerView, act: BatchAnchor, context: ActContext): Outcome {
  const { batch, root, count, firstMs, lastMs } = act;
  const { height, timeMs } = context.block;
  // who gathers has the right from genesis.
  if (!holdsRight(view, context.sender, 'batch', context.block.height))
    return refuse('SENDER_WRONG');
  const isFuture = lastMs > timeMs + clockToleranceMs;
  // something, from an earlier time to a later one, and not of the future.
  if (count === 0 || lastMs < firstMs || isFuture) return refuse('BATCH_TIMES');
  const id = anchorRowId(context.sender, root);
  // what is anchored once keeps its place and time.
  if (view.get(batches, id) !== undefined) return refuse('ANCHOR_TAKEN');
  return accept([put(batches, id, { batch, count, firstMs, lastMs, height })]);
}
