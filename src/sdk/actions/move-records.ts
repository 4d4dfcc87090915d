import { sha256 } from '../../crypto/hash.ts';
import { concatBytes, u32be } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import { type AccountId, idBytes, type RecordId, recordIdOf } from '../../primitives/ids.ts';
import type { LiveItem } from '../client/check-rows.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import { stopIfAborted } from '../client/http.ts';
import { carriedMediaType } from '../records/carried.ts';
import type { HeldImport } from '../wallet/content.ts';
import { withIdsAgain } from '../wallet/import-index.ts';
import { OwnItems } from './add-items.ts';
import { Carrier, idAgain, lineOfCarried, signMove } from './carry.ts';
import { chartHistory, chartHistoryMediaType } from './chart-history.ts';
import { isOfOneRecord, liveInOrder, type OwnChart, ownChart } from './own-records.ts';

/** What a move did, or would do. */
export interface MovedRecords {
  /** Stand at the new account since now, and since an earlier try. */
  readonly moved: number;
  readonly before: number;
  /** Stay where they are, and why. */
  readonly left: readonly { readonly recordId: RecordId; readonly code: string }[];
  /** The files of grants and looks, as records of the new account. */
  readonly history: readonly RecordId[];
}

/** One transaction for so many. */
const anchorItems = 256;

/**
 * Moves what is live in one of a person's charts to another of hers: each item becomes one of the new chart that
 * carries the old one whole. What was there already is left alone, so it goes on where it stopped, on any of her devices. Nothing
 * of the old chart is changed or erased.
 *
 * Throws REQUEST_INVALID (one account, two ledgers, or no charts), and what opening and adding throw.
 * Source: docs/protocol/items.md, rules I-80 to I-84.
 */
export async function moveRecords(
  from: Context,
  to: Context,
  options: WorkOptions & { readonly dryRun?: boolean | undefined } = {},
): Promise<MovedRecords> {
  requireMovable(from, to);
  const { signal, onProgress } = options;
  const [old, now] = [await ownChart(from, signal), await to.rows.refresh(signal)];
  const rows = liveInOrder(old.rows);
  const stands = (id: RecordId): boolean => now.liveOf(id) !== undefined || now.isErased(id);
  const waiting = rows.filter((it) => !stands(idAgain(to, it.recordId, it.recordClass)));
  const before = rows.length - waiting.length;
  if (options.dryRun === true) return { moved: waiting.length, before, left: [], history: [] };
  const carrier = new Carrier(from, old, await signMove(from, to.account.account, signal));
  const items = new OwnItems(to, signal);
  const left: { recordId: RecordId; code: string }[] = [];
  let done = 0;
  for (const row of waiting) {
    stopIfAborted(signal);
    try {
      await items.add(await itemOf(to, old, carrier, row, signal));
      done += 1;
    } catch (error) {
      const stays = isCoded(error, 'BODY_TOO_LARGE') || isCoded(error, 'DOUBLE_STAYS');
      if (!stays && !isOfOneRecord(error)) throw error;
      left.push({ recordId: row.recordId, code: error.code });
    }
    onProgress?.({ phase: 'uploading', done: done + left.length, total: waiting.length });
    if (items.count >= anchorItems) await items.anchor();
  }
  const history = await addHistory(from, to, items, options);
  if (items.count > 0) await items.anchor();
  await moveImports(from, to, old);
  return { moved: done, before, left, history };
}

function requireMovable(from: Context, to: Context): void {
  const [a, b] = [from.account, to.account];
  const isMovable =
    a.account !== b.account &&
    a.chainId === b.chainId &&
    a.role === 'patient' &&
    b.role === 'patient';
  if (!isMovable) throw new CodedError('REQUEST_INVALID', { from: a.account, to: b.account });
}

async function itemOf(
  to: Context,
  old: OwnChart,
  carrier: Carrier,
  row: LiveItem,
  signal?: AbortSignal,
) {
  const { opened, carrier: bytes } = await carrier.of(row, signal);
  const { recordClass, ordinaryClass, name, previous } = opened.head;
  const before = previous === undefined ? undefined : old.rows.liveOf(previous);
  return {
    ...{ recordClass, ordinaryClass, name, bytes, mediaType: carriedMediaType },
    line: lineOfCarried(opened),
    recordId: idAgain(to, row.recordId, row.recordClass),
    previous: before && idAgain(to, before.recordId, before.recordClass),
  };
}

/** What a file of the history is called before it is filed: by its account and number, one byte of it while that is enough. */
export function historyName(account: AccountId, part: number): RecordId {
  const number = part < 256 ? Uint8Array.of(part) : u32be(part);
  return recordIdOf(sha256(concatBytes(idBytes(account), number)).subarray(0, 16));
}

/** Once: what happened at the old account after the move is not in it. */
async function addHistory(
  from: Context,
  to: Context,
  items: OwnItems,
  options: WorkOptions,
): Promise<readonly RecordId[]> {
  const recordClass = 'private';
  const idOf = (part: number): RecordId =>
    idAgain(to, historyName(from.account.account, part), recordClass);
  if (to.rows.liveOf(idOf(0)) !== undefined || to.rows.isErased(idOf(0))) return [];
  const files = await chartHistory(from, options);
  const ids: RecordId[] = [];
  for (const [part, bytes] of files.entries()) {
    const name = `Grants and looks at ${from.account.organisationName}`;
    const about = { recordClass, name, bytes, previous: undefined } as const;
    const recordId = idOf(part);
    await items.add({ ...about, recordId, mediaType: chartHistoryMediaType });
    ids.push(recordId);
  }
  return ids;
}

/** What was imported there counts as imported here: the same file adds nothing again. */
async function moveImports(from: Context, to: Context, old: OwnChart): Promise<void> {
  const { account } = to.account;
  const now = await to.rows.refresh();
  const { content } = from.vault;
  const erased = new Set(content.erased);
  const again = (recordId: RecordId): RecordId | undefined => {
    // What was erased there stays away here too.
    if (erased.has(recordId)) return recordId;
    const row = old.rows.liveOf(recordId);
    const id = row && idAgain(to, recordId, row.recordClass);
    return id !== undefined && now.liveOf(id) !== undefined ? id : undefined;
  };
  const moved: HeldImport[] = content.imports
    .filter((it) => it.account === from.account.account && it.anchored)
    .flatMap((it) => {
      const skeleton = again(it.skeleton);
      if (skeleton === undefined) return [];
      return [{ ...it, account, skeleton, index: withIdsAgain(it.index, again) }];
    });
  await to.noteDown((held) => {
    const known = new Set(held.imports.map((it) => it.skeleton));
    return {
      ...held,
      imports: [...held.imports, ...moved.filter((it) => !known.has(it.skeleton))],
    };
  });
}
