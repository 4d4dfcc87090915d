import type { RecordClass } from '../../api/classes.ts';
import { signingKeyFromSeed } from '../../crypto/signature.ts';
import { keySetRowId, keysets } from '../../ledger/tables/keysets.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { AccountId, ConsentId, RecordId } from '../../primitives/ids.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import { deliverRows } from '../client/deliver.ts';
import { receiveMessages } from '../client/receive-messages.ts';
import { type ConfirmedTx, sendActs } from '../client/send-tx.ts';
import { uploadBlobs } from '../client/upload.ts';
import { mayWriteNow } from '../grants/may-write.ts';
import { type HeldGrant, heldGrant, letterKind } from '../grants/received.ts';
import { decodeKeySetBlob, maxKeySetBytes } from '../keys/key-set-blob.ts';
import { sealItem } from '../records/item-seal.ts';
import { writtenRecordId } from '../records/written-id.ts';
import type { NamedNote, NoteToWrite } from './note-to-write.ts';
import { epochNow, underRunningEpoch } from './running-epoch.ts';
import { keepUnwritten } from './unwritten-notes.ts';

/** What was written, in the order of the notes. */
export interface WrittenRecords {
  readonly recordIds: readonly RecordId[];
  readonly patient: AccountId;
  readonly epoch: number;
  readonly confirmed: ConfirmedTx;
}

/**
 * Writes into somebody's chart under a grant that allows it: sealed to the public write key of its class,
 * so that the writer himself cannot open it unless he may read that class. A diagnosis goes to Docchain.
 * The anchor is signed by the grant's write key alone: the ledger sees that the patient allowed it, nobody
 * sees who wrote; the author's own signature is inside.
 *
 * Throws NOT_SHARED, CONSENT_CANNOT_WRITE, CLASS_NOT_GRANTED, EPOCH_NONE, CONSENT_ENDED; WRITE_KEY_ENDED {kept}: the
 * patient or the writer changed keys, and no letter with the new write key has come.
 * Source: docs/protocol/grants.md, rules G-8 and G-15.
 */
export async function writeShared(
  ctx: Context,
  consent: ConsentId,
  notes: readonly NoteToWrite[],
  options: WorkOptions = {},
): Promise<WrittenRecords> {
  const held = heldGrant(ctx, consent);
  if (held.letter.writeSeed.length === 0) throw new CodedError('CONSENT_CANNOT_WRITE', { consent });
  for (const { recordClass, ordinaryClass } of notes) {
    const what = recordClass === 'private' ? ordinaryClass : recordClass;
    if (what === undefined || !held.terms.writeClasses.includes(what)) {
      throw new CodedError('CLASS_NOT_GRANTED', { recordClass: what ?? recordClass });
    }
  }
  const kinds = new Set(notes.map((it) => it.recordClass === 'diagnosis'));
  if (notes.length === 0 || kinds.size > 1) throw new CodedError('REQUEST_INVALID');
  const named = notes.map((note) => ({
    ...note,
    recordId: ownWrittenId(ctx, held.patient, note.recordClass),
  }));
  return writeNamed(ctx, consent, named, options);
}

/** An id that this account knows again as one of its own records in somebody's chart (I-72). */
export function ownWrittenId(ctx: Context, patient: AccountId, recordClass: RecordClass): RecordId {
  const author = ctx.account.account;
  return writtenRecordId(ctx.newestRoot().secret, { author, patient }, recordClass);
}

