import { concatBytes } from '../../primitives/bytes.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import { contentOf } from '../records/carried.ts';
import { itemsOfImport } from '../records/import-plan.ts';
import { decodeSkeleton, partsOfFile, type Skeleton } from '../records/skeleton.ts';
import type { HeldImport } from '../wallet/content.ts';
import { encodeIndex, isIndex } from '../wallet/import-index.ts';
import { type OwnChart, openOwn, ownChart, recordNow } from './own-records.ts';

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
  for (const held of lacking) {
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
  const { bytes } = contentOf(await openOwn(ctx, chart, held.skeleton, signal));
  const skeleton = withIdsNow(ctx, chart, decodeSkeleton(bytes));
  const file = await readFile(ctx, chart, skeleton, signal);
  return encodeIndex(itemsOfImport(skeleton, file, held.importedMs));
}

/** A list of parts names records as they were then: some were moved here since, or filed anew (I-83). */
function withIdsNow(ctx: Context, chart: OwnChart, skeleton: Skeleton): Skeleton {
  const ranges = skeleton.ranges.map((it) => ({
    ...it,
    recordId: recordNow(ctx, chart, it.recordId) ?? it.recordId,
  }));
  return { ...skeleton, ranges };
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
      pieces.push(contentOf(await openOwn(ctx, chart, part.recordId, signal)).bytes);
    } else {
      const blank = new Uint8Array(part.length).fill(0x20);
      blank.set([0x7b, 0x7d].slice(0, part.length));
      pieces.push(blank);
    }
  }
  return concatBytes(...pieces);
}
