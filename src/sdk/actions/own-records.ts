import type { RecordClass } from '../../api/classes.ts';
import { decodeGrantBody } from '../../api/grant-body.ts';
import { sealedLength } from '../../crypto/chunked.ts';
import { bytesToHex } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { ConsentId, RecordId, TxId } from '../../primitives/ids.ts';
import { chartBodies } from '../client/chart-bodies.ts';
import type { LiveItem } from '../client/check-rows.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import { type MissingBody, type OnOpened, openChart } from '../client/open-chart.ts';
import { openLiveItem } from '../client/open-items.ts';
import type { OwnRows } from '../client/own-rows.ts';
import { Keeping } from '../kept/keeping.ts';
import { type OwnerKeys, ownerKeys } from '../keys/key-ring.ts';
import { foundAgain, idsAgain } from '../records/again-id.ts';
import { versionedOf } from '../records/carried.ts';
import type { ItemProblem, OpenedItem } from '../records/item-open.ts';
import type { ReadingKey } from '../records/item-wrap.ts';
import { linkOf } from '../records/versions.ts';
import { ownHalves, withAskedHalf } from './second-halves.ts';

/** One record as its row on the ledger shows it, unopened; an erased one has no class, transaction or epoch. */
export interface ListedRecord {
  readonly recordId: RecordId;
  readonly state: 'live' | 'erased';
  /** Its source says that it deleted it there. */
  readonly withdrawn: boolean;
  readonly recordClass: RecordClass | undefined;
  /** Padded: the true length is inside. */
  readonly paddedSize: number;
  readonly height: number;
  readonly timeMs: number;
  readonly txId: TxId | undefined;
  readonly epoch: number | undefined;
  /** Under which grant a colleague or a device wrote it. */
  readonly consent: ConsentId | undefined;
}

/** The owner's records as the ledger has them; nothing is opened and nothing is logged. */
export async function listRecords(
  ctx: Context,
  options: WorkOptions & { readonly since?: number } = {},
): Promise<readonly ListedRecord[]> {
  const { live, erased } = await ctx.rows.since(options.since ?? 0, options.signal);
  const known = ctx.imported;
  // Two devices imported one file at the same moment: one of the two is shown.
  const listed: ListedRecord[] = [
    ...live
      .filter((it) => known.doubleOf(it.recordId) === undefined)
      .map((it) => ({
        recordId: it.recordId,
        withdrawn: known.isWithdrawn(it.recordId),
        state: 'live' as const,
        recordClass: it.recordClass,
        paddedSize: it.paddedSize,
        height: it.height,
        timeMs: it.timeMs,
        txId: it.txId,
        epoch: it.epoch,
        consent: it.consent,
      })),
    ...erased.map(({ recordId, height, timeMs }) => ({
      recordId,
      withdrawn: false,
      state: 'erased' as const,
      recordClass: undefined,
      paddedSize: 0,
      height,
      timeMs,
      txId: undefined,
      epoch: undefined,
      consent: undefined,
    })),
  ];
  return listed.sort((a, b) => a.height - b.height);
}

/** Items that the ledger has and the hospital does not show. */
export interface MissingRecords {
  /** Undefined for an import of this wallet of which nothing at all is shown. */
  readonly height: number | undefined;
  /** How many places of the anchor are not shown; of a whole import the number is not known: 0. */
  readonly missing: number;
  /** An import of this wallet whose list of parts is not shown. */
  readonly importId: RecordId | undefined;
}

/**
 * What the hospital leaves out of the listing, as far as that can be known: every place of an anchor is shown
 * live or erased, and every import that this wallet made is there. What a colleague wrote in an anchor of which
 * nothing is shown is not found. Source: docs/protocol/wallet.md, rule W-14.
 */
export async function missingRecords(
  ctx: Context,
  { signal }: WorkOptions = {},
): Promise<readonly MissingRecords[]> {
  const rows = await ctx.rows.refresh(signal);
  const all = [...rows.live(), ...rows.erased()];
  const places = new Map<string, { height: number; count: number; shown: Set<number> }>();
  for (const { root, height, count, index } of all) {
    const name = bytesToHex(root);
    const anchor = places.get(name) ?? { height, count, shown: new Set<number>() };
    anchor.shown.add(index);
    places.set(name, anchor);
  }
  const missing: MissingRecords[] = [];
  for (const { height, count, shown } of places.values()) {
    if (shown.size < count) {
      missing.push({ height, missing: count - shown.size, importId: undefined });
    }
  }
  const { account } = ctx.account;
  const known = new Set(all.map((it) => it.recordId));
  for (const it of ctx.vault.content.imports) {
    if (it.account !== account || !it.anchored || known.has(it.skeleton)) continue;
    missing.push({ height: undefined, missing: 0, importId: it.skeleton });
  }
  return missing;
}

