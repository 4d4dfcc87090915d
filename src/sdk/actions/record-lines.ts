import type { RecordClass } from '../../api/classes.ts';
import { isCoded } from '../../primitives/errors.ts';
import type { AccountId, ConsentId, RecordId } from '../../primitives/ids.ts';
import type { LiveItem } from '../client/check-rows.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import { stopIfAborted } from '../client/http.ts';
import { openLineOf } from '../client/open-items.ts';
import { heldGrant } from '../grants/received.ts';
import type { SealedHeadline } from '../records/headline/headline-format.ts';
import type { ReadingKey } from '../records/item-wrap.ts';
import { amendedByOthers } from './amended-by-others.ts';
import { filedAnew } from './filed-anew.ts';
import { keysOf, openersOf } from './keys-of-rows.ts';
import { keyOf, ownChart } from './own-records.ts';
import { type Access, type LookOptions, requestRows, type SharedListing } from './shared-pages.ts';

/** A record as its row tells it, without its body. */
export interface RecordLine {
  readonly recordId: RecordId;
  readonly state: 'live' | 'erased';
  readonly recordClass: RecordClass | undefined;
  /** The word of whoever anchored it, until the record is opened; undefined: erased, or it does not open. */
  readonly headline: SealedHeadline | undefined;
  readonly height: number;
  /** Block time of its anchor. */
  readonly timeMs: number;
  /** Under which grant it was written; undefined: the owner brought it. */
  readonly consent: ConsentId | undefined;
  /** How many versions are known, this one counted: by the owner's wallet, and by what others wrote (I-73). */
  readonly versions: number;
  /** A newer version of it is in the chart. */
  readonly isOlder: boolean;
  /** Its source took it back in a later file. */
  readonly isWithdrawn: boolean;
}

const atOnce = 64;

/**
 * The owner's records in one line each, imports' bookkeeping left out. Nobody is told, and no body is fetched but once of
 * each that somebody else wrote, or that was carried here.
 */
export async function ownLines(
  ctx: Context,
  { signal, onProgress }: WorkOptions = {},
): Promise<readonly RecordLine[]> {
  const chart = await ownChart(ctx, signal);
  const { rows } = chart;
  const bookkeeping = new Set(ctx.vault.content.imports.map((it) => it.skeleton));
  const { imported } = ctx;
  const live = [...rows.live()].filter(
    ({ recordId }) => !bookkeeping.has(recordId) && imported.doubleOf(recordId) === undefined,
  );
  const opened = await openLines(live, (row) => keyOf(chart, row), { signal, onProgress });
  const there = new Set(live.map((it) => it.recordId));
  const amended = await amendedByOthers(ctx, chart, live, signal);
  const newerOf = new Map([...amended, ...filedAnew(ctx, live)]);
  const olderOf = new Map([...newerOf].map(([older, newer]) => [newer, older]));
  // Versions of one record share their line: of thousands it is looked through once.
  const shown = new Map<readonly RecordId[], readonly RecordId[]>();
  const lines = opened.map((line) => {
    const all = imported.lineOf(line.recordId);
    const known = shown.get(all) ?? all.filter((it) => there.has(it));
    shown.set(all, known);
    const before = olderThan(olderOf, line.recordId);
    return {
      ...line,
      versions: Math.max(1, known.length, before + 1),
      isOlder: (known.length > 1 && known[0] !== line.recordId) || newerOf.has(line.recordId),
      isWithdrawn: imported.isWithdrawn(line.recordId),
    };
  });
  return [...lines, ...[...rows.erased()].map(erasedLine)];
}

/** How many versions an amended record has before this one; what names itself in a circle ends. */
function olderThan(olderOf: ReadonlyMap<RecordId, RecordId>, recordId: RecordId): number {
  const seen = new Set<RecordId>([recordId]);
  for (let at = olderOf.get(recordId); at !== undefined && !seen.has(at); at = olderOf.get(at)) {
    seen.add(at);
  }
  return seen.size - 1;
}

/** What a grant shows, in one line each: one look at the rows alone. */
export interface SharedLines {
  readonly patient: AccountId;
  readonly lines: readonly RecordLine[];
  /** One for each request: a large chart takes several. */
  readonly accesses: readonly Access[];
}

/** Throws as `readShared`. */
export async function sharedLines(
  ctx: Context,
  consent: ConsentId,
  options: LookOptions = {},
): Promise<SharedLines> {
  const held = heldGrant(ctx, consent);
  const known = keysOf(ctx, held, options.signal);
  const listing = await requestRows(ctx, held, options);
  const rows = listing.rows.map(({ row }) => row);
  const keyOf = await openersOf(ctx, held, { rows, known }, options.signal);
  const lines = await linesOf(listing, keyOf, options);
  return { patient: held.patient, lines, accesses: listing.accesses };
}

/** The lines of what a look listed, what was erased last. */
export async function linesOf(
  { rows, erased }: Pick<SharedListing, 'rows' | 'erased'>,
  keyOf: (row: LiveItem) => ReadingKey,
  options: WorkOptions,
): Promise<readonly RecordLine[]> {
  const live = rows.map(({ row }) => row);
  return [...(await openLines(live, keyOf, options)), ...erased.map(erasedLine)];
}

async function openLines(
  rows: readonly LiveItem[],
  keyOf: (row: LiveItem) => ReadingKey,
  { signal, onProgress }: WorkOptions,
): Promise<readonly RecordLine[]> {
  const lines: RecordLine[] = [];
  for (let at = 0; at < rows.length; at += atOnce) {
    stopIfAborted(signal);
    const some = rows.slice(at, at + atOnce);
    lines.push(...(await Promise.all(some.map((row) => lineOf(row, keyOf)))));
    onProgress?.({ phase: 'opening', done: lines.length, total: rows.length });
  }
  return lines;
}

/** By row: one that was proven is asked for and opened once while this device runs, however often a list is shown. */
const openedLines = new WeakMap<LiveItem, SealedHeadline>();

const alone = { versions: 1, isOlder: false, isWithdrawn: false } as const;

/** One line that cannot be read hides no other. */
async function lineOf(row: LiveItem, keyOf: (row: LiveItem) => ReadingKey): Promise<RecordLine> {
  const { recordId, recordClass, height, timeMs, consent } = row;
  const about = {
    recordId,
    recordClass,
    height,
    timeMs,
    consent,
    state: 'live',
    ...alone,
  } as const;
  const held = openedLines.get(row);
  if (held !== undefined) return { ...about, headline: held };
  try {
    const headline = await openLineOf(row, keyOf(row));
    openedLines.set(row, headline);
    return { ...about, headline };
  } catch (error) {
    if (!unreadable.some((code) => isCoded(error, code))) throw error;
    return { ...about, headline: undefined };
  }
}

const unreadable = ['CANNOT_OPEN', 'HEADLINE_WRONG', 'KEY_NOT_HERE', 'RECORD_DOUBLE'] as const;

function erasedLine(it: {
  readonly recordId: RecordId;
  readonly height: number;
  readonly timeMs: number;
}): RecordLine {
  const { recordId, height, timeMs } = it;
  const nothing = { recordClass: undefined, headline: undefined, consent: undefined };
  return { recordId, height, timeMs, state: 'erased', ...nothing, ...alone };
}
