import {
  type AccountId,
  isCoded,
  type MyPatient,
  type ReceivedGrant,
} from '@salus/salus/sdk/browser';
import type { Call } from '../call.ts';
import { type RefusalView, refusalOf, sharedOf } from '../chart-grants.ts';
import { type ChartItemView, chartItemOf } from '../chart-item.ts';
import type { ChartView, SharedView } from '../chart-view.ts';
import { draftsOf } from '../drafts.ts';
import { type ChartNews, chartOf, chartWasSeen, newsOf, noNews, patientOf } from '../patients.ts';
import { asLastSeen } from '../seen.ts';
import type { Session } from '../session.ts';

/** Somebody who lets this person in, or will soon. */
export interface PatientRow {
  /** Of this device: `/chart/HANDLE`. */
  readonly handle: string;
  /** Of the card; empty: no card came. */
  readonly name: string;
  /** As her chart said it here before; empty: it was not opened here, or does not say. */
  readonly born: string;
  readonly shared: SharedView;
  readonly fromMs: number;
  /** Begins then; undefined: it has. */
  readonly beginsMs: number | undefined;
  readonly news: ChartNews;
  readonly hasDraft: boolean;
}

/** Somebody whose chart does not open, and which of the four things is wrong. */
export interface ClosedRow {
  readonly handle: string;
  readonly name: string;
  readonly refusal: RefusalView;
  /** Undefined: nothing ended. */
  readonly endedMs: number | undefined;
}

/** A letter that was not taken in by itself. */
export interface WaitingRow {
  readonly handle: string;
  /** Empty: no card that is proven came with it. */
  readonly name: string;
  readonly cameMs: number;
  readonly letters: number;
}

export interface PatientsView {
  /** Those that end soon first. */
  readonly open: readonly PatientRow[];
  readonly closed: readonly ClosedRow[];
  readonly waiting: readonly WaitingRow[];
  /** Messages that no key opens. */
  readonly unreadable: number;
}

/** Who let this person in. Nobody is looked at by it. */
const patients: Call<void, PatientsView> = async (session, _input, { signal }) => {
  const { person, as } = session;
  if (person.pendingCount > 0) await person.sync({ ...as, signal }).catch(unlessAway);
  const listed = await person.patients({ ...as, signal });
  await takeNews(session, listed);
  const received = await person.received({ ...as, signal });
  const withDraft = new Set((await draftsOf(session).all()).map((it) => it.value.patient));
  const open: PatientRow[] = [];
  const closed: ClosedRow[] = [];
  for (const [patient, grants] of byPatient(received)) {
    const handle = await session.handles.of(patient);
    const name = grants.find((it) => it.patientName !== '')?.patientName ?? '';
    const refusal = refusalOf(grants);
    const next = grants.filter((it) => it.state === 'not yet');
    if (refusal !== undefined && next.length === 0) {
      closed.push({ handle, name, refusal, endedMs: endOf(grants) });
      continue;
    }
    const shown = refusal === undefined ? grants.filter((it) => it.state === 'live') : next;
    open.push({
      ...{ handle, name, hasDraft: withDraft.has(patient) },
      born: await bornOf(session, grants),
      shared: sharedOf(shown.map((it) => ({ ...it, state: 'live' }))),
      fromMs: Math.min(...shown.map((it) => it.notBeforeMs)),
      beginsMs: refusal === undefined ? undefined : Math.min(...next.map((it) => it.notBeforeMs)),
      news: await newsAbout(session, patient),
    });
  }
  return {
    open: open.toSorted((a, b) => a.shared.untilMs - b.shared.untilMs),
    closed,
    waiting: await waitingOf(session),
    unreadable: person.unreadableCount,
  };
};

/** A hospital that does not answer now has what waits wait longer. */
function unlessAway(error: unknown): void {
  if (!isCoded(error) || error.kind !== 'unavailable') throw error;
}

