import { type AccountId, CodedError, isCoded, type Person } from '@salus/salus/sdk/browser';
import {
  type Curve,
  curvesOf,
  heldRegistration,
  type OwnRanges,
  ownRanges,
  type RegistrationHeld,
  readOwnVitals,
  readVitals,
  resendRegistration,
  setLimits,
  trendOf,
  type VitalsFound,
} from '@salus/salus/sdk/vitals';
import { unitShown } from '../../boundary/units.ts';
import type { Call } from '../../worker/call.ts';
import { isForTreatment } from '../../worker/chart-grants.ts';
import { grantsNow, patientOf } from '../../worker/patients.ts';
import type { Session } from '../../worker/session.ts';
import { hospitalOf } from '../../worker/site.ts';
import { type DeviceView, devicesOf } from './calls-devices.ts';

export type Period = 'day' | 'week' | 'month';

/** A time in which a vital sign was outside its range. */
export interface OutsideView {
  readonly side: 'below' | 'above';
  readonly fromMs: number;
  readonly untilMs: number;
  readonly worst: number;
  readonly isOver: boolean;
}

/** One vital sign, as it is drawn and as its table has it: a step is a reading, or an hour of them. */
export interface CurveView {
  readonly vital: Curve['vital'];
  readonly unit: string;
  readonly low: number | undefined;
  readonly high: number | undefined;
  /** The person's own, in place of the usual one; undefined: it is not hers to set. */
  readonly isOwnRange: boolean | undefined;
  readonly steps: Curve['steps'];
  readonly newest: Curve['newest'];
  readonly outside: readonly OutsideView[];
  /** Of the days' medians, a day; undefined: it is no week, or fewer than four days have values. */
  readonly perDay: number | undefined;
}

/** One of the three servers, by its hospital. */
export interface ServerView {
  readonly title: string;
  readonly state: VitalsFound['servers'][number]['state'] | 'tampered';
}

/** What sensors sent in a time, and where it came from. */
export interface VitalsView {
  readonly period: Period;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly curves: readonly CurveView[];
  readonly servers: readonly ServerView[];
  /** Pages from three servers, and from the sealed copies in the record. */
  readonly fromServers: number;
  readonly fromCopies: number;
  /** Days of which not all three answered and no copy stands in the record. */
  readonly missingDays: readonly number[];
  /** Hours that one server proved and that nobody can show. */
  readonly missingHours: number;
  /** Readings that a device counted and that are not here. */
  readonly gaps: readonly { readonly fromMs: number; readonly untilMs: number }[];
  /** Undefined: nothing came in this time. */
  readonly newestMs: number | undefined;
  readonly askedMs: number;
}

export interface OwnVitals {
  /** Undefined: no device was ever added. */
  readonly vitals: VitalsView | undefined;
  readonly devices: readonly DeviceView[];
  readonly studies: number;
}

const hourMs = 3_600_000;
const hoursIn: Readonly<Record<Period, number>> = { day: 24, week: 7 * 24, month: 30 * 24 };

/** The hours of a period up to this one, as the servers are asked. */
function spanOf(period: Period, nowMs: number) {
  const lastHour = Math.floor(nowMs / hourMs);
  return { firstHour: lastHour - hoursIn[period] + 1, lastHour };
}

const own: Call<{ readonly period: Period }, OwnVitals> = async (
  session,
  { period },
  { signal },
) => {
  const held = await registrationOf(session, signal);
  if (held === undefined || held.said.sensors.length === 0)
    return { vitals: undefined, devices: [], studies: 0 };
  const [panel = 1, ...more] = [...new Set(held.said.sensors.flatMap((it) => it.panels))];
  const asked = { panel, more, ...spanOf(period, Date.now()) };
  const found = await session.person.run(readOwnVitals, asked, { ...session.as, signal });
  // Her own limits, where she looks herself.
  const ranges = await session.person.run(
    { name: 'vitals/own-ranges', run: async (ctx) => ownRanges(ctx) },
    undefined,
    session.as,
  );
  return {
    vitals: await viewOf(session, found, period, ranges),
    devices: await devicesOf(session, found, signal),
    studies: held.said.datasets.length,
  };
};

/** As the wallet has it; a server that has not heard of it yet is told by the way. */
async function registrationOf(
  { person, as }: Session,
  signal: AbortSignal,
): Promise<RegistrationHeld | undefined> {
  const options = { ...as, signal };
  const held = await person.run(
    { name: 'vitals/held', run: async (ctx) => heldRegistration(ctx) },
    undefined,
    options,
  );
  if (held === undefined || held.missing.length === 0) return held;
  return person.run(resendRegistration, {}, options).catch((error: unknown) => {
    if (isCoded(error) && error.code !== 'INTERRUPTED') return held;
    throw error;
  });
}

async function viewOf(
  session: Session,
  found: VitalsFound,
  period: Period,
  ranges?: OwnRanges,
): Promise<VitalsView> {
  const askedMs = Date.now();
  const { firstHour, lastHour } = spanOf(period, askedMs);
  const curves = curvesOf(found.pages, period === 'day' ? 'reading' : 'hour', ranges);
  const fromCopies = found.pages.filter(({ from }) => from === 'replica').length;
  const newest = curves.map((it) => it.newest.ms);
  return {
    ...{ period, askedMs, fromMs: firstHour * hourMs, untilMs: (lastHour + 1) * hourMs },
    curves: curves.map((it) => ({
      ...curveView(it, period, lastHour),
      isOwnRange: ranges?.[it.vital].isOwn,
    })),
    servers: await serversOf(session, found.servers),
    ...{ fromCopies, fromServers: found.pages.length - fromCopies },
    missingDays: found.missingDays.map((day) => day * 24 * hourMs),
    missingHours: found.missingHours.length,
    gaps: found.gaps.map(({ afterHour, beforeHour }) => ({
      ...{ fromMs: (afterHour + 1) * hourMs, untilMs: beforeHour * hourMs },
    })),
    newestMs: newest.length === 0 ? undefined : Math.max(...newest),
  };
}

