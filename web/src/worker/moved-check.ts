import {
  type AccountId,
  CodedError,
  contentOf,
  isCoded,
  type OpenedRecord,
  type Person,
  type RecordId,
} from '@salus/salus/sdk/browser';
import type { Work } from './call.ts';
import { sha256Of } from './hash.ts';

/** An entry that does not stand in both records alike, and why. */
export interface Differing {
  readonly recordId: RecordId;
  readonly code: string;
}

/** So many are opened at once: they are held in memory until they were compared. */
const atOnce = 32;

/**
 * Reads back what was moved, from both hospitals: each live entry of the one record has to stand in the other, in a carrier
 * that holds and names it, with the same bytes. Returns how many do, and the others.
 */
export async function checkMoved(
  person: Person,
  { from, to }: { readonly from: AccountId; readonly to: AccountId },
  { signal, onProgress }: Work,
): Promise<{ readonly alike: number; readonly differing: readonly Differing[] }> {
  const live = async (as: AccountId): Promise<readonly RecordId[]> =>
    (await person.listRecords({ as, signal }))
      .filter((it) => it.state === 'live')
      .map((it) => it.recordId);
  const [old, now] = [await live(from), await live(to)];
  const total = old.length + now.length;
  /** What the carriers hold: SHA-256 by the id of the old entry. */
  const stands = new Map<RecordId, string>();
  const tell = (done: number) => onProgress({ phase: 'checking', done, total });
  await each(person, to, now, { signal, tell }, async (record) => {
    if (record instanceof CodedError) return;
    const { carried } = record;
    if (carried?.account !== from || carried.notVerified !== undefined) return;
    if (carried.head !== undefined) stands.set(carried.head.recordId, await contentHash(record));
  });
  const differing: Differing[] = [];
  const tellOld = (done: number) => tell(now.length + done);
  await each(person, from, old, { signal, tell: tellOld }, async (record, recordId) => {
    if (record instanceof CodedError) differing.push({ recordId, code: record.code });
    else if (stands.get(recordId) !== (await contentHash(record)))
      differing.push({ recordId, code: 'RECORD_UNKNOWN' });
  });
  return { alike: old.length - differing.length, differing };
}

/** Of what the first author wrote: the same wherever it lies, and however often it was moved. */
const contentHash = (record: OpenedRecord): Promise<string> => sha256Of(contentOf(record).bytes);

async function each(
  person: Person,
  as: AccountId,
  ids: readonly RecordId[],
  { signal, tell }: { readonly signal: AbortSignal; readonly tell: (done: number) => void },
  look: (record: OpenedRecord | CodedError, recordId: RecordId) => Promise<void>,
): Promise<void> {
  for (let at = 0; at < ids.length; at += atOnce) {
    const some = ids.slice(at, at + atOnce);
    const opened = await person.openRecords(some, { as, signal }).catch((error: unknown) => {
      if (signal.aborted || !isCoded(error)) throw error;
      return undefined;
    });
    for (const [i, recordId] of some.entries()) {
      await look(opened?.[i] ?? (await one(person, as, recordId, signal)), recordId);
    }
    tell(Math.min(at + atOnce, ids.length));
  }
}

/** By itself, where one of several did not open. */
async function one(
  person: Person,
  as: AccountId,
  recordId: RecordId,
  signal: AbortSignal,
): Promise<OpenedRecord | CodedError> {
  try {
    return await person.openRecord(recordId, { as, signal });
  } catch (error) {
    // A hospital that does not answer says nothing of this entry.
    if (!isCoded(error) || error.kind === 'unavailable' || signal.aborted) throw error;
    return error as CodedError;
  }
}