/** What the SDK tells once is kept until the chart is opened. */
async function takeNews(session: Session, listed: readonly MyPatient[]): Promise<void> {
  const shelf = newsOf(session);
  for (const { patient, newAnchors, newGrants, grants } of listed) {
    const isNew = newGrants.length === grants.length;
    if (newAnchors === 0 && !isNew) continue;
    const place = await shelf.placeOf(patient);
    const before = (await shelf.get(place)) ?? noNews;
    await shelf.put(place, {
      additions: before.additions + newAnchors,
      isNew: before.isNew || isNew,
    });
  }
}

async function newsAbout(session: Session, patient: AccountId): Promise<ChartNews> {
  const shelf = newsOf(session);
  return (await shelf.get(await shelf.placeOf(patient))) ?? noNews;
}

async function bornOf(session: Session, grants: readonly ReceivedGrant[]): Promise<string> {
  const [first] = grants;
  if (first === undefined) return '';
  const known = await session.person
    .patientIdentity(first.consent, session.as)
    .catch(() => undefined);
  return known?.born ?? '';
}

function byPatient(
  received: readonly ReceivedGrant[],
): ReadonlyMap<AccountId, readonly ReceivedGrant[]> {
  const found = new Map<AccountId, ReceivedGrant[]>();
  for (const it of received) found.set(it.patient, [...(found.get(it.patient) ?? []), it]);
  return found;
}

function endOf(grants: readonly ReceivedGrant[]): number | undefined {
  const ends = grants.flatMap((it) => (it.state === 'ended' ? (it.endedMs ?? it.notAfterMs) : []));
  return ends.length === 0 ? undefined : Math.max(...ends);
}

async function waitingOf(session: Session): Promise<readonly WaitingRow[]> {
  const found = new Map<string, WaitingRow>();
  for (const { from, name, receivedMs } of session.person.waitingLetters) {
    if (from === undefined) continue;
    const handle = await session.handles.of(from);
    const before = found.get(handle);
    found.set(handle, {
      ...{ handle, name: before?.name || name },
      cameMs: Math.max(before?.cameMs ?? 0, receivedMs),
      letters: (before?.letters ?? 0) + 1,
    });
  }
  return [...found.values()];
}

const acceptWaiting: Call<{ readonly from: string }, void> = async (
  session,
  { from },
  { signal },
) => {
  const sender = session.handles.idOf(from) as AccountId;
  await session.person.acceptLetters(sender, { ...session.as, signal });
};

const dropWaiting: Call<{ readonly from: string }, void> = async (
  session,
  { from },
  { signal },
) => {
  const sender = session.handles.idOf(from) as AccountId;
  await session.person.dropLetters(sender, { ...session.as, signal });
};

/** The chart as soon as there is more of it than `after`. With `again` it is looked at anew: one more look. */
const follow: Call<
  { readonly patient: string; readonly after: number; readonly again: boolean },
  ChartView
> = async (session, { patient, after, again }, { signal }) => {
  const account = await patientOf(session, patient, signal);
  const chart = await chartOf(session, account, again, signal);
  const view = await chart.after(after, signal);
  if (view.isWhole) await chartWasSeen(session, chart);
  return view;
};

/** An entry of a chart that is open; what was too large to come with it takes a look of its own. */
const item: Call<{ readonly patient: string; readonly item: string }, ChartItemView> = async (
  session,
  { patient, item: handle },
  { signal },
) => {
  const account = await patientOf(session, patient, signal);
  const chart = await chartOf(session, account, false, signal);
  return chartItemOf(session, chart, session.handles.idOf(handle), signal);
};

/** Whose share has come to its end lets nobody in, whoever answers. */
const patientsNow = (_session: Session, seen: PatientsView): PatientsView => ({
  ...seen,
  open: seen.open.filter((it) => Date.now() < it.shared.untilMs),
});

export const clinicianCalls = {
  patients: asLastSeen('patients', patients, patientsNow),
  'patients.accept': acceptWaiting,
  'patients.drop': dropWaiting,
  'chart.follow': follow,
  'chart.item': item,
};
