import { momentOf } from '@salus/salus/sdk/browser';
import type { Call } from '../call.ts';
import { type GrantView, grantViews } from '../grant-view.ts';
import { type PersonView, peopleOf } from '../people.ts';
import { type LineView, lineViews } from '../record-view.ts';
import { asLastSeen } from '../seen.ts';
import type { Session } from '../session.ts';
import { isSheetUntried } from '../ways.ts';

/** Something that happened to this person or her record, the newest first. */
export type NewsView =
  | {
      readonly kind: 'record';
      readonly line: LineView;
      readonly by: PersonView | undefined;
      readonly ms: number;
    }
  | {
      readonly kind: 'refused';
      readonly person: PersonView;
      readonly code: string;
      readonly count: number;
      readonly ms: number;
    };

/** One measurement or result with those before it: the newest value of one code. */
export interface LastValue {
  readonly line: LineView;
  readonly dateMs: number;
  /** Oldest first, at most eight, this one counted. */
  readonly trend: readonly { readonly ms: number; readonly value: number }[];
}

export interface HomeView {
  readonly live: readonly GrantView[];
  readonly refusedSinceMs: number;
  readonly refusals: readonly Extract<NewsView, { kind: 'refused' }>[];
  readonly news: readonly NewsView[];
  readonly lastValues: readonly LastValue[];
  readonly withheld: boolean;
  readonly isTakingBack: boolean;
  /** There is a printed sheet, and nobody knows whether it opens the record. */
  readonly isSheetUntried: boolean;
}

const newsDays = 30;
const mostValues = 4;
/** What people look at first, in this order, then whatever is newest. LOINC. */
const firstCodes = [
  'loinc|85354-9',
  'loinc|55284-4',
  'loinc|8867-4',
  'loinc|29463-7',
  'loinc|4548-4',
];

/** Of these the first come before all others: blood pressure and pulse. */
const leading = 3;

/** Who can read, what happened, and the last values: what a patient comes for. */
const home: Call<void, HomeView> = async (session, _input, { signal }) => {
  const { person, as } = session;
  const options = { ...as, signal };
  await person.catchUp(options).catch(() => undefined);
  const [grants, looked, lines] = await Promise.all([
    person.grants(options),
    person.looked(options),
    person.recordLines(options),
  ]);
  const since = Date.now() - newsDays * 86_400_000;
  const views = await grantViews(session, grants);
  const byConsent = new Map(views.map((it) => [it.consent, it.person]));
  const refused = looked.notices.flatMap((it) =>
    it.kind === 'refusal'
      ? [{ reader: it.reader, code: it.code as string, count: 1, ms: it.refusedMs }]
      : it.kind === 'refusals'
        ? [{ reader: it.reader, code: '', count: it.count, ms: it.lastMs }]
        : [],
  );
  const personOf = await peopleOf(
    session,
    refused.map((it) => it.reader),
  );
  const refusals = refused
    .filter((it) => it.ms >= since)
    .map(({ reader, ...it }) => ({ kind: 'refused' as const, person: personOf(reader), ...it }));
  const shown = await lineViews(
    session.handles,
    lines.filter((it) => !it.isOlder),
  );
  const written = shown
    .filter((it) => it.byConsent !== undefined && it.writtenMs >= since && it.state === 'live')
    .map((line) => ({
      ...{ kind: 'record' as const, line, ms: line.writtenMs },
      by: byConsent.get(line.byConsent ?? ''),
    }));
  return {
    live: views.filter((it) => it.state === 'live').toSorted((a, b) => a.untilMs - b.untilMs),
    refusedSinceMs: since,
    refusals,
    news: [...refusals, ...written].toSorted((a, b) => b.ms - a.ms).slice(0, 8),
    lastValues: lastValues(shown),
    withheld: looked.withheld.length > 0,
    isTakingBack: person.isTakingBack,
    isSheetUntried: isSheetUntried(session),
  };
};

/** The newest value of each code, those that people look at first before others. */
export function lastValues(lines: readonly LineView[]): readonly LastValue[] {
  const byCode = new Map<string, LineView[]>();
  for (const line of lines) {
    if (line.state !== 'live' || line.value === '' || line.code === '' || line.isWithdrawn)
      continue;
    if (line.recordClass !== 'lab' && line.recordClass !== 'vital') continue;
    if (line.marks.includes('entered-in-error')) continue;
    byCode.set(line.code, [...(byCode.get(line.code) ?? []), line]);
  }
  return [...byCode]
    .map(([code, all]) => ({ code, value: lastOf(all) }))
    .toSorted((a, b) => rankOf(a) - rankOf(b) || b.value.dateMs - a.value.dateMs)
    .slice(0, mostValues)
    .map(({ value }) => value);
}

/** Of the last year before older; blood pressure and pulse, then what is out of its range, then the usual ones, then the rest. */
function rankOf({ code, value }: { readonly code: string; readonly value: LastValue }): number {
  const isOld = Date.now() - value.dateMs > 365 * 86_400_000;
  const flag = value.line.flag.replace(/^range:/u, '');
  const at = firstCodes.indexOf(code);
  const usual = at < 0 ? firstCodes.length : at;
  const isOut = flag !== '' && flag !== 'N';
  return (isOld ? 100 : 0) + (usual < leading ? usual : isOut ? leading : leading + usual);
}

function lastOf(all: readonly LineView[]): LastValue {
  const dated = all
    .map((line) => ({ line, dateMs: momentOf(line.clinicalDate) ?? line.writtenMs }))
    .toSorted((a, b) => a.dateMs - b.dateMs);
  const last = dated.at(-1) as (typeof dated)[number];
  const trend = dated.slice(-8).flatMap(({ line, dateMs }) => {
    const value = Number(line.value.split('/')[0]);
    return Number.isFinite(value) && line.unit === last.line.unit ? [{ ms: dateMs, value }] : [];
  });
  return { ...last, trend };
}

/** What was taken back since is known here, whoever answers; a share whose end has come is none any more. */
const homeNow = ({ person }: Session, seen: HomeView): HomeView => ({
  ...seen,
  live: seen.live.filter((it) => Date.now() < it.untilMs),
  isTakingBack: person.isTakingBack,
});

export const homeCalls = { home: asLastSeen('home', home, homeNow) };
