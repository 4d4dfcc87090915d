import type { RecordId } from '../../primitives/ids.ts';
import { accountId, list, type Of, recordId, struct } from '../../primitives/shape.ts';
import type { LiveItem } from '../client/check-rows.ts';
import type { Context } from '../client/context.ts';
import { versionedOf } from '../records/carried.ts';
import { type Note, noteBeside, noted } from './kept-beside.ts';
import { type OwnChart, openThose } from './own-records.ts';

/** What its author said of a record that somebody else wrote into this chart: of which one it is a version. */
const said = struct({
  recordId,
  author: accountId,
  /** Of none: itself. */
  previous: recordId,
});
type Said = Of<typeof said>;

const seen: Note<readonly Said[]> = {
  name: 'amends',
  shape: list(said, { most: 4_096 }),
  nothing: [],
};

/** So many bodies one listing opens to find it out; the next one goes on. */
const mostAtOnce = 500;

/**
 * Records of others in this chart of which a newer version by the same author is there: a corrected diagnosis does not
 * stand beside what corrects it. Which record is a version of which stands inside its body, so each that somebody else
 * wrote, and each that was carried here whole, is opened once on this device; where a hospital does not give it, it is asked for again the next time.
 * Source: docs/protocol/items.md, rules I-71 and I-73.
 */
export async function amendedByOthers(
  ctx: Context,
  chart: OwnChart,
  live: readonly LiveItem[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<RecordId, RecordId>> {
  const { imported } = ctx;
  // What its owner brought is known by its import; what she carried here from elsewhere is not.
  const isKnown = (it: LiveItem): boolean =>
    it.consent === undefined && imported.lineOf(it.recordId).length > 0;
  const written = live.filter((it) => !isKnown(it) && it.recordClass !== 'iot');
  if (written.length === 0) return new Map();
  const there = new Set(written.map((it) => it.recordId));
  const known = (await noted(ctx, seen)).filter((it) => there.has(it.recordId));
  const knows = new Set(known.map((it) => it.recordId));
  const unknown = written.map((it) => it.recordId).filter((it) => !knows.has(it));
  const found = [...known, ...(await open(ctx, chart, unknown.slice(0, mostAtOnce), signal))];
  if (found.length > known.length) await noteBeside(ctx, seen, found.slice(-4_096));
  const authorOf = new Map(found.map((it) => [it.recordId, it.author]));
  return new Map(
    found
      .filter((it) => it.previous !== it.recordId && authorOf.get(it.previous) === it.author)
      .map((it) => [it.previous, it.recordId]),
  );
}

async function open(
  ctx: Context,
  chart: OwnChart,
  records: readonly RecordId[],
  signal: AbortSignal | undefined,
): Promise<readonly Said[]> {
  const found: Said[] = [];
  if (records.length === 0) return found;
  try {
    for await (const it of openThose(ctx, chart, records, signal)) {
      if ('code' in it) continue;
      const { recordId: id, previous = id, author } = versionedOf(it, it.height);
      found.push({ recordId: id, author, previous });
    }
  } catch (error) {
    // A list is told all the same: what did not come is asked for again.
    if (signal?.aborted === true) throw error;
  }
  return found;
}
