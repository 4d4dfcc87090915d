import type { OrdinaryClass, RecordClass } from '../../api/classes.ts';
import { utf8 } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { AccountId, ConsentId, RecordId } from '../../primitives/ids.ts';
import type { Action } from '../action.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import { type ReceivedGrant, receivedGrants } from '../grants/received.ts';
import { type Amendment, amendmentOf, markAmended } from '../records/amendment.ts';
import { bareMediaType } from '../records/media-type.ts';
import { classOfWritten } from '../records/written-id.ts';
import { readShared } from './read-shared.ts';
import { ownWrittenId, type WrittenRecords, writeNamed } from './write-shared.ts';

/** What is to stand in the place of a note or a diagnosis. */
export interface AmendRequest extends Amendment {
  readonly recordId: RecordId;
  /** Undefined: nothing new is said but that the one before was an error. */
  readonly now?: { readonly bytes: Uint8Array; readonly mediaType: string } | undefined;
  /** Undefined: the name of before, where its writer may read it. */
  readonly name?: string | undefined;
  /** Under this grant; undefined: one that fits. */
  readonly consent?: ConsentId | undefined;
  /** Asked before anything is signed: whether it is for whom its writer means, whose grant this is. Throws to stop it. */
  readonly isFor?: ((grant: ReceivedGrant) => Promise<void>) | undefined;
}

/** The version that was written, and of which record. */
export interface AmendedRecord extends WrittenRecords {
  readonly recordId: RecordId;
  readonly previous: RecordId;
  readonly recordClass: RecordClass;
  readonly consent: ConsentId;
}

/** A record that this account wrote: what is known of it without its class being readable is what its id says. */
interface OwnWritten {
  readonly patient: AccountId;
  readonly recordClass: RecordClass;
  /** Undefined: he may not read it, and it is private. */
  readonly ordinaryClass: OrdinaryClass | undefined;
  readonly name: string | undefined;
  readonly bytes: Uint8Array | undefined;
  readonly mediaType: string | undefined;
}

/**
 * A writer amends what he wrote: a version with its reason, in the same class and chart, under any grant of this
 * patient that lets him write there. What it takes the place of stays, for whoever asks for its history.
 *
 * Throws AMENDMENT_REASON, RECORD_UNKNOWN, RECORD_OF_ANOTHER, CONSENT_CANNOT_WRITE, REQUEST_INVALID (nothing is said
 * and nothing was an error), and what `writeShared` throws. Source: docs/protocol/items.md, rules I-70 to I-72.
 */
export const amendRecord: Action<AmendRequest, AmendedRecord> = {
  name: 'records/amend',
  async run(ctx, request, options) {
    if (request.now === undefined && !request.enteredInError) {
      throw new CodedError('REQUEST_INVALID');
    }
    markAmended('text/plain', request);
    const grants = (await receivedGrants(ctx, options)).filter((it) => it.state === 'live');
    const own = await ownWritten(ctx, grants, request, options);
    const { patient, recordClass, ordinaryClass } = own;
    const grant = writingGrant(grants, request.consent, own);
    const { consent } = grant;
    await request.isFor?.(grant);
    const { bytes, mediaType } = request.now ?? {
      bytes: own.bytes ?? utf8(`Entered in error: ${request.reason}`),
      mediaType: own.mediaType ?? 'text/plain',
    };
    const note = {
      ...{ recordClass, ordinaryClass, bytes, previous: request.recordId },
      recordId: ownWrittenId(ctx, patient, recordClass),
      mediaType: markAmended(mediaType, request),
      name: request.name ?? own.name ?? (request.enteredInError ? 'Entered in error' : 'Amendment'),
    };
    const written = await writeNamed(ctx, consent, [note], options);
    return {
      ...written,
      recordId: note.recordId,
      previous: request.recordId,
      recordClass,
      consent,
    };
  },
};

async function ownWritten(
  ctx: Context,
  grants: readonly ReceivedGrant[],
  { recordId, consent }: AmendRequest,
  options: WorkOptions,
): Promise<OwnWritten> {
  const { account: author } = ctx.account;
  const roots = ctx.vault.content.roots.map((it) => it.secret);
  const asked = consent === undefined ? grants : grants.filter((it) => it.consent === consent);
  const known = asked
    .map(({ patient }) => ({
      patient,
      recordClass: classOfWritten(roots, { author, patient }, recordId),
    }))
    .find((it) => it.recordClass !== undefined);
  const read = await readBy(ctx, asked, { recordId, recordClass: known?.recordClass }, options);
  if (read !== undefined) {
    const { author: writer, account: patient, recordClass, ordinaryClass } = read.head;
    if (writer !== author) throw new CodedError('RECORD_OF_ANOTHER', { recordId });
    const { name, mediaType } = read.head;
    const bare = amendmentOf(mediaType) === undefined ? mediaType : bareMediaType(mediaType);
    const about = { patient, recordClass, ordinaryClass };
    return { ...about, name, mediaType: bare, bytes: read.bytes };
  }
  if (known?.recordClass === undefined) throw new CodedError('RECORD_UNKNOWN', { recordId });
  const { patient, recordClass } = known;
  const ordinaryClass = recordClass === 'private' ? undefined : recordClass;
  const unread = { name: undefined, mediaType: undefined, bytes: undefined };
  return { patient, recordClass, ordinaryClass, ...unread };
}

/** Each is a look, so only grants are asked that may have it. */
async function readBy(
  ctx: Context,
  grants: readonly ReceivedGrant[],
  wanted: { readonly recordId: RecordId; readonly recordClass: RecordClass | undefined },
  options: WorkOptions,
) {
  const recordIds = [wanted.recordId];
  const { recordClass } = wanted;
  const fits = grants.filter(({ terms }) =>
    recordClass === undefined
      ? terms.readClasses.length > 0
      : terms.readClasses.includes(recordClass),
  );
  for (const { consent } of fits) {
    try {
      const { records } = await readShared(ctx, consent, { ...options, recordIds });
      if (records[0] !== undefined) return records[0];
    } catch (error) {
      // Not under this grant; what was his own is written under one that he has, whether he may read it or not.
      if (!isCoded(error) || error.kind !== 'not-shared') throw error;
    }
  }
  return undefined;
}

function writingGrant(
  grants: readonly ReceivedGrant[],
  asked: ConsentId | undefined,
  { patient, recordClass, ordinaryClass }: OwnWritten,
): ReceivedGrant {
  const fits = grants
    .filter((it) => it.patient === patient && (asked === undefined || it.consent === asked))
    .filter((it) => it.mayWrite)
    .filter((it) => it.terms.writeClasses.some((may) => may === ordinaryClass))
    .toSorted((a, b) => b.notAfterMs - a.notAfterMs);
  const [longest] = fits;
  if (longest === undefined) throw new CodedError('CONSENT_CANNOT_WRITE', { recordClass });
  return longest;
}
