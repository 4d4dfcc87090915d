import type { Call } from '../call.ts';
import {
  type ChartEntry,
  chartLines,
  entriesOf,
  heldLines,
  matches,
  type RecordFilter,
  yearOf,
} from '../chart-lines.ts';
import { type PersonView, peopleOf } from '../people.ts';
import { reach } from '../reach.ts';
import { type LineView, lineViews } from '../record-view.ts';
import type { Session } from '../session.ts';

/** How much there is, and of which kinds and years; the rows themselves are asked for as they come into view. */
export interface RecordView {
  readonly edition: number;
  /** In the whole record, older versions not counted. */
  readonly total: number;
  /** Of the filter. */
  readonly found: number;
  readonly erased: number;
  readonly byOthers: number;
  /** Days of the first and the last entry: `2019`, `2019-05` or `2019-05-14`. */
  readonly first: string | undefined;
  readonly last: string | undefined;
  /** As if no kind were chosen, the largest first. */
  readonly classes: readonly { readonly recordClass: string; readonly count: number }[];
  /** As if no year were chosen, the newest first. */
  readonly years: readonly { readonly year: number; readonly count: number }[];
}

/** One row of the timeline. */
export interface RecordRowView {
  readonly line: LineView;
  readonly day: string;
  readonly isFirstOfDay: boolean;
  readonly isLastOfDay: boolean;
  /** Who wrote it under a share; undefined: its owner brought it. */
  readonly by: PersonView | undefined;
}

/** Asks for what is new. The answer is another one each time that the record is. */
const fresh: Call<void, number> = async (session, _input, { signal, onAsOf }) => {
  if (!reach.isAway) await session.person.catchUp({ ...session.as, signal }).catch(() => undefined);
  const { edition, asOfMs } = await chartLines(session, signal);
  if (asOfMs !== undefined) onAsOf(asOfMs);
  return edition;
};

/** Of what `record.fresh` last learned: typing into the search asks nobody. */
const view: Call<RecordFilter & { readonly edition: number }, RecordView> = async (
  session,
  { edition: _, ...filter },
  { signal },
) => {
  const lines = await heldLines(session, signal);
  const { entries } = lines;
  const live = entries.filter((it) => it.line.state === 'live');
  const inAllClasses = entries.filter(matches({ ...filter, recordClass: undefined }));
  const inAllYears = entries.filter(matches({ ...filter, year: undefined }));
  return {
    edition: lines.edition,
    total: live.length,
    found: entriesOf(lines, filter).length,
    erased: entries.length - live.length,
    byOthers: live.filter((it) => it.line.consent !== undefined).length,
    first: live.at(-1)?.day,
    last: live[0]?.day,
    classes: counted(
      inAllClasses.flatMap(({ line }) => (line.state === 'live' ? (line.recordClass ?? []) : [])),
    )
      .map(([recordClass, count]) => ({ recordClass, count }))
      .toSorted((a, b) => b.count - a.count),
    years: counted(inAllYears.map(yearOf))
      .map(([year, count]) => ({ year, count }))
      .toSorted((a, b) => b.year - a.year),
  };
};

function counted<T>(all: readonly T[]): [T, number][] {
  const counts = new Map<T, number>();
  for (const it of all) counts.set(it, (counts.get(it) ?? 0) + 1);
  return [...counts];
}

/** Some rows of a filter, from the place `from` on. `edition` only tells answers of before from those of now. */
const rows: Call<
  RecordFilter & { readonly edition: number; readonly from: number; readonly count: number },
  readonly RecordRowView[]
> = async (session, { edition: _, from, count, ...filter }, { signal }) => {
  const found = entriesOf(await heldLines(session, signal), filter);
  const some = found.slice(from, from + count);
  const shown = await lineViews(
    session.handles,
    some.map((it) => it.line),
  );
  const byOf = await writersOf(session, some);
  return some.map((entry, i) => ({
    line: shown[i] as LineView,
    day: entry.day,
    isFirstOfDay: found[from + i - 1]?.day !== entry.day,
    isLastOfDay: found[from + i + 1]?.day !== entry.day,
    by: byOf(entry),
  }));
};

async function writersOf(
  session: Session,
  entries: readonly ChartEntry[],
): Promise<(entry: ChartEntry) => PersonView | undefined> {
  const { givenGrants } = session.person;
  const byConsent = new Map<string, (typeof givenGrants)[number]>(
    givenGrants.map((it) => [it.consent, it]),
  );
  const grantOf = ({ line }: ChartEntry) => byConsent.get(line.consent ?? '');
  const personOf = await peopleOf(
    session,
    entries.flatMap((it) => grantOf(it)?.grantee ?? []),
  );
  return (entry) => {
    const grant = grantOf(entry);
    if (grant === undefined) return undefined;
    const person = personOf(grant.grantee);
    return { ...person, name: person.name ?? (grant.granteeName || undefined) };
  };
}

export const recordCalls = { 'record.fresh': fresh, 'record.view': view, 'record.rows': rows };
