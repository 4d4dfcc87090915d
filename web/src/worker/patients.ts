import {
  type AccountId,
  CodedError,
  isCoded,
  keptGrants,
  type Person,
  type ReceivedGrant,
} from '@salus/salus/sdk/browser';
import { AppError } from './call.ts';
import { Chart } from './chart.ts';
import { refusalOf } from './chart-grants.ts';
import { draftsOf, forgetWritten } from './drafts.ts';
import { SealedShelf } from './sealed-shelf.ts';
import { orFromDevice } from './seen.ts';
import type { Session } from './session.ts';

/** What came to a chart since this device looked into it. */
export interface ChartNews {
  readonly additions: number;
  readonly isNew: boolean;
}
export const noNews: ChartNews = { additions: 0, isNew: false };

const shelves = new WeakMap<Person, SealedShelf<ChartNews>>();

export function newsOf(session: Session): SealedShelf<ChartNews> {
  const { person } = session;
  const held =
    shelves.get(person) ?? new SealedShelf<ChartNews>('notes', person, session.wallet.id);
  shelves.set(person, held);
  return held;
}

const charts = new WeakMap<Person, Map<AccountId, Chart>>();

function chartsOf(session: Session): Map<AccountId, Chart> {
  const held = charts.get(session.person) ?? new Map<AccountId, Chart>();
  charts.set(session.person, held);
  return held;
}

/** The patient of a path. Throws HANDLE_UNKNOWN: of another device, or nothing was ever shared by that person. */
export async function patientOf(
  session: Session,
  handle: string,
  signal: AbortSignal,
): Promise<AccountId> {
  const { handles } = session;
  if (!handles.has(handle)) {
    // Of whom there is a draft alone is known too: it is said then that nothing is shared.
    for (const { value } of await draftsOf(session).all()) await handles.of(value.patient);
    for (const { patient } of await receivedOf(session, signal)) await handles.of(patient);
  }
  if (!handles.has(handle)) throw new AppError('HANDLE_UNKNOWN');
  return handles.idOf(handle) as AccountId;
}

/** What this person was given, by the ledger's word; while nobody can be asked by that of the letters, until their end. */
function receivedOf(session: Session, signal: AbortSignal): Promise<readonly ReceivedGrant[]> {
  const { person, as } = session;
  return orFromDevice(
    () => person.received({ ...as, signal }),
    () => person.run(keptGrants, undefined, as),
  );
}

export async function grantsOf(
  session: Session,
  patient: AccountId,
  signal: AbortSignal,
): Promise<readonly ReceivedGrant[]> {
  return (await receivedOf(session, signal)).filter((it) => it.patient === patient);
}

/** By the ledger's word alone. Throws GATEWAY_UNREACHABLE. */
export async function grantsNow(
  { person, as }: Session,
  patient: AccountId,
  signal: AbortSignal,
): Promise<readonly ReceivedGrant[]> {
  return (await person.received({ ...as, signal })).filter((it) => it.patient === patient);
}

const codes = {
  notShared: 'NOT_SHARED',
  over: 'CONSENT_ENDED',
  notThisKind: 'CLASS_NOT_GRANTED',
  notThisPurpose: 'PURPOSE_NOT_GRANTED',
} as const;

/**
 * The chart of a patient: the one that was looked at while this wallet is open, or with `again` a new look. Throws
 * NOT_SHARED, CONSENT_ENDED, CLASS_NOT_GRANTED, PURPOSE_NOT_GRANTED: by the ledger's word, also of one that is held.
 */
export async function chartOf(
  session: Session,
  patient: AccountId,
  again: boolean,
  signal: AbortSignal,
): Promise<Chart> {
  const held = chartsOf(session);
  const before = held.get(patient);
  const isThere = before !== undefined && !before.hasFailed;
  const { grants, isFromDevice } = await orFromDevice(
    async () => ({ grants: await grantsNow(session, patient, signal), isFromDevice: false }),
    async () => ({ grants: await grantsOf(session, patient, signal), isFromDevice: true }),
  ).catch((error: unknown) => {
    // Without a hospital what was opened stays to be read; it is no new look.
    if (!isThere || again || !isCoded(error) || error.kind !== 'unavailable') throw error;
    return { grants: undefined, isFromDevice: false };
  });
  if (grants === undefined) return before as Chart;
  const refusal = refusalOf(grants);
  if (refusal !== undefined) {
    before?.stop();
    held.delete(patient);
    throw new CodedError(codes[refusal]);
  }
  // Who is away cannot look anew, and keeps what is open.
  if (isThere && (!again || isFromDevice)) return before;
  before?.stop();
  const chart = new Chart(session, patient, { grants, isFromDevice });
  held.set(patient, chart);
  return chart;
}

/** Undefined: it is not open. */
export const openChartOf = (session: Session, patient: AccountId): Chart | undefined =>
  chartsOf(session).get(patient);

/** It is looked at anew when it is opened next: something was written into it. */
export function forgetChart(session: Session, patient: AccountId): void {
  chartsOf(session).delete(patient);
}

/** Nothing in it is new any more, and what was signed and is there is no draft. */
export async function chartWasSeen(session: Session, chart: Chart): Promise<void> {
  const { patient } = chart;
  if (chart.isFromDevice) return;
  const shelf = newsOf(session);
  await shelf.drop(await shelf.placeOf(patient));
  await forgetWritten(session, patient, (it) => chart.lineOf(it as never) !== undefined);
}
