import type { RecordClass } from '../../api/classes.ts';
import { runningSha256 } from '../../crypto/hash.ts';
import type { ScheduledEpoch } from '../../ledger/shapes.ts';
import { bytesToHex, concatBytes, hexToBytes } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { RecordId, TxId } from '../../primitives/ids.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import { deliverRows } from '../client/deliver.ts';
import { stopIfAborted } from '../client/http.ts';
import { sendActs } from '../client/send-tx.ts';
import { type BlobToSend, uploadBlobs } from '../client/upload.ts';
import { ownerKeys } from '../keys/key-ring.ts';
import { cutOpaque, type FileKind, judgeFile } from '../records/fhir-file.ts';
import {
  type ImportPlan,
  type PlannedItem,
  planImport,
  planStreamedImport,
} from '../records/import-plan.ts';
import { maxWholeBytes, newRecordId, sealItem, sealItemStream } from '../records/item-seal.ts';
import { type ItemRow, type SealedBody, type Wrapping, wrapItem } from '../records/item-wrap.ts';
import { headBytes } from '../records/media-type.ts';
import { skeletonMediaType } from '../records/skeleton.ts';
import type { HeldImport, WalletContent } from '../wallet/content.ts';
import { encodeIndex } from '../wallet/import-index.ts';
import { completeIndexes } from './rebuild-index.ts';
import { memorySpool, type Spool } from './spool.ts';

/** A file as the SDK reads it: at most twice, from its beginning. */
export interface FileInput {
  /** Without folders. */
  readonly name: string;
  readonly byteLength: number;
  readonly read: () => AsyncIterable<Uint8Array>;
}

export interface AddFileOptions extends WorkOptions {
  /** The class that the owner chose for everything in the file. */
  readonly recordClass?: RecordClass | undefined;
  /** Marks every item as typed by the patient themselves. */
  readonly enteredByPatient?: boolean;
  /** Where the sealed body of a large file lies until its id is known. */
  readonly spool?: Spool | undefined;
}

export interface AddedItem {
  readonly recordId: RecordId;
  readonly recordClass: RecordClass;
  readonly mediaType: string;
  readonly name: string;
  readonly previous: RecordId | undefined;
  readonly byteLength: number;
}

export interface AddedFile {
  /** The record id of the import's skeleton item. */
  readonly importId: RecordId;
  readonly fileName: string;
  /** Hex. */
  readonly sha256: string;
  /** Undefined: the file had been imported before, and nothing was added. */
  readonly kind: FileKind | undefined;
  readonly items: readonly AddedItem[];
  readonly unchanged: readonly RecordId[];
  readonly epoch?: number;
  readonly txId?: TxId;
  readonly height?: number;
  readonly receipt?: Uint8Array;
}

/** Items that are sealed at once; their bodies leave before the next ones are sealed. */
const sealBatchBytes = 4 * 1024 * 1024;
const sealBatchItems = 64;

/**
 * Imports a file into the owner's chart: cut, sealed on this device, stored, delivered, anchored by one
 * transaction. Bodies go first and headers and anchor last, so that nothing is anchored that is not there.
 *
 * Throws what `cutFile` throws, KEY_NOT_HERE, EPOCH_NONE, and what the gateway refuses.
 * Source: docs/protocol/items.md; docs/protocol/keys.md, rule K-13.
 */
export async function addFile(
  ctx: Context,
  file: FileInput,
  options: AddFileOptions = {},
): Promise<AddedFile> {
  await completeIndexes(ctx, options);
  const source = await openSource(file);
  const plan = await planOf(ctx, source, options);
  if (plan.kind === 'known') {
    const sha256 = bytesToHex(importOf(ctx.vault.content, plan.importId)?.sha256 ?? source.hash);
    const { importId } = plan;
    return { importId, fileName: file.name, sha256, kind: undefined, items: [], unchanged: [] };
  }
  const sealing = { ...options, sealed: new Map<RecordId, SealedBody>() };
  return underRunningEpoch(ctx, (clockMs) => sealAndAnchor(ctx, source, plan, sealing, clockMs));
}

const tries = 4;

/**
 * Seals and anchors again under the new keys when a boundary of the schedule passed meanwhile. After the
 * first refusal the ledger's clock alone counts: this device's may be wrong.
 */
export async function underRunningEpoch<T>(
  ctx: Context,
  work: (clockMs: () => number) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(() => (attempt === 1 ? ctx.nowMs() : ctx.ledger.tip.timeMs));
    } catch (error) {
      if (!isCoded(error, 'EPOCH_STALE') || attempt >= tries) throw error;
    }
  }
}

interface Source {
  readonly file: FileInput;
  /** The whole file, when it is small or has to be cut. */
  readonly bytes: Uint8Array | undefined;
  readonly mediaType: string;
  readonly hash: Uint8Array;
}

async function openSource(file: FileInput): Promise<Source> {
  const running = runningSha256();
  const pieces: Uint8Array[] = [];
  let head: Uint8Array = new Uint8Array(0);
  let judged: ReturnType<typeof judgeFile> | undefined;
  let length = 0;
  for await (const piece of file.read()) {
    running.update(piece);
    length += piece.length;
    if (head.length < headBytes) head = concatBytes(head, piece.subarray(0, headBytes));
    if (judged === undefined && head.length >= Math.min(headBytes, file.byteLength)) {
      judged = judgeFile(file.name, head, file.byteLength);
    }
    if (judged === undefined || isHeld(judged.format, file.byteLength)) pieces.push(piece);
  }
  judged ??= judgeFile(file.name, head, length);
  if (length !== file.byteLength) throw new CodedError('FILE_UNREADABLE', { byteLength: length });
  const held = isHeld(judged.format, file.byteLength);
  const bytes = held ? concatBytes(...pieces) : undefined;
  return { file, bytes, mediaType: judged.mediaType, hash: running.digest() };
}

