import type { Person } from '@salus/salus/sdk/browser';
import { SealedShelf } from './sealed-shelf.ts';
import type { Session } from './session.ts';

/** What somebody wrote and did not sign. */
export interface DraftText {
  readonly kind: 'note' | 'diagnosis';
  /** What the patient sees first. */
  readonly title: string;
  /** Of SNOMED CT; empty: none. */
  readonly code: string;
  readonly text: string;
  /** Why it takes the place of what is amended. */
  readonly reason: string;
  readonly isError: boolean;
}

/** As it lies on the device, sealed. */
export interface Draft {
  readonly patient: string;
  readonly patientName: string;
  /** The entry that it takes the place of. */
  readonly amends: string | undefined;
  readonly text: DraftText;
  readonly keptMs: number;
  /** Which page wrote it, a token of its own: a second one that writes the same draft is found out by it. */
  readonly writer: string;
  /** It was signed, and these wait in the wallet for the hospital. */
  readonly waiting: readonly string[];
}

const shelves = new WeakMap<Person, SealedShelf<Draft>>();

export function draftsOf(session: Session): SealedShelf<Draft> {
  const { person } = session;
  const held = shelves.get(person) ?? new SealedShelf<Draft>('drafts', person, session.wallet.id);
  shelves.set(person, held);
  return held;
}

export const newDraftPlace = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(8)), (it) =>
    it.toString(16).padStart(2, '0'),
  ).join('');

/** A page under whose hands a draft is. Of what comes while one is being written only the last is written. */
interface Writer {
  place: string;
  next: Keepable | undefined;
  running: Promise<Kept> | undefined;
}
type Keepable = Omit<Draft, 'writer' | 'keptMs' | 'waiting'>;

/** Where it lies, and since when. */
export interface Kept {
  readonly place: string;
  readonly keptMs: number;
}

const writers = new Map<string, Writer>();

/**
 * Keeps it; what was given last is on disk when this comes back. Where another page wrote that draft since it was opened
 * by this one (`openedMs`: as it was kept then), both stay: this one goes on in a place of its own.
 */
export function keepDraft(
  shelf: SealedShelf<Draft>,
  page: { readonly place: string; readonly writer: string; readonly openedMs: number | undefined },
  draft: Keepable,
): Promise<Kept> {
  const { writer: token } = page;
  const writer = writers.get(token) ?? { place: page.place, next: undefined, running: undefined };
  writers.set(token, writer);
  writer.next = draft;
  writer.running ??= keepAll(shelf, writer, page).finally(() => {
    writer.running = undefined;
  });
  return writer.running;
}

/** When what was given to be kept by now is kept, or could not be. */
export async function draftsSettled(): Promise<void> {
  await Promise.allSettled([...writers.values()].map((it) => it.running));
}

async function keepAll(
  shelf: SealedShelf<Draft>,
  writer: Writer,
  { writer: token, openedMs }: { readonly writer: string; readonly openedMs: number | undefined },
): Promise<Kept> {
  for (;;) {
    const held = await shelf.get(writer.place);
    const isOwn = held === undefined || held.writer === token || held.keptMs === openedMs;
    if (!isOwn) writer.place = newDraftPlace();
    const draft = writer.next as Keepable;
    writer.next = undefined;
    const { place } = writer;
    const keptMs = Date.now();
    await shelf.put(place, { ...draft, writer: token, keptMs, waiting: [] });
    if (writer.next === undefined) return { place, keptMs };
  }
}

/** What was signed and stands in the chart, as a look showed it, is no draft any more. */
export async function forgetWritten(
  session: Session,
  patient: string,
  there: (recordId: string) => boolean,
): Promise<void> {
  const shelf = draftsOf(session);
  for (const { place, value } of await shelf.all()) {
    const isThere = value.waiting.length > 0 && value.waiting.every(there);
    if (value.patient === patient && isThere) await shelf.drop(place);
  }
}
