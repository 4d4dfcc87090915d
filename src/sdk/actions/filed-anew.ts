import type { RecordId } from '../../primitives/ids.ts';
import type { LiveItem } from '../client/check-rows.ts';
import type { Context } from '../client/context.ts';
import { idsAgain } from '../records/again-id.ts';
import { againRoot } from './own-records.ts';

/** Ids are computed once while the wallet is open: there is one for each class. */
const computed = new WeakMap<Context, Map<RecordId, readonly RecordId[]>>();

/**
 * Records in this chart that their owner filed anew under another class or title, each with the one that took its place:
 * that one's id follows from the old one's, so nothing is opened to find it. Imports know the newest alone.
 * Source: docs/protocol/items.md, rules I-73 and I-83.
 */
export function filedAnew(
  ctx: Context,
  live: readonly LiveItem[],
): ReadonlyMap<RecordId, RecordId> {
  const { imported } = ctx;
  const { account } = ctx.account;
  const ids = computed.get(ctx) ?? new Map<RecordId, readonly RecordId[]>();
  computed.set(ctx, ids);
  const heights = new Map(live.map((it) => [it.recordId, it.height]));
  const newerOf = new Map<RecordId, RecordId>();
  for (const { recordId, recordClass } of live) {
    if (recordClass === 'iot' || imported.lineOf(recordId).length > 0) continue;
    const again = ids.get(recordId) ?? idsAgain(againRoot(ctx), account, recordId);
    ids.set(recordId, again);
    const [newest] = again
      .filter((id) => heights.has(id))
      .toSorted((a, b) => (heights.get(b) ?? 0) - (heights.get(a) ?? 0));
    if (newest !== undefined) newerOf.set(recordId, newest);
  }
  return newerOf;
}