const isHeld = (format: string, byteLength: number): boolean =>
  format !== 'opaque' || byteLength <= maxWholeBytes;

async function planOf(ctx: Context, source: Source, options: AddFileOptions): Promise<ImportPlan> {
  const { content } = ctx.vault;
  const { account, role } = ctx.account;
  const own = content.imports.filter((it) => it.account === account);
  const input = {
    fileName: source.file.name,
    known: ctx.imported.update(own, content.erased),
    byDevice: role === 'device',
    chosenClass: options.recordClass,
    enteredByPatient: options.enteredByPatient === true,
    newRecordId,
  };
  if (source.bytes !== undefined) return planImport(input, source.bytes);
  const cut = cutOpaque(source.mediaType, source.file.byteLength);
  return planStreamedImport(input, cut, source.hash);
}

type NewPlan = Extract<ImportPlan, { kind: 'new' }>;

async function sealAndAnchor(
  ctx: Context,
  source: Source,
  plan: NewPlan,
  options: Retried,
  clockMs: () => number,
): Promise<AddedFile> {
  const { signal, onProgress } = options;
  const keys = await ownerKeys(ctx, signal);
  const epoch = epochNow(keys.account.schedule, clockMs());
  const wrappingFor = (recordClass: RecordClass): Wrapping => ({
    kind: 'segment',
    epoch,
    sek: keys.sek(recordClass, epoch),
  });
  const rows = await sealAndUpload(ctx, source, plan, { ...options, wrappingFor });
  onProgress?.({ phase: 'anchoring', done: 0, total: 1 });
  const { account } = ctx.account;
  const acts = await deliverRows(ctx.gateway, { account, epoch, rows, signal });
  const held = heldImportOf(ctx, source, plan);
  const confirmed = await sendActs(ctx, {
    kind: 'import',
    acts,
    imports: [held.skeleton],
    writeDown: (content) => ({
      ...content,
      imports: [...content.imports.filter((it) => it.skeleton !== held.skeleton), held],
    }),
    signal,
  });
  onProgress?.({ phase: 'anchoring', done: 1, total: 1 });
  return {
    importId: plan.importId,
    fileName: source.file.name,
    sha256: plan.fileHash,
    kind: plan.cut.kind,
    items: plan.items.map(addedItem),
    unchanged: plan.unchanged.map((it) => it.recordId),
    epoch,
    txId: confirmed.txId,
    height: confirmed.height,
    receipt: confirmed.receipt,
  };
}

/** The epoch in force by our clock. Throws EPOCH_NONE. */
export function epochNow(schedule: readonly ScheduledEpoch[], nowMs: number): number {
  const running = schedule.findLast((it) => it.validFromMs <= nowMs) ?? schedule[0];
  if (running === undefined) throw new CodedError('EPOCH_NONE');
  return running.epoch;
}

const addedItem = (item: PlannedItem): AddedItem => ({
  recordId: item.recordId,
  recordClass: item.recordClass,
  mediaType: item.mediaType,
  name: item.name,
  previous: item.previous,
  byteLength: item.part.length,
});

interface Retried extends AddFileOptions {
  /** Large bodies that are stored: under another epoch they are only wrapped anew (K-13). */
  readonly sealed: Map<RecordId, SealedBody>;
}

interface Sealing extends Retried {
  readonly wrappingFor: (recordClass: RecordClass) => Wrapping;
}

/** Seals a few MiB, uploads them, forgets the bodies, and goes on. */
async function sealAndUpload(
  ctx: Context,
  source: Source,
  plan: NewPlan,
  options: Sealing,
): Promise<ItemRow[]> {
  const { signal, onProgress, wrappingFor } = options;
  const { account } = ctx.account;
  const { sign } = await ctx.keys();
  const writtenMs = ctx.now();
  const rows: ItemRow[] = [];
  const total = plan.items.length + 1;
  const { bytes } = source;
  const about = { account, author: account, writtenMs };
  if (bytes === undefined) {
    for (const item of plan.items) rows.push(await sealLarge(ctx, source, item, options));
  }
  const skeletonItem = {
    ...about,
    recordId: plan.importId,
    recordClass: 'other',
    mediaType: skeletonMediaType,
    name: source.file.name,
    previous: undefined,
    bytes: plan.skeleton,
  } as const;
  const whole =
    bytes === undefined
      ? []
      : plan.items.map((item) => ({
          ...item,
          ...about,
          bytes: bytes.subarray(item.part.offset, item.part.offset + item.part.length),
        }));
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
  { spool = memorySpool(), signal, onProgress }: Sealing,
): Promise<SealedBody> {
  const { account } = ctx.account;
  const { sign } = await ctx.keys(signal);
  const { byteLength } = source.file;
  const about = { ...item, account, author: account, writtenMs: ctx.now() };
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

function heldImportOf(ctx: Context, source: Source, plan: NewPlan): HeldImport {
  return {
    account: ctx.account.account,
    skeleton: plan.importId,
    fileName: source.file.name.slice(0, 1024),
    sha256: hexToBytes(plan.fileHash) ?? source.hash,
    bytes: source.file.byteLength,
    items: plan.items.length,
    importedMs: ctx.now(),
    anchored: false,
    index: encodeIndex([...plan.unchanged, ...plan.items]),
  };
}

function importOf(content: WalletContent, skeleton: RecordId): HeldImport | undefined {
  return content.imports.find((it) => it.skeleton === skeleton);
}
