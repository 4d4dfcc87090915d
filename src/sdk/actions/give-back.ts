import { sha256 } from '../../crypto/hash.ts';
import { bytesToHex } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { RecordId } from '../../primitives/ids.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import { stopIfAborted } from '../client/http.ts';
import type { MissingBody } from '../client/open-chart.ts';
import { contentOf } from '../records/carried.ts';
import {
  decodeSkeleton,
  rebuildFile,
  skeletonClass,
  skeletonMediaType,
} from '../records/skeleton.ts';
import {
  liveInOrder,
  type OpenedRecord,
  type OwnChart,
  openOwn,
  openThose,
  ownChart,
  recordNow,
  unlessGone,
} from './own-records.ts';

/** A file as it was imported. */
export interface ExportedFile {
  readonly fileName: string;
  readonly bytes: Uint8Array;
  /** Hex; equal to that of the file that was imported. */
  readonly sha256: string;
}

/** One file of a chart that is given back whole. */
export type GivenBack =
  | (ExportedFile & {
      readonly kind: 'import';
      readonly importId: RecordId;
      /** The records that are in it, its own list of parts first. */
      readonly records: readonly OpenedRecord[];
    })
  | { readonly kind: 'record'; readonly record: OpenedRecord; readonly sha256: string }
  /** Its body is lost, or whoever wrote it made it so that it does not open. */
  | ({ readonly kind: 'missing' } & MissingBody);

type GivenImport = Extract<GivenBack, { readonly kind: 'import' }>;

/** Gives an imported file back byte for byte. Throws IMPORT_UNKNOWN, EXPORT_INCOMPLETE. */
export async function exportImport(
  ctx: Context,
  importId: RecordId,
  options: WorkOptions = {},
): Promise<ExportedFile> {
  const chart = await ownChart(ctx, options.signal);
  if (chart.rows.liveOf(importId) === undefined)
    throw new CodedError('IMPORT_UNKNOWN', { importId });
  const opened = await openOwn(ctx, chart, importId, options.signal);
  const { fileName, bytes, sha256 } = await rebuilt(ctx, chart, opened, options);
  return { fileName, bytes, sha256 };
}

/**
 * Everything that is live in a chart: every imported file as it was, byte for byte, then every record that no such
 * file gave back: what others wrote, and what is left of a file of which parts were erased or are lost. `keep` gets one
 * after the other, so that a large chart needs no more memory than its largest file; what does not open is told in its
 * place. Throws KEY_NOT_HERE, what asking the hospital throws, and what `keep` throws.
 */
export async function exportAll(
  ctx: Context,
  keep: (given: GivenBack) => Promise<void>,
  { signal, onProgress }: WorkOptions = {},
): Promise<void> {
  const chart = await ownChart(ctx, signal);
  const rows = liveInOrder(chart.rows);
  const given = new Set<RecordId>();
  const told = () => onProgress?.({ phase: 'opening', done: given.size, total: rows.length });
  // By class and not by what the wallet knows of imports: an older copy of it may be in use.
  for (const { recordId } of rows.filter((it) => it.recordClass === skeletonClass)) {
    stopIfAborted(signal);
    const opened = await unlessGone(openOwn(ctx, chart, recordId, signal));
    if (opened === undefined || contentOf(opened).head.mediaType !== skeletonMediaType) continue;
    given.add(recordId);
    const file = await unlessTorn(rebuilt(ctx, chart, opened, { signal }));
    if (file === undefined) continue;
    for (const it of file.records) given.add(it.head.recordId);
    await keep(file);
    told();
  }
  const rest = rows.map((it) => it.recordId).filter((it) => !given.has(it));
  for await (const it of openThose(ctx, chart, rest, signal)) {
    given.add('code' in it ? it.recordId : it.head.recordId);
    if ('code' in it) await keep({ kind: 'missing', ...it });
    else
      await keep({ kind: 'record', record: it, sha256: bytesToHex(sha256(contentOf(it).bytes)) });
    told();
  }
}

/** A part was erased or is lost, so the file cannot be as it was: undefined. */
async function unlessTorn(rebuilding: Promise<GivenImport>): Promise<GivenImport | undefined> {
  try {
    return await rebuilding;
  } catch (error) {
    if (!isCoded(error, 'EXPORT_INCOMPLETE')) throw error;
    return undefined;
  }
}

/** Throws IMPORT_UNKNOWN (it is no list of parts), EXPORT_INCOMPLETE. */
async function rebuilt(
  ctx: Context,
  chart: OwnChart,
  opened: OpenedRecord,
  { signal, onProgress }: WorkOptions,
): Promise<GivenImport> {
  const { recordId: importId } = opened.head;
  let skeleton: ReturnType<typeof decodeSkeleton>;
  try {
    skeleton = decodeSkeleton(contentOf(opened).bytes);
  } catch (cause) {
    throw new CodedError('IMPORT_UNKNOWN', { importId }, cause);
  }
  const { fileName, fileHash, ranges } = skeleton;
  const now = new Map<RecordId, RecordId>();
  for (const { recordId } of ranges) {
    const found = now.has(recordId) ? undefined : recordNow(ctx, chart, recordId);
    if (found !== undefined) now.set(recordId, found);
  }
  const parts = new Map<RecordId, OpenedRecord>();
  for await (const part of openThose(ctx, chart, [...new Set(now.values())], signal)) {
    if ('code' in part) continue;
    parts.set(part.head.recordId, part);
    onProgress?.({ phase: 'opening', done: parts.size, total: ranges.length });
  }
  const bytes = await rebuildFile(skeleton, (recordId) => {
    const part = parts.get(now.get(recordId) ?? recordId);
    return part && contentOf(part).bytes;
  });
  const file = { fileName, bytes, sha256: bytesToHex(fileHash) };
  return { kind: 'import', importId, ...file, records: [opened, ...parts.values()] };
}