/** `writeShared` of notes that have their ids; what may be written was judged before. */
export async function writeNamed(
  ctx: Context,
  consent: ConsentId,
  notes: readonly NamedNote[],
  options: WorkOptions,
): Promise<WrittenRecords> {
  const sentBefore = new Set(ctx.vault.content.pending.map((it) => it.tx));
  const write = (held: HeldGrant) =>
    underRunningEpoch(ctx, (clockMs) => sealAndAnchor(ctx, held, notes, options, clockMs));
  const held = heldGrant(ctx, consent);
  try {
    return await write(held);
  } catch (error) {
    const isOnItsWay = ctx.vault.content.pending.some(
      (it) => it.kind === 'write' && !sentBefore.has(it.tx),
    );
    // Should a change of keys be faster than its anchor, it is written again.
    if (isOnItsWay) await keepUnwritten(ctx, consent, notes);
    // What could not be sent is not lost: the wallet writes it when it next meets the hospital.
    const couldNotSend = isCoded(error) && error.kind === 'unavailable';
    if (couldNotSend && !options.signal?.aborted) {
      const kept = isOnItsWay || (await keepUnwritten(ctx, consent, notes));
      throw new CodedError(error.code, { ...error.details, kept }, error);
    }
    if (!mayBeEndedKey(error) || (await mayWriteNow(ctx, held, options.signal))) throw error;
    await receiveMessages(ctx, [letterKind], options);
    const newer = heldGrant(ctx, consent);
    if (await mayWriteNow(ctx, newer, options.signal)) return write(newer);
    const kept = await keepUnwritten(ctx, consent, notes);
    throw new CodedError('WRITE_KEY_ENDED', { consent, kept }, error);
  }
}

/** What hospital and ledger say of a write key that a change of keys has ended. */
const mayBeEndedKey = (error: unknown): boolean =>
  isCoded(error, 'KEY_NOT_CURRENT') ||
  isCoded(error, 'SIGNATURE_WRONG') ||
  isCoded(error, 'EPOCH_NONE');

async function sealAndAnchor(
  ctx: Context,
  { letter, patient }: HeldGrant,
  notes: readonly NamedNote[],
  { signal, onProgress }: WorkOptions,
  clockMs: () => number,
): Promise<WrittenRecords> {
  const { epoch, writeKeys } = await runningWriteKeys(ctx, patient, clockMs, signal);
  const { sign } = await ctx.keys(signal);
  const author = ctx.account.account;
  const sealed = [];
  for (const note of notes) {
    const writeKey = writeKeys.get(note.recordClass);
    if (writeKey === undefined) throw new CodedError('CLASS_NOT_GRANTED');
    const { previous } = note;
    const item = { ...note, previous, account: patient, author, writtenMs: ctx.now() };
    sealed.push(await sealItem(item, sign, { kind: 'write-key', epoch, writeKey }));
    onProgress?.({ phase: 'sealing', done: sealed.length, total: notes.length });
  }
  const blobs = sealed.map((it) => ({ id: it.blobId, bytes: it.body }));
  await uploadBlobs(ctx.gateway, blobs, { signal });
  const writeKey = await signingKeyFromSeed(letter.writeSeed);
  const { consent, body, salt } = letter;
  const diagnosis = notes.every((it) => it.recordClass === 'diagnosis');
  const acts = await deliverRows(ctx.gateway, {
    account: patient,
    epoch,
    rows: sealed,
    grant: { consent, body, salt, writeKey },
    diagnosis,
    signal,
  });
  const confirmed = await sendActs(ctx, {
    kind: 'write',
    log: diagnosis ? 'doc' : 'user',
    acts,
    under: { account: patient, consent, writeKey },
    signal,
  });
  return { recordIds: notes.map((it) => it.recordId), patient, epoch, confirmed };
}

/** The public halves for the epoch in force: whoever writes seals to them. Throws EPOCH_NONE. */
async function runningWriteKeys(
  ctx: Context,
  patient: AccountId,
  clockMs: () => number,
  signal?: AbortSignal,
): Promise<{ readonly epoch: number; readonly writeKeys: ReadonlyMap<string, Uint8Array> }> {
  // Not an epoch that a revoked reader still opens: a gateway might hide what was scheduled since.
  const account = await ctx.ledger.currentAccount(patient, signal);
  const epoch = epochNow(account.schedule, clockMs());
  const scheduled = account.schedule.find((it) => it.epoch === epoch);
  const keySet =
    scheduled === undefined
      ? undefined
      : await ctx.ledger.row(keysets, keySetRowId(patient, scheduled.keySet), { signal });
  if (keySet === undefined) throw new CodedError('EPOCH_NONE', { account: patient });
  const at = account.organisation === ctx.account.organisation ? undefined : account.organisation;
  const limitBytes = maxKeySetBytes;
  const blob = await ctx.gateway.blob(keySet.keySetBlob, { at, limitBytes, signal });
  const found = decodeKeySetBlob(blob).find((it) => it.epoch === epoch);
  if (found === undefined) throw new CodedError('EPOCH_NONE', { epoch });
  return found;
}
