import type { RecordClass } from '../../api/classes.ts';
import { bytesToHex, hexToBytes } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { RecordId, TxId } from '../../primitives/ids.ts';
import type { Context } from '../client/context.ts';
import { deliverRows } from '../client/deliver.ts';
import { sendActs } from '../client/send-tx.ts';
import { renewKeys } from '../grants/grant.ts';
import { ownerKeys } from '../keys/key-ring.ts';
import type { HealthDataKind } from '../records/archive/health-data.ts';
import { cutOpaque, type FileKind } from '../records/fhir-file.ts';
import type { FileNote } from '../records/found.ts';
import { cardsInFile } from '../records/health-card/cards-in-file.ts';
import type { CheckedCard } from '../records/health-card/check-card.ts';
import {
  type ImportPlan,
  planArchive,
  planImport,
  planStreamedImport,
} from '../records/import/import-plan.ts';
import type { PlannedItem } from '../records/import/planner.ts';
import { newRecordId } from '../records/item-seal.ts';
import type { SealedBody } from '../records/item-wrap.ts';
import { isRestricted } from '../records/labels.ts';
import type { HeldImport, WalletContent } from '../wallet/content.ts';
import { encodeIndex } from '../wallet/import-index.ts';
import { type FileInput, openSource, type Source } from './file-source.ts';
import { completeIndexes } from './rebuild-index.ts';
import { requireTakenBack } from './resume.ts';
import { ownWrapping, underRunningEpoch } from './running-epoch.ts';
import { type AddFileOptions, type NewPlan, type Retried, sealAndUpload } from './seal-import.ts';

/** One part of an imported file, as it stands in the chart now. */
export interface AddedItem {
  readonly recordId: RecordId;
  readonly recordClass: RecordClass;
  readonly mediaType: string;
  readonly name: string;
  readonly previous: RecordId | undefined;
  /** An older version than one that the chart has. */
  readonly isOlder: boolean;
  /** What its source says to restrict it. */
  readonly labels: readonly string[];
  readonly byteLength: number;
}

/** What an import added. Epoch, transaction, height and receipt are there when something was added. */
export interface AddedFile {
  /** The record id of the import's skeleton item; undefined: the file holds no record, and nothing of it was kept. */
  readonly importId: RecordId | undefined;
  readonly fileName: string;
  /** Hex. */
  readonly sha256: string;
  /** Undefined: the file had been imported before, and nothing was added. */
  readonly kind: FileKind | undefined;
  readonly items: readonly AddedItem[];
  readonly unchanged: readonly RecordId[];
  /** What is to be told about the file beside its records. */
  readonly notes: readonly FileNote[];
  /** What the source says that it deleted, and those of them that are in the chart. */
  readonly deleted: number;
  readonly withdrawn: readonly RecordId[];
  /** Parts that were left out: of other people, and erased by the owner before. */
  readonly ofOthers: number;
  readonly erasedBefore: number;
  /** The health cards that the file holds, with what is known of each. */
  readonly healthCards: readonly CheckedCard[];
  /** What a phone's export counts: how many of each kind, since when, and the newest. */
  readonly healthData: readonly HealthDataKind[];
  /** Records that their source marked as restricted. */
  readonly restricted: number;
  readonly epoch?: number;
  readonly txId?: TxId;
  readonly height?: number;
  readonly receipt?: Uint8Array;
}

/**
 * Imports a file into the owner's chart: cut, sealed on this device, stored, delivered, anchored by one
 * transaction. Bodies go first and headers and anchor last, so that nothing is anchored that is not there.
 *
 * Throws what `cutFile` throws, DOUBLE_KNOWN, KEY_NOT_HERE, EPOCH_NONE, and what the gateway refuses.
 * Source: docs/protocol/items.md; docs/protocol/keys.md, rule K-13.
 */