function curveView(curve: Curve, period: Period, lastHour: number): Omit<CurveView, 'isOwnRange'> {
  const { vital, unit, range, steps, newest, crossings, series } = curve;
  return {
    ...{ vital, unit: unitShown(unit), low: range.low, high: range.high, steps, newest },
    outside: crossings.map(({ side, firstHour, lastHour: last, worst, isOver }) => ({
      ...{ side, worst, isOver, fromMs: firstHour * hourMs, untilMs: (last + 1) * hourMs },
    })),
    perDay: period === 'week' ? trendOf(series, Math.floor(lastHour / 24)).slope : undefined,
  };
}

/** By these a server says that what it keeps is not what it kept. */
const tampered: ReadonlySet<string> = new Set(['SERVER_QUARANTINED', 'ROW_TAMPERED']);

/** Each by the name of its hospital, where this app's server says it. */
function serversOf(
  { person, as }: Session,
  servers: VitalsFound['servers'],
): Promise<readonly ServerView[]> {
  const named = servers.map(async ({ server, state, why = '' }): Promise<ServerView> => {
    const row = await person
      .run({ name: 'vitals/server', run: (ctx) => ctx.ledger.knownAccount(server) }, undefined, as)
      .catch(() => undefined);
    const hospital = row && (await hospitalOf(row.organisation).catch(() => undefined));
    const title = hospital?.title ?? server.slice(0, 8);
    return { title, state: tampered.has(why) ? 'tampered' : state };
  });
  return Promise.all(named);
}

/** What was read of a patient's sensors here, by one look each, until the wallet is locked. */
const readHere = new WeakMap<Person, Map<string, ChartVitals>>();

/** Of one patient, newest look first. */
const heldOf = ({ person }: Session, patient: AccountId): ReadonlyMap<string, ChartVitals> =>
  new Map([...(readHere.get(person) ?? [])].filter(([key]) => key.startsWith(patient)));

function hold({ person }: Session, key: string, read: ChartVitals): void {
  const held = readHere.get(person) ?? new Map<string, ChartVitals>();
  held.set(key, read);
  readHere.set(person, held);
}

export interface ChartVitals {
  readonly vitals: VitalsView;
  /** Those that had something. */
  readonly panels: readonly number[];
}

const all: readonly number[] = [1, 2, 3, 4, 5];
/** A look names no more copies than that in a month. */
const mostOfMonth = 4;

/** By one look; what was read here before is shown again without one, unless it is to be looked at `again`. */
const chart: Call<
  { readonly patient: string; readonly period: Period; readonly again: boolean },
  ChartVitals
> = async (session, { patient, period, again }, { signal }) => {
  const account = await patientOf(session, patient, signal);
  const key = `${account} ${period}`;
  const held = heldOf(session, account);
  const before = again ? undefined : held.get(key);
  if (before !== undefined) return before;
  const known = [...held.values()].at(-1)?.panels ?? [];
  const panels = period === 'month' ? [...new Set([...known, ...all])].slice(0, mostOfMonth) : all;
  const [panel = 1, ...more] = panels;
  const { consent } = await sensorGrant(session, account, signal);
  const asked = { consent, panel, more, ...spanOf(period, Date.now()) };
  const found = await session.person.run(readVitals, asked, { ...session.as, signal });
  const read = {
    vitals: await viewOf(session, found, period),
    panels: [...new Set(found.pages.map((it) => it.panel))],
  };
  hold(session, key, read);
  return read;
};

/** The share that lasts longest of those that open what sensors sent. Throws CLASS_NOT_GRANTED. */
async function sensorGrant(session: Session, patient: AccountId, signal: AbortSignal) {
  const grants = await grantsNow(session, patient, signal);
  const [longest] = grants
    .filter((it) => it.state === 'live' && isForTreatment(it) && it.terms.recordIds.length === 0)
    .filter(({ terms }) => terms.readClasses.includes('iot'))
    .toSorted((a, b) => b.notAfterMs - a.notAfterMs);
  if (longest === undefined) throw new CodedError('CLASS_NOT_GRANTED');
  return longest;
}

/** What was read here last of this patient; null: nothing was. Nobody is looked at by it. */
const held: Call<{ readonly patient: string }, VitalsView | null> = async (
  session,
  { patient },
  { signal },
) => {
  const account = await patientOf(session, patient, signal);
  const views = [...heldOf(session, account).values()].map(({ vitals }) => vitals);
  return views.toSorted((a, b) => b.askedMs - a.askedMs)[0] ?? null;
};

/** One's own limits of a vital sign; `bounds` undefined: the usual ones again; null in it: none on that side. */
const limits: Call<
  {
    readonly vital: CurveView['vital'];
    readonly bounds: { readonly low: number | null; readonly high: number | null } | undefined;
  },
  void
> = async ({ person, as }, { vital, bounds }, { signal }) => {
  const change = bounds === undefined ? { vital, isDefault: true as const } : { vital, ...bounds };
  await person.run(setLimits, change, { ...as, signal });
};

export const vitalsCalls = {
  'vitals.own': own,
  'vitals.chart': chart,
  'vitals.held': held,
  'vitals.limits': limits,
};