/** One record, opened and verified: what its author wrote, and where it stands on the ledger. */
export interface OpenedRecord extends OpenedItem {
  readonly height: number;
  readonly timeMs: number;
  readonly epoch: number;
  readonly txId: TxId;
  readonly consent: ConsentId | undefined;
  /** It names this record as the one before, and another author wrote that: it is no version of it (I-71). */
  readonly notVersionOf?: RecordId | undefined;
}

/** The root that ids of what is moved into a chart or filed anew in it derive from: the first, which stays. Throws WALLET_INVALID. */
export function againRoot(ctx: Context): Uint8Array {
  const [first] = ctx.account.generations;
  if (first === undefined) throw new CodedError('WALLET_INVALID');
  return ctx.rootSecret(first.rootId);
}

/** Everything that opening several of one's own records needs. */
export interface OwnChart {
  readonly rows: OwnRows;
  readonly keys: OwnerKeys;
  /** Adds what the wallet has of a doubly encrypted one. */
  readonly withHalf: (row: LiveItem, key: ReadingKey) => ReadingKey;
}

/** What is live, as the ledger has it: the oldest first. */
export function liveInOrder(rows: OwnRows): readonly LiveItem[] {
  return [...rows.live()].sort((a, b) => a.height - b.height || a.index - b.index);
}

/** The rows as they are now, and the keys that open them. Throws EPOCH_NONE, KEY_NOT_HERE. */
export async function ownChart(ctx: Context, signal?: AbortSignal): Promise<OwnChart> {
  const [rows, keys] = await Promise.all([ctx.rows.refresh(signal), ownerKeys(ctx, signal)]);
  const { account } = ctx.account;
  await ctx.kept.dropWhereItCan(
    ({ consent, chart, recordId }) =>
      consent === '' &&
      chart === account &&
      (rows.liveOf(recordId) === undefined || ctx.imported.isWithdrawn(recordId)),
  );
  return { rows, keys, withHalf: ownHalves(ctx) };
}

/** Throws RECORD_UNKNOWN, RECORD_ERASED, and what opening throws. */
export async function openOwn(
  ctx: Context,
  chart: OwnChart,
  recordId: RecordId,
  signal?: AbortSignal,
  onOpened?: OnOpened,
  /** Asks nobody for the second half of a key: what others write into a chart makes no device ask. */
  keyFor: (row: LiveItem) => ReadingKey | Promise<ReadingKey> = (row) => keyOf(chart, row),
): Promise<OpenedRecord> {
  const row = rowOf(chart, recordId);
  const body = await ctx.gateway.blob(row.blobId, {
    maxBytes: sealedLength(row.paddedSize),
    signal,
  });
  const opened = await openLiveItem(ctx.ledger, row, await keyFor(row), body, signal);
  onOpened?.(row, opened, body);
  return ownRecord(ctx, row, opened);
}

const gone = ['RECORD_ERASED', 'RECORD_UNKNOWN', 'BLOB_UNKNOWN', 'BLOB_CORRUPT'] as const;
const unreadable = [
  ...(['CANNOT_OPEN', 'ITEM_FORGED', 'KEY_NOT_HERE', 'NOT_FOUND'] as const),
  ...(['ITEM_HEADER_CORRUPT', 'RECORD_DOUBLE'] as const),
] as const;

/** Whether it is said of one record alone: it is gone or damaged, or does not open here. */
export const isOfOneRecord = (error: unknown): error is CodedError =>
  [...gone, ...unreadable].some((code) => isCoded(error, code));

/** One record that is gone or damaged hides no other. */
export async function unlessGone(
  opening: Promise<OpenedRecord>,
): Promise<OpenedRecord | undefined> {
  try {
    return await opening;
  } catch (error) {
    if (!isOfOneRecord(error)) throw error;
    return undefined;
  }
}

/** What a grant lets its writer seal privately is judged by the class inside (`classes.md` K-7). */
function problemsOfGrant(
  ctx: Context,
  { head }: OpenedItem,
  consent: ConsentId | undefined,
): readonly ItemProblem[] {
  if (consent === undefined || head.recordClass !== 'private') return [];
  const grant = ctx.vault.content.grants.find((it) => it.consent === consent);
  const writes = grant === undefined ? [] : decodeGrantBody(grant.body).writeClasses;
  return writes.includes(head.ordinaryClass) ? [] : ['CLASS_NOT_GRANTED'];
}

