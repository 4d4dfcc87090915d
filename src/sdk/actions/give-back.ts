import { sha256 } from '../../crypto/hash.ts';
import { bytesToHex } from '../../primitives/bytes.ts';
import { isCoded } from '../../primitives/errors.ts';
import type { RecordId } from '../../primitives/ids.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import { stopIfAborted } from '../client/http.ts';
import { contentOf } from '../records/carried.ts';
import { decodeSkeleton, skeletonMediaType } from '../records/skeleton.ts';
import { exportImport, type OpenedRecord, openOwn, ownChart, recordNow } from './own-records.ts';

/** One file of a chart that is given back whole. */
export type GivenBack =
  | {
      readonly kind: 'import';
      readonly importId: RecordId;
      readonly fileName: string;
      readonly bytes: Uint8Array;
      /** Hex. */
      readonly sha256: string;
    }
  | { readonly kind: 'record'; readonly record: OpenedRecord; readonly sha256: string };

/**
 * Everything that is live in a chart: every imported file as it was, byte for byte, then every record that no such
 * file gave back: what others wrote, and what is left of a file of which parts were erased. `keep` gets one after
 * the other, so that a large chart needs no more memory than its largest file. Throws as `openRecord`, and what
 * `keep` throws.
 */
export async function exportAll(
  ctx: Context,
  keep: (file: GivenBack) => Promise<void>,
  { signal, onProgress }: WorkOptions = {},
): Promise<void> {
  const chart = await ownChart(ctx, signal);
  const live = [...chart.rows.live()];
  const given = new Set<RecordId>();
  const { account } = ctx.account;
  const told = () => onProgress?.({ phase: 'opening', done: given.size, total: live.length });
  for (const held of ctx.vault.content.imports) {
    if (held.account !== account || chart.rows.liveOf(held.skeleton) === undefined) continue;
    const file = await wholeImport(ctx, held.skeleton, signal);
    given.add(held.skeleton);
    if (file === undefined) continue;
    const skeleton = contentOf(await openOwn(ctx, chart, held.skeleton, signal));
    for (const { recordId } of decodeSkeleton(skeleton.bytes).ranges) {
      const now = recordNow(ctx, chart, recordId);
      if (now !== undefined) given.add(now);
    }
    await keep({ kind: 'import', importId: held.skeleton, ...file });
    told();
  }
  for (const { recordId } of live) {
    stopIfAborted(signal);
    if (given.has(recordId)) continue;
    const record = await openOwn(ctx, chart, recordId, signal);
    given.add(recordId);
    told();
    const { head, bytes } = contentOf(record);
    if (head.mediaType === skeletonMediaType) {
      // Of an import that this wallet does not know of: an older copy of it may be in use.
      const file = await wholeImport(ctx, recordId, signal);
      if (file !== undefined) await keep({ kind: 'import', importId: recordId, ...file });
    } else await keep({ kind: 'record', record, sha256: bytesToHex(sha256(bytes)) });
  }
}

/** Undefined: a part was erased, so the file cannot be as it was. */
async function wholeImport(ctx: Context, importId: RecordId, signal: AbortSignal | undefined) {
  try {
    return await exportImport(ctx, importId, { signal });
  } catch (error) {
    if (!isCoded(error, 'EXPORT_INCOMPLETE')) throw error;
    return undefined;
  }
}
