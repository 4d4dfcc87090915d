import { sha256 } from '../../crypto/hash.ts';
import { bytesToHex, concatBytes } from '../../primitives/bytes.ts';
import { isCoded } from '../../primitives/errors.ts';
import type { RecordId } from '../../primitives/ids.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import { judgeFile } from '../records/fhir-file.ts';
import {
  type ImportPlan,
  itemsOfImport,
  type KnownItem,
  planImport,
} from '../records/import-plan.ts';
import { newRecordId } from '../records/item-seal.ts';
import { headBytes } from '../records/media-type.ts';
import { decodeSkeleton, partsOfFile, type Skeleton } from '../records/skeleton.ts';
import { unpack } from '../records/unpack.ts';
import type { HeldImport } from '../wallet/content.ts';
import { encodeIndex, ImportIndex, isIndex } from '../wallet/import-index.ts';
import { type OwnChart, openOwn, ownChart } from './own-records.ts';

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
  const { bytes } = await openOwn(ctx, chart, held.skeleton, signal);
  const skeleton = decodeSkeleton(bytes);
  const file = await readFile(ctx, chart, skeleton, signal);
  const items = itemsOfImport(skeleton, file, held.importedMs);
  const beside = await besideRanges(ctx, chart, { held, skeleton, file }, signal);
  return encodeIndex([...items, ...beside.items], beside.withdrawn);
}

/** What no range names: items out of a packed file, and records that the source of the file has deleted. */
async function besideRanges(
  ctx: Context,
  chart: OwnChart,
  { held, skeleton, file }: { held: HeldImport; skeleton: Skeleton; file: Uint8Array },
  signal?: AbortSignal,
): Promise<{ readonly items: readonly KnownItem[]; readonly withdrawn: readonly KnownItem[] }> {
  const plan = await planAgain(ctx, { held, skeleton, file });
  const isPacked = skeleton.ranges.length === 0;
  if (plan?.kind !== 'new' || (!isPacked && plan.withdrawn.length === 0)) {
    return { items: [], withdrawn: [] };
  }
  // The items of an import are anchored together: their bytes say which is which.
  const txId = chart.rows.liveOf(held.skeleton)?.txId;
  const ids = new Map<string, RecordId>();
  for (const row of chart.rows.live()) {
    if (row.txId !== txId || row.recordId === held.skeleton) continue;
    const { bytes } = await openOwn(ctx, chart, row.recordId, signal);
    ids.set(bytesToHex(sha256(bytes)), row.recordId);
  }
  const made = new Set(plan.items.map((it) => it.recordId));
  const real = (it: KnownItem): readonly KnownItem[] => {
    const recordId = made.has(it.recordId) ? ids.get(it.contentHash) : it.recordId;
    return recordId === undefined ? [] : [{ ...it, recordId }];
  };
  const items = isPacked ? [...plan.unchanged, ...plan.items.flatMap(real)] : [];
  return { items, withdrawn: plan.withdrawn.flatMap(real) };
}

/** The plan of an import beside those of before, as it was made; undefined: the file cannot be read. */
async function planAgain(
  ctx: Context,
  { held, skeleton, file }: { held: HeldImport; skeleton: Skeleton; file: Uint8Array },
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

/** The file as far as it is there: what was erased is `{}` and blanks, which is JSON and no record. */
async function readFile(
  ctx: Context,
  chart: OwnChart,
  skeleton: Skeleton,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for (const part of partsOfFile(skeleton)) {
    if (part instanceof Uint8Array) pieces.push(part);
    else if (chart.rows.liveOf(part.recordId) !== undefined) {
      pieces.push((await openOwn(ctx, chart, part.recordId, signal)).bytes);
    } else {
      const blank = new Uint8Array(part.length).fill(0x20);
      blank.set([0x7b, 0x7d].slice(0, part.length));
      pieces.push(blank);
    }
  }
  return concatBytes(...pieces);
}