/** Throws as `openOwn`. */
export async function openRecord(
  ctx: Context,
  recordId: RecordId,
  { signal }: WorkOptions = {},
): Promise<OpenedRecord> {
  const chart = await ownChart(ctx, signal);
  const keeping = keepingOwn(ctx, chart);
  const opened = await openOwn(ctx, chart, recordId, signal, keeping.take, (row) =>
    withAskedHalf(ctx, row, keyOf(chart, row), {}, signal),
  );
  await keeping.done();
  return checkedLink(ctx, chart, opened, signal);
}

/** Keeps what one's person opens of her own chart. */
const keepingOwn = (ctx: Context, { keys }: OwnChart): Keeping =>
  new Keeping(ctx, { keySaltOf: ({ epoch }) => keys.saltOf(epoch) });

/** The record, and whether what it calls the one before is another author's; of one that is damaged that is not known. */
async function checkedLink(
  ctx: Context,
  chart: OwnChart,
  opened: OpenedRecord,
  signal?: AbortSignal,
): Promise<OpenedRecord> {
  const { previous } = opened.head;
  if (previous === undefined || chart.rows.liveOf(previous) === undefined) return opened;
  const named = await unlessGone(openOwn(ctx, chart, previous, signal));
  if (named === undefined) return opened;
  const link = linkOf(versionedOf(opened, opened.height), versionedOf(named, named.height));
  return link === 'version' ? opened : { ...opened, notVersionOf: previous };
}

/** Several records: their bodies come in one answer, and are opened while others still come. Throws as `openRecord`. */
export async function openRecords(
  ctx: Context,
  recordIds: readonly RecordId[],
  { signal, onProgress }: WorkOptions = {},
): Promise<readonly OpenedRecord[]> {
  const chart = await ownChart(ctx, signal);
  const opened: OpenedRecord[] = [];
  const keeping = keepingOwn(ctx, chart);
  try {
    for await (const it of openThose(ctx, chart, recordIds, signal, keeping.take)) {
      if ('code' in it) throw new CodedError(it.code, { recordId: it.recordId });
      opened.push(it);
      onProgress?.({ phase: 'opening', done: opened.length, total: recordIds.length });
    }
  } finally {
    await keeping.done();
  }
  return opened;
}

/**
 * Each as soon as it is opened, in this order, or why it does not open; their bodies come in one answer.
 * Throws RECORD_UNKNOWN, RECORD_ERASED, KEY_NOT_HERE.
 */
export async function* openThose(
  ctx: Context,
  chart: OwnChart,
  recordIds: readonly RecordId[],
  signal: AbortSignal | undefined,
  onOpened?: OnOpened,
): AsyncGenerator<OpenedRecord | MissingBody, void, undefined> {
  const rows = recordIds.map((recordId) => rowOf(chart, recordId));
  const bodies = chartBodies(ctx.gateway, { account: ctx.account.account, rows }, signal);
  for await (const it of openChart(ctx, bodies, (row) => keyOf(chart, row), signal, onOpened)) {
    yield 'opened' in it ? ownRecord(ctx, it.row, it.opened) : it.missing;
  }
}

/** An opened row of one's own as it is told. */
export function ownRecord(ctx: Context, row: LiveItem, opened: OpenedItem): OpenedRecord {
  const { height, timeMs, epoch, txId, consent } = row;
  const problems = [...opened.problems, ...problemsOfGrant(ctx, opened, consent)];
  return { ...opened, problems, height, timeMs, epoch, txId, consent };
}

/** What opens a row of one's own. Throws KEY_NOT_HERE. */
export const keyOf = (chart: OwnChart, row: LiveItem): ReadingKey =>
  chart.withHalf(row, { kind: 'segment', sek: chart.keys.sek(row.recordClass, row.epoch) });

/** Throws RECORD_UNKNOWN, RECORD_ERASED. */
function rowOf(chart: OwnChart, recordId: RecordId): LiveItem {
  const row = chart.rows.liveOf(recordId);
  if (row !== undefined) return row;
  const code = chart.rows.isErased(recordId) ? 'RECORD_ERASED' : 'RECORD_UNKNOWN';
  throw new CodedError(code, { recordId });
}

/** Where a record is now that an import names: moved here from another chart, or filed anew (I-83). */
export function recordNow(ctx: Context, chart: OwnChart, recordId: RecordId): RecordId | undefined {
  return foundAgain(againRoot(ctx), ctx.account.account, recordId, placesOf(chart));
}

/** The live records that a record was filed anew as. */
export function steppedAgain(ctx: Context, { rows }: OwnChart, recordId: RecordId): RecordId[] {
  const ids = idsAgain(againRoot(ctx), ctx.account.account, recordId);
  return ids.filter((id) => rows.liveOf(id) !== undefined);
}

const placesOf = ({ rows }: OwnChart) => ({
  isLive: (id: RecordId) => rows.liveOf(id) !== undefined,
  isErased: (id: RecordId) => rows.isErased(id),
});
