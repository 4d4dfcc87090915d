import { sha256 } from '../../crypto/hash.ts';
import { bytesToHex, concatBytes } from '../../primitives/bytes.ts';
import { isCoded } from '../../primitives/errors.ts';
import type { RecordId } from '../../primitives/ids.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import { contentOf } from '../records/carried.ts';
import { judgeFile } from '../records/fhir-file.ts';
import { type ImportPlan, planImport } from '../records/import/import-plan.ts';
import { itemsOfImport } from '../records/import/items-again.ts';
import type { KnownItem } from '../records/import/known-items.ts';
import { newRecordId } from '../records/item-seal.ts';
import { headBytes } from '../records/media-type.ts';
import { decodeSkeleton, partsOfFile, type Skeleton } from '../records/skeleton.ts';
import { unpack } from '../records/unpack.ts';
import type { HeldImport } from '../wallet/content.ts';
import { encodeIndex, ImportIndex, isIndex } from '../wallet/import-index.ts';
import {
  type OpenedRecord,
  type OwnChart,
  openOwn,
  ownChart,
  recordNow,
  unlessGone,
} from './own-records.ts';

/**
 * Makes the index of imports again on a device that got the wallet from its copy: opens their items once.
 * Without it a file that was imported before would be imported twice.
 */
export async function completeIndexes(
  ctx: Context,
  { signal, onProgress }: WorkOptions = {},
): Promise<void> {
  const { account } = ctx.account;
  const lacking = ctx.vault.content.imports.filter(
    (it) => it.account === account && it.anchored && !isIndex(it.index),
  );
  if (lacking.length === 0) return;
  const chart = await ownChart(ctx, signal);
  let done = 0;
  // The oldest first: what one found is what the next one knew.
  for (const held of lacking.toSorted((a, b) => a.importedMs - b.importedMs)) {
    const index = await indexOf(ctx, chart, held, signal);
    done += 1;
    onProgress?.({ phase: 'reading', done, total: lacking.length });
    if (index === undefined) continue;
    await ctx.vault.change((content) => ({
      ...content,
      imports: content.imports.map((it) => (it.skeleton === held.skeleton ? { ...it, index } : it)),
    }));
  }
}

async function indexOf(
  ctx: Context,
  chart: OwnChart,
  held: HeldImport,
  signal?: AbortSignal,
): Promise<Uint8Array | undefined> {
  if (chart.rows.liveOf(held.skeleton) === undefined) return undefined;
  const opened = await unlessGone(openOwn(ctx, chart, held.skeleton, signal));
  if (opened === undefined) return undefined;
  const skeleton = withIdsNow(ctx, chart, decodeSkeleton(contentOf(opened).bytes));
  const file = await readFile(ctx, chart, skeleton, signal);
  const items = itemsOfImport(skeleton, file, held.importedMs);
  const beside = await besideRanges(ctx, chart, { held, opened, skeleton, file }, signal);
  return encodeIndex([...items, ...beside.items], beside.withdrawn);
}

/** What no range names: items out of a packed file, and records that the source of the file has deleted. */
async function besideRanges(
  ctx: Context,
  chart: OwnChart,
  { opened: bookkeeping, ...about }: RereadImport & { readonly opened: OpenedRecord },
  signal?: AbortSignal,
): Promise<{ readonly items: readonly KnownItem[]; readonly withdrawn: readonly KnownItem[] }> {
  const plan = await planAgain(ctx, about);
  const isPacked = about.skeleton.ranges.length === 0;
  if (plan?.kind !== 'new' || (!isPacked && plan.withdrawn.length === 0)) {
    return { items: [], withdrawn: [] };
  }
  const ids = new Map<string, RecordId>();
  for (const row of chart.rows.live()) {
    // The items of an import are anchored together; what was moved here was, where it lay.
    const isMoved = bookkeeping.carried !== undefined;
    if (row.consent !== undefined || (!isMoved && row.txId !== bookkeeping.txId)) continue;
    if (row.recordId === bookkeeping.head.recordId) continue;
    const opened = await unlessGone(openOwn(ctx, chart, row.recordId, signal));
    if (opened === undefined || !isOfOneAnchor(opened, bookkeeping)) continue;
    // Their bytes say which is which.
    ids.set(bytesToHex(sha256(contentOf(opened).bytes)), row.recordId);
  }
  const made = new Set(plan.items.map((it) => it.recordId));
  const real = (it: KnownItem): readonly KnownItem[] => {
    const recordId = made.has(it.recordId) ? ids.get(it.contentHash) : it.recordId;
    return recordId === undefined ? [] : [{ ...it, recordId }];
  };
  const items = isPacked ? [...plan.unchanged, ...plan.items.flatMap(real)] : [];
  return { items, withdrawn: plan.withdrawn.flatMap(real) };
}

const isOfOneAnchor = ({ carried: a }: OpenedRecord, { carried: b }: OpenedRecord): boolean =>
  a?.account === b?.account && a?.anchored?.height === b?.anchored?.height;

/** An import, and its file as far as it is there. */
interface RereadImport {
  readonly held: HeldImport;
  readonly skeleton: Skeleton;
  readonly file: Uint8Array;
}

/** The plan of an import beside those of before, as it was made; undefined: the file cannot be read. */
async function planAgain(
  ctx: Context,
  { held, skeleton, file }: RereadImport,
): Promise<ImportPlan | undefined> {
  const { imports, erased } = ctx.vault.content;
  const isBefore = (it: HeldImport) =>
    it.account === held.account && it.importedMs < held.importedMs && isIndex(it.index);
  const { fileName } = skeleton;
  try {
    const judged = judgeFile(fileName, file.subarray(0, headBytes), file.length);
    const members = await unpack(fileName, file, judged);
    const known = new ImportIndex().update(imports.filter(isBefore), erased);
    const own = { byDevice: false, chosenClass: undefined, again: true, newRecordId } as const;
    const { importedMs } = held;
    return planImport({ fileName, known, ...own, persons: 'all', importedMs }, file, members);
  } catch (error) {
    if (!isCoded(error)) throw error;
    return undefined;
  }
}

/** A list of parts names records as they were then: some were moved here since, or filed anew (I-83). */
function withIdsNow(ctx: Context, chart: OwnChart, skeleton: Skeleton): Skeleton {
  const ranges = skeleton.ranges.map((it) => ({
    ...it,
    recordId: recordNow(ctx, chart, it.recordId) ?? it.recordId,
  }));
  return { ...skeleton, ranges };
}

/** The file as far as it is there: what was erased or is damaged is `{}` and blanks, which is JSON and no record. */
async function readFile(
  ctx: Context,
  chart: OwnChart,
  skeleton: Skeleton,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for (const part of partsOfFile(skeleton)) {
    if (part instanceof Uint8Array) {
      pieces.push(part);
      continue;
    }
    const opened = await unlessGone(openOwn(ctx, chart, part.recordId, signal));
    if (opened !== undefined) pieces.push(contentOf(opened).bytes);
    else {
      const blank = new Uint8Array(part.length).fill(0x20);
      blank.set([0x7b, 0x7d].slice(0, part.length));
      pieces.push(blank);
    }
  }
  return concatBytes(...pieces);
}
