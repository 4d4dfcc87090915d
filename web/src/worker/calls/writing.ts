import {
  type AccountId,
  amendRecord,
  CodedError,
  contentOf,
  isCoded,
  type ReceivedGrant,
  type RecordId,
} from '@salus/salus/sdk/browser';
import { AppError, type Call } from '../call.ts';
import {
  type Draft,
  type DraftText,
  draftsOf,
  draftsSettled,
  type Kept,
  keepDraft,
  newDraftPlace,
} from '../drafts.ts';
import { forgetChart, grantsNow, grantsOf, openChartOf, patientOf } from '../patients.ts';
import type { Session } from '../session.ts';
import { sendWaiting } from '../waiting-work.ts';
import { textOfWritten, writtenText } from '../written.ts';

/** `waiting`: signed, and the wallet sends it by itself. `sent`: signed and sent; the next look at the chart shows it. */
export type DraftState = 'draft' | 'waiting' | 'sent';

/** A draft before the eyes of who writes it. */
export interface OpenDraft {
  readonly place: string;
  /** Undefined: nothing is kept yet. */
  readonly keptMs: number | undefined;
  readonly text: DraftText;
  readonly state: DraftState;
  readonly isAmending: boolean;
  /** The entry that it takes the place of, on this device. */
  readonly amends: string | undefined;
  readonly patientName: string;
}

export interface DraftRow {
  readonly place: string;
  /** Of the patient, on this device. */
  readonly patient: string;
  readonly patientName: string;
  readonly kind: DraftText['kind'];
  readonly words: string;
  readonly keptMs: number;
  readonly state: DraftState;
  readonly isAmending: boolean;
  /** Undefined: no hospital answers now. */
  readonly mayStillSign: boolean | undefined;
}

const empty: DraftText = {
  ...{ kind: 'note', title: '', code: '', text: '', reason: '', isError: false },
};
const wordsLength = 90;
/** In the place of a record id: nobody knows it yet. */
const inTheMiddle = 'in the middle';

function stateOf(session: Session, draft: Draft): DraftState {
  if (draft.waiting.length === 0) return 'draft';
  const { person } = session;
  const unwritten = new Set<string>(person.unwritten.map((it) => it.recordId));
  const waits = person.pendingCount > 0 || draft.waiting.some((it) => unwritten.has(it));
  return waits ? 'waiting' : 'sent';
}

/** Those of this wallet, the one that was written last first. */
const list: Call<void, readonly DraftRow[]> = async (session, _input, { signal }) => {
  const shelf = draftsOf(session);
  await draftsSettled();
  const kept = await shelf.all();
  const received = await session.person
    .received({ ...session.as, signal })
    .catch((error: unknown) => {
      if (isCoded(error) && error.kind === 'unavailable') return undefined;
      throw error;
    });
  const rows = await Promise.all(
    kept.map(async ({ place, value }): Promise<DraftRow> => {
      const { text, patient, patientName, keptMs, amends } = value;
      const own = received?.filter((it) => it.patient === patient);
      return {
        ...{ place, patientName, keptMs, kind: text.kind },
        patient: await session.handles.of(patient),
        words: (text.title || text.text).slice(0, wordsLength),
        state: stateOf(session, value),
        isAmending: amends !== undefined,
        mayStillSign: own === undefined ? undefined : writingGrant(own, text.kind) !== undefined,
      };
    }),
  );
  return rows.toSorted((a, b) => b.keptMs - a.keptMs);
};

/** The draft of a place; else the newest of this patient, or of what is amended; else a new one, of which nothing is kept. */
const open: Call<
  {
    readonly patient: string;
    readonly draft: string | undefined;
    readonly amends: string | undefined;
  },
  OpenDraft
> = async (session, { patient, draft, amends }, { signal }) => {
  const shelf = draftsOf(session);
  await draftsSettled();
  if (draft !== undefined) {
    const held = await shelf.get(draft);
    if (held === undefined) throw new AppError('HANDLE_UNKNOWN');
    await session.handles.of(held.patient);
    return opened(session, draft, held);
  }
  const kept = await shelf.all();
  // Known without a hospital, if there is a draft of hers.
  for (const { value } of kept) await session.handles.of(value.patient);
  const account = await patientOf(session, patient, signal);
  const recordId = amends === undefined ? undefined : session.handles.idOf(amends);
  const [newest] = kept
    .filter(({ value }) => value.patient === account && value.amends === recordId)
    .filter(({ value }) => value.waiting.length === 0)
    .toSorted((a, b) => b.value.keptMs - a.value.keptMs);
  if (newest !== undefined) return opened(session, newest.place, newest.value);
  const grants = await grantsOf(session, account, signal).catch(() => []);
  return {
    ...{ place: newDraftPlace(), keptMs: undefined, state: 'draft' },
    patientName: nameIn(grants),
    isAmending: recordId !== undefined,
    amends,
    text: recordId === undefined ? empty : { ...empty, ...amended(session, account, recordId) },
  };
};

async function opened(session: Session, place: string, draft: Draft): Promise<OpenDraft> {
  const { text, keptMs, patientName } = draft;
  const state = stateOf(session, draft);
  const isAmending = draft.amends !== undefined;
  const amends = draft.amends === undefined ? undefined : await session.handles.of(draft.amends);
  return { place, keptMs, text, state, patientName, isAmending, amends };
}