export async function addFile(
  ctx: Context,
  file: FileInput,
  options: AddFileOptions = {},
): Promise<AddedFile> {
  await completeIndexes(ctx, options);
  const source = await openSource(file);
  const { healthData } = source;
  const { plan, healthCards } = await planOf(ctx, source, options);
  // Nobody should believe of what was there before that it is doubly encrypted now.
  const isThere = plan.kind === 'known' || (plan.kind === 'new' && plan.unchanged.length > 0);
  if (options.double !== undefined && isThere) throw new CodedError('DOUBLE_KNOWN');
  if (plan.kind === 'known') {
    const sha256 = bytesToHex(importOf(ctx.vault.content, plan.importId)?.sha256 ?? source.hash);
    const { importId } = plan;
    return { ...nothingAdded, importId, fileName: file.name, sha256, kind: undefined };
  }
  if (plan.kind === 'nothing') {
    const { fileHash, cut } = plan;
    return {
      ...nothingAdded,
      ...told(plan),
      healthCards,
      healthData,
      importId: undefined,
      fileName: file.name,
      sha256: fileHash,
      kind: cut.kind,
    };
  }
  await requireTakenBack(ctx, options);
  const halves = (await options.double?.(ctx, plan.items, options.signal)) ?? new Map();
  const sealing = { ...options, halves, sealed: new Map<RecordId, SealedBody>() };
  const work = async (clockMs: () => number): Promise<AddedFile> => {
    const added = await sealAndAnchor(ctx, source, plan, sealing, clockMs);
    return { ...added, healthCards, healthData };
  };
  try {
    return await underRunningEpoch(ctx, work);
  } catch (error) {
    // A rotation ended all epochs, and its keys did not come to stand.
    if (!isCoded(error, 'EPOCH_NONE') || ctx.account.role !== 'patient') throw error;
    await renewKeys(ctx, options);
    return underRunningEpoch(ctx, work);
  }
}

const nothingAdded = {
  ...{ items: [], unchanged: [], notes: [], withdrawn: [], healthCards: [], healthData: [] },
  ...{ deleted: 0, ofOthers: 0, erasedBefore: 0, restricted: 0 },
} as const;

const told = (plan: Exclude<ImportPlan, { kind: 'known' }>) => ({
  notes: plan.cut.notes,
  deleted: plan.deleted,
  withdrawn: plan.withdrawn.map((it) => it.recordId),
  ofOthers: plan.ofOthers,
  erasedBefore: plan.erased,
  restricted: plan.items.filter((it) => isRestricted(it.labels)).length,
});

interface Planned {
  readonly plan: ImportPlan;
  readonly healthCards: readonly CheckedCard[];
}

async function planOf(ctx: Context, source: Source, options: AddFileOptions): Promise<Planned> {
  const { role } = ctx.account;
  const { bytes, archive } = source;
  const members = archive?.members ?? source.members;
  const checking = { issuerKeys: options.issuerKeys, nowMs: ctx.now() };
  const cards = await cardsInFile(bytes, members, checking);
  const input = {
    fileName: source.file.name,
    known: ctx.imported,
    byDevice: role === 'device',
    chosenClass: options.recordClass,
    enteredByPatient: options.enteredByPatient === true,
    strict: options.strict,
    persons: options.persons,
    again: options.again,
    importedMs: ctx.now(),
    newRecordId,
    cards,
  };
  const healthCards = [...cards.values()].flatMap((it) => it.cards);
  if (bytes !== undefined) return { plan: planImport(input, bytes, members), healthCards };
  if (archive !== undefined) {
    const { mediaType, file, hash } = source;
    const packed = { ...archive, mediaType, byteLength: file.byteLength };
    return { plan: planArchive(input, packed, hash), healthCards };
  }
  const cut = cutOpaque(source.mediaType, source.file.byteLength);
  return { plan: planStreamedImport(input, cut, source.hash), healthCards };
}

async function sealAndAnchor(
  ctx: Context,
  source: Source,
  plan: NewPlan,
  options: Retried,
  clockMs: () => number,
): Promise<Omit<AddedFile, 'healthCards' | 'healthData'>> {
  const { signal, onProgress } = options;
  const keys = await ownerKeys(ctx, signal);
  const { epoch, wrappingFor } = ownWrapping(keys, clockMs());
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
    ...told(plan),
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

const addedItem = (item: PlannedItem): AddedItem => ({
  recordId: item.recordId,
  recordClass: item.recordClass,
  mediaType: item.mediaType,
  name: item.name,
  previous: item.previous,
  isOlder: item.isOlder,
  labels: item.labels,
  byteLength: item.part.length,
});

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
    index: encodeIndex([...plan.unchanged, ...plan.items], plan.withdrawn),
  };
}

function importOf(content: WalletContent, skeleton: RecordId): HeldImport | undefined {
  return content.imports.find((it) => it.skeleton === skeleton);
}
