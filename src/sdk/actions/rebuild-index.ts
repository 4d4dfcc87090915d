import { sha256 } from '../../crypto/hash.ts';
import { bytesToHex } from '../../primitives/bytes.ts';
import { isCoded } from '../../primitives/errors.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import { contentOf } from '../records/carried.ts';
import { cutFile } from '../records/fhir-file.ts';
import { itemKeyOf, type KnownItem } from '../records/import-plan.ts';
import { decodeSkeleton } from '../records/skeleton.ts';
import type { HeldImport } from '../wallet/content.ts';
import { encodeIndex } from '../wallet/import-index.ts';
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
    (it) => it.account === account && it.anchored && it.index.length === 0,
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
  const items: KnownItem[] = [];
  for (const { recordId: named } of decodeSkeleton(bytes).ranges) {
    const recordId = recordNow(ctx, chart, named);
    if (recordId === undefined) continue;
    const item = contentOf(await openOwn(ctx, chart, recordId, signal));
    const contentHash = bytesToHex(sha256(item.bytes));
    items.push({ recordId, contentHash, key: keyOf(item.bytes, item.head.mediaType, contentHash) });
  }
  return encodeIndex(items);
}

/** The key that the item had when it was imported: what a resource says of itself, else its hash. */
function keyOf(bytes: Uint8Array, mediaType: string, contentHash: string): string {
  const nameless = itemKeyOf({ facts: undefined }, contentHash);
  if (!mediaType.includes('json')) return nameless;
  try {
    const [part] = cutFile('item.json', bytes).parts;
    const isWhole = part?.offset === 0 && part.length === bytes.length;
    return part !== undefined && isWhole ? itemKeyOf(part, contentHash) : nameless;
  } catch (error) {
    if (!isCoded(error)) throw error;
    return nameless;
  }
}
