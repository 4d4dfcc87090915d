import type { RecordId } from '../../primitives/ids.ts';
import type { LiveItem } from '../client/check-rows.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import { stopIfAborted } from '../client/http.ts';
import { versionedOf } from '../records/carried.ts';
import { lineOf } from '../records/versions.ts';
import { type OpenedRecord, openOwn, ownChart, steppedAgain, unlessGone } from './own-records.ts';

/**
 * All versions of a record, newest first, from whichever of them is asked for. What imports of this wallet know stands in
 * the order of its source: what came in a later import may be older. Everything else follows by what each names as the
 * one before, and is looked for where its author may write. What is erased or damaged is left out.
 *
 * Throws as `openRecord`. Source: docs/protocol/items.md, rules I-16 and I-71.
 */
export async function historyOfRecord(
  ctx: Context,
  recordId: RecordId,
  { signal, onProgress }: WorkOptions = {},
): Promise<readonly OpenedRecord[]> {
  const chart = await ownChart(ctx, signal);
  const known = ctx.imported;
  const opened = new Map([[recordId, await openOwn(ctx, chart, recordId, signal)]]);
  const open = async (id: RecordId): Promise<OpenedRecord | undefined> => {
    stopIfAborted(signal);
    const found = opened.get(id) ?? (await unlessGone(openOwn(ctx, chart, id, signal)));
    if (found !== undefined) opened.set(id, found);
    return found;
  };
  const seen = new Set<RecordId>();
  const follow = [recordId];
  for (let id = follow.shift(); id !== undefined; id = follow.shift()) {
    if (seen.has(id)) continue;
    seen.add(id);
    const previous = (await open(id))?.head.previous;
    follow.push(...known.lineOf(id), ...steppedAgain(ctx, chart, id));
    if (previous !== undefined) follow.push(previous);
  }
  const bases = [...opened.values()];
  const skeletons = new Set(ctx.vault.content.imports.map((it) => it.skeleton));
  const later = [...chart.rows.live()].filter(
    (row) =>
      !seen.has(row.recordId) &&
      !skeletons.has(row.recordId) &&
      known.lineOf(row.recordId).length === 0 &&
      bases.some((it) => mayFollow(it, row)),
  );
  for (const [done, row] of later.entries()) {
    await open(row.recordId);
    onProgress?.({ phase: 'opening', done: done + 1, total: later.length });
  }
  return inOrder(opened, known.lineOf(recordId), recordId);
}

/** What was written under a grant is amended under one; what its owner brought, by its owner. */
const mayFollow = (base: OpenedRecord, row: LiveItem): boolean =>
  row.height >= base.height &&
  (row.consent === undefined ||
    (base.consent !== undefined && row.recordClass === base.head.recordClass));

/** `source`: what imports know, newest first. */
function inOrder(
  opened: ReadonlyMap<RecordId, OpenedRecord>,
  source: readonly RecordId[],
  recordId: RecordId,
): readonly OpenedRecord[] {
  const all = [...opened.values()].map((it) => versionedOf(it, it.height));
  const line: OpenedRecord[] = source.flatMap((id) => opened.get(id) ?? []);
  const placed = new Set(line.map((it) => it.head.recordId));
  const linked = [...new Set([recordId, ...placed])].flatMap((id) => lineOf(all, id));
  for (const { recordId: id } of linked) {
    const it = opened.get(id);
    if (it === undefined || placed.has(id)) continue;
    placed.add(id);
    line.splice(placeOf(line, it), 0, it);
  }
  return line.map((it) => {
    const { previous } = it.head;
    const isForeign = previous !== undefined && opened.has(previous) && !placed.has(previous);
    return isForeign ? { ...it, notVersionOf: previous } : it;
  });
}

/** Behind the version that names it, before the one that it names, else by the height of its anchor. */
function placeOf(line: readonly OpenedRecord[], it: OpenedRecord): number {
  const { recordId, previous } = it.head;
  const newer = line.findLastIndex((at) => at.head.previous === recordId);
  if (newer >= 0) return newer + 1;
  const named = line.findIndex((at) => at.head.recordId === previous);
  if (named >= 0) return named;
  const older = line.findIndex((at) => at.height < it.height);
  return older >= 0 ? older : line.length;
}
