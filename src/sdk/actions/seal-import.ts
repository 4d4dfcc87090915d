import type { OrdinaryClass, RecordClass } from '../../api/classes.ts';
import type { RecordId } from '../../primitives/ids.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import { stopIfAborted } from '../client/http.ts';
import { type BlobToSend, uploadBlobs } from '../client/upload.ts';
import type { GiveHalves, SecondHalf } from '../records/double.ts';
import type { IssuerKeys } from '../records/health-card/issuer-keys.ts';
import type { ImportPlan } from '../records/import/import-plan.ts';
import type { PlannedItem } from '../records/import/planner.ts';
import { sealItem, sealItemStream } from '../records/item-seal.ts';
import { type ItemRow, type SealedBody, type Wrapping, wrapItem } from '../records/item-wrap.ts';
import { skeletonClass, skeletonMediaType } from '../records/skeleton.ts';
import type { Source } from './file-source.ts';
import { memorySpool, type Spool } from './spool.ts';

/** What the owner decides about an import. */
export interface AddFileOptions extends WorkOptions {
  /** The class that the owner chose for everything in the file. */
  readonly recordClass?: OrdinaryClass | undefined;
  /** Refuses a file that holds anything but sound R4, as a whole. */
  readonly strict?: boolean | undefined;
  /**
   * Of a file about several people, or about somebody else than the chart: only hers, by name (`of`), or everybody's.
   * Undefined: such a file is refused with FILE_PERSONS.
   */
  readonly persons?: { readonly of: string } | 'all' | undefined;
  /** What was erased comes back where the file has it. */
  readonly again?: boolean | undefined;
  /** Marks every item as typed by the patient themselves. */
  readonly enteredByPatient?: boolean;
  /** By which the health cards of the file are checked; without them only by keys in the file itself. */
  readonly issuerKeys?: IssuerKeys | undefined;
  /** Where the sealed body of a large file lies until its id is known. */
  readonly spool?: Spool | undefined;
  /** Encrypts each record doubly: who gives the second halves of their keys. */
  readonly double?: GiveHalves<Context> | undefined;
}

/** A plan of a file that was not imported before. */
export type NewPlan = Extract<ImportPlan, { kind: 'new' }>;

/** Items that are sealed at once; their bodies leave before the next ones are sealed. */
const sealBatchBytes = 4 * 1024 * 1024;
const sealBatchItems = 64;

/** What lasts from one try to the next. */
export interface Retried extends AddFileOptions {
  /** Large bodies that are stored: under another epoch they are only wrapped anew (K-13). */
  readonly sealed: Map<RecordId, SealedBody>;
  readonly halves: ReadonlyMap<RecordId, SecondHalf>;
}

/** How the items of one try are sealed. */
export interface Sealing extends Retried {
  readonly wrappingFor: (recordClass: RecordClass) => Wrapping;
}

/** Seals a few MiB, uploads them, forgets the bodies, and goes on. Returns the rows, the skeleton's last. */
export async function sealAndUpload(
  ctx: Context,
  source: Source,
  plan: NewPlan,
  options: Sealing,
): Promise<ItemRow[]> {
  const { signal, onProgress, wrappingFor, halves } = options;
  const { account } = ctx.account;
  const { sign } = await ctx.keys();
  const writtenMs = ctx.now();
  const rows: ItemRow[] = [];
  const total = plan.items.length + 1;
  const { bytes } = source;
  const about = { account, author: account, writtenMs };
  const isHeld = ({ part }: PlannedItem): boolean =>
    bytes !== undefined || part.unpacked !== undefined;
  for (const item of plan.items) {
    if (!isHeld(item)) rows.push(await sealLarge(ctx, source, item, options));
  }
  const skeletonItem = {
    ...about,
    recordId: plan.importId,
    recordClass: skeletonClass,
    mediaType: skeletonMediaType,
    name: source.file.name,
    previous: undefined,
    bytes: plan.skeleton,
  } as const;
  const whole = plan.items.filter(isHeld).map((item) => {
    const { offset, length, unpacked } = item.part;
    const own = unpacked?.bytes ?? bytes?.subarray(offset, offset + length) ?? new Uint8Array(0);
    return { ...item, ...about, bytes: own, second: halves.get(item.recordId) };
  });
  const toSeal = [...whole, skeletonItem];
  for (let at = 0; at < toSeal.length; ) {
    stopIfAborted(signal);
    const end = batchEnd(toSeal, at);
    const sealed = await Promise.all(
      toSeal.slice(at, end).map((item) => sealItem(item, sign, wrappingFor(item.recordClass))),
    );
    const blobs: BlobToSend[] = sealed.map((it) => ({ id: it.blobId, bytes: it.body }));
    onProgress?.({ phase: 'sealing', done: rows.length + sealed.length, total });
    await uploadBlobs(ctx.gateway, blobs, { signal });
    for (const { header, leafContent, salt, leaf } of sealed) {
      rows.push({ header, leafContent, salt, leaf });
    }
    onProgress?.({ phase: 'uploading', done: rows.length, total });
    at = end;
  }
  return rows;
}

function batchEnd(items: readonly { readonly bytes: Uint8Array }[], from: number): number {
  let bytes = 0;
  let end = from;
  while (end < items.length && end - from < sealBatchItems && bytes < sealBatchBytes) {
    bytes += Math.max(4096, items[end]?.bytes.length ?? 0);
    end += 1;
  }
  return end;
}

async function sealLarge(
  ctx: Context,
  source: Source,
  item: PlannedItem,
  options: Sealing,
): Promise<ItemRow> {
  const { sealed, wrappingFor } = options;
  const body = sealed.get(item.recordId) ?? (await storeLarge(ctx, source, item, options));
  sealed.set(item.recordId, body);
  return wrapItem(body, wrappingFor(item.recordClass));
}

async function storeLarge(
  ctx: Context,
  source: Source,
  item: PlannedItem,
  { spool = memorySpool(), signal, onProgress, halves }: Sealing,
): Promise<SealedBody> {
  const { account } = ctx.account;
  const { sign } = await ctx.keys(signal);
  const { byteLength } = source.file;
  const second = halves.get(item.recordId);
  const about = { ...item, account, author: account, writtenMs: ctx.now(), second };
  const sealing = sealItemStream({ ...about, bytes: source.file.read(), byteLength }, sign);
  const held = await spool.open();
  try {
    let done = 0;
    for await (const piece of sealing.body) {
      stopIfAborted(signal);
      await held.write(piece);
      done += piece.length;
      onProgress?.({ phase: 'sealing', done: Math.min(done, byteLength), total: byteLength });
    }
    const body = sealing.finish();
    onProgress?.({ phase: 'uploading', done: 0, total: byteLength });
    await ctx.gateway.putBlob(body.blobId, () => held.read(), signal);
    onProgress?.({ phase: 'uploading', done: byteLength, total: byteLength });
    return body;
  } finally {
    await held.discard();
  }
}