const nameIn = (grants: readonly ReceivedGrant[]): string =>
  grants.find((it) => it.patientName !== '')?.patientName ?? '';

function amended(session: Session, patient: AccountId, recordId: string) {
  const record = openChartOf(session, patient)?.record(recordId as RecordId);
  if (record === undefined) throw new AppError('HANDLE_UNKNOWN');
  const { head, bytes } = contentOf(record);
  const { mediaType, name, recordClass } = head;
  return textOfWritten({ bytes, mediaType, name, recordClass });
}

interface ToKeep {
  readonly patient: string;
  readonly patientName: string;
  readonly amends: string | undefined;
  readonly place: string;
  /** A token of the page. */
  readonly writer: string;
  /** When it was kept that this page opened; undefined: it was new. */
  readonly openedMs: number | undefined;
  readonly text: DraftText;
}

/**
 * Sealed and on disk when this comes back; no hospital is asked. The wallet may be locked meanwhile: what was asked for
 * before is kept.
 */
const keep: Call<ToKeep, Kept> = async (session, asked) => {
  const { patientName, text, place, writer, openedMs } = asked;
  const patient = session.handles.idOf(asked.patient);
  const amends = asked.amends === undefined ? undefined : session.handles.idOf(asked.amends);
  const page = { place, writer, openedMs };
  return keepDraft(draftsOf(session), page, { patient, patientName, text, amends });
};

/** What a look at the chart did not show is a draft again. */
const resume: Call<{ readonly place: string }, void> = async (session, { place }) => {
  const shelf = draftsOf(session);
  const draft = await shelf.get(place);
  if (draft === undefined || stateOf(session, draft) === 'waiting') return;
  await shelf.put(place, { ...draft, waiting: [] });
};

const drop: Call<{ readonly place: string }, void> = async (session, { place }) => {
  await draftsOf(session).drop(place);
};

export type Signed =
  | { readonly state: 'written' }
  /** The wallet has it signed and sends it when the hospital answers. */
  | { readonly state: 'kept'; readonly code: string };

/**
 * Signs a draft as it is kept. `born` is for whom the page asked, as the chart has it. Throws HANDLE_UNKNOWN,
 * PATIENT_OTHER, CONSENT_CANNOT_WRITE, and as `Person.write` and `amendRecord`; the draft is there still.
 */
const sign: Call<{ readonly place: string; readonly born: string }, Signed> = async (
  session,
  { place, born },
  { signal },
) => {
  const shelf = draftsOf(session);
  const draft = await shelf.get(place);
  if (draft === undefined) throw new AppError('HANDLE_UNKNOWN');
  // Signed once already: it goes by itself.
  if (draft.waiting.length > 0) return { state: 'kept', code: 'GATEWAY_UNREACHABLE' };
  const patient = draft.patient as AccountId;
  const grant = writingGrant(await grantsNow(session, patient, signal), draft.text.kind);
  if (grant === undefined) throw new CodedError('CONSENT_CANNOT_WRITE');
  const known = await session.person.patientIdentity(grant.consent, session.as);
  if ((known?.born ?? '') !== born) throw new CodedError('PATIENT_OTHER');
  const before = new Set<string>(session.person.unwritten.map((one) => one.recordId));
  // Should the tab close, or the power go, in the middle: it may be signed, and is not signed again unseen.
  await shelf.put(place, { ...draft, waiting: [inTheMiddle] });
  try {
    await write(session, grant, draft);
  } catch (error) {
    if (!isCoded(error) || error.details.kept !== true) {
      await shelf.put(place, draft);
      throw error;
    }
    const waiting = session.person.unwritten.flatMap((one) =>
      before.has(one.recordId) ? [] : one.recordId,
    );
    await shelf.put(place, { ...draft, waiting });
    forgetChart(session, patient);
    void sendWaiting(session);
    return { state: 'kept', code: error.code };
  }
  await shelf.drop(place);
  forgetChart(session, patient);
  return { state: 'written' };
};

async function write(
  session: Session,
  { consent }: ReceivedGrant,
  { text, amends, patientName }: Pick<Draft, 'text' | 'amends' | 'patientName'>,
): Promise<void> {
  // Whoever leaves the page does not stop it: half of a signature is nothing that anybody asked for.
  const { person, as } = session;
  const today = new Date().toISOString().slice(0, 10);
  const note = writtenText(text, patientName, today);
  if (amends === undefined) {
    await person.write(consent, [{ recordClass: text.kind, ...note }], as);
    return;
  }
  const { name, ...now } = note;
  const request = {
    recordId: amends as RecordId,
    reason: text.reason,
    enteredInError: text.isError,
    // Of an error nothing new is said.
    ...(!text.isError && { now, name }),
  };
  await person.run(amendRecord, request, as);
}

/** The one that lasts longest of those that let this kind be written. */
function writingGrant(
  grants: readonly ReceivedGrant[],
  kind: DraftText['kind'],
): ReceivedGrant | undefined {
  return grants
    .filter((it) => it.state === 'live' && it.mayWrite && it.terms.writeClasses.includes(kind))
    .toSorted((a, b) => b.notAfterMs - a.notAfterMs)[0];
}

export const writingCalls = {
  'drafts.list': list,
  'drafts.open': open,
  'drafts.keep': keep,
  'drafts.resume': resume,
  'drafts.drop': drop,
  'write.sign': sign,
};
