import {
  isCoded,
  momentOf,
  type Person,
  type RecordId,
  type RecordLine,
  spokenName,
  valueForPeople,
} from '@salus/salus/sdk/browser';
import { AppError } from './call.ts';
import { forgetSeen, keepSeen, orFromDevice, seenBefore } from './seen.ts';
import type { Session } from './session.ts';

/** What of the record is looked at; it lives in memory alone, here and in the page. */
export interface RecordFilter {
  /** Undefined: all kinds. */
  readonly recordClass: string | undefined;
  readonly year: number | undefined;
  /** Looked for in name, value, unit and code; each of its words has to be there. */
  readonly text: string;
}

/** A line with where it stands in time. */
export interface ChartEntry {
  readonly line: RecordLine;
  /** `2019`, `2019-05` or `2019-05-14`: as exact as the record is; of a moment the day in the zone of this device. */
  readonly day: string;
  readonly ms: number;
}

/** The record that is shown of the open wallet as a list, newest day first; older versions are folded into the newest. */
export interface ChartLines {
  readonly account: string;
  /** Another one each time that something in it is another. */
  readonly edition: number;
  readonly entries: readonly ChartEntry[];
  readonly byId: ReadonlyMap<string, RecordLine>;
  readonly all: readonly RecordLine[];
  /** As this device saw it then, for no hospital could be asked; undefined: it is as it is now. */
  readonly asOfMs: number | undefined;
}

const held = new WeakMap<Person, ChartLines>();
const filtered = new WeakMap<ChartLines, { key: string; found: readonly ChartEntry[] }>();

/** Asks for what is new; of a hospital that cannot be reached what it said last. */
export async function chartLines(session: Session, signal?: AbortSignal): Promise<ChartLines> {
  const { person } = session;
  const { account } = session.account;
  const { all, asOfMs } = await linesNow(session, signal);
  const before = held.get(person);
  if (before?.account === account && isSame(before.all, all)) {
    const same = before.asOfMs === asOfMs ? before : { ...before, asOfMs };
    if (asOfMs === undefined)
      void keepSeen(session, { of: person, word: seenWord(session), value: before.all });
    held.set(person, same);
    return same;
  }
  const lines: ChartLines = {
    account,
    edition: (before?.edition ?? 0) + 1,
    all,
    asOfMs,
    byId: new Map(all.map((it) => [it.recordId, it])),
    entries: all
      .filter((it) => !it.isOlder)
      .map(entryOf)
      .sort((a, b) => (a.day < b.day ? 1 : a.day > b.day ? -1 : b.ms - a.ms)),
  };
  held.set(person, lines);
  if (asOfMs === undefined)
    void keepSeen(session, { of: person, word: seenWord(session), value: all });
  return lines;
}

/** Of the account that acts. */
const seenWord = ({ as }: Session): string => `${as.as} record lines`;

/** What was erased since this device saw it last is named by nothing that it keeps. */
async function letGoOfGone(session: Session, all: readonly RecordLine[]): Promise<void> {
  const before =
    held.get(session.person)?.all ??
    (await seenBefore<readonly RecordLine[]>(session, seenWord(session)))?.value ??
    [];
  const live = new Set(all.flatMap((it) => (it.state === 'live' ? it.recordId : [])));
  const isGone = before.some((it) => it.state === 'live' && !live.has(it.recordId));
  if (isGone) await forgetSeen(session, 'home', 'looked');
}

/** Who holds an unlocked wallet and no network sees what was in the record when it was last looked at. */
function linesNow(
  session: Session,
  signal?: AbortSignal,
): Promise<Pick<ChartLines, 'all' | 'asOfMs'>> {
  return orFromDevice<Pick<ChartLines, 'all' | 'asOfMs'>>(
    async () => {
      const all = await session.person.recordLines({ ...session.as, signal });
      await letGoOfGone(session, all);
      return { all, asOfMs: undefined };
    },
    async () => {
      const seen = await seenBefore<readonly RecordLine[]>(session, seenWord(session));
      return seen === undefined ? undefined : { all: seen.value, asOfMs: seen.asOfMs };
    },
  );
}

/** As it was last told; asks where it never was. */
export async function heldLines(session: Session, signal?: AbortSignal): Promise<ChartLines> {
  const before = held.get(session.person);
  return before?.account === session.account.account ? before : chartLines(session, signal);
}

/** Those of a filter, newest first: the same ones are not looked for twice. */
export function entriesOf(lines: ChartLines, filter: RecordFilter): readonly ChartEntry[] {
  const key = [filter.recordClass, filter.year, filter.text].join('\n');
  const before = filtered.get(lines);
  if (before?.key === key) return before.found;
  const found = lines.entries.filter(matches(filter));
  filtered.set(lines, { key, found });
  return found;
}

/** Whether an entry is among those of a filter. */
export function matches({ recordClass, year, text }: RecordFilter): (entry: ChartEntry) => boolean {
  const words = plain(text)
    .split(/\s+/u)
    .filter((it) => it !== '');
  return (entry) =>
    (recordClass === undefined || entry.line.recordClass === recordClass) &&
    (year === undefined || yearOf(entry) === year) &&
    (words.length === 0 || words.every((word) => textOf(entry.line).includes(word)));
}

export const yearOf = ({ day }: ChartEntry): number => Number(day.slice(0, 4));

/**
 * The record that a path means. After a reload nothing was listed yet, so the whole record is asked for first.
 * Throws HANDLE_UNKNOWN, LOCKED.
 */
export async function recordOf(
  session: Session,
  handle: string,
  signal?: AbortSignal,
): Promise<{ readonly recordId: RecordId; readonly line: RecordLine | undefined }> {
  const { handles } = session;
  if (!handles.has(handle)) {
    const { all } = await chartLines(session, signal);
    for (const { recordId } of all) await handles.of(recordId);
  }
  const recordId = handles.idOf(handle) as RecordId;
  const { byId } = await heldLines(session, signal);
  const line = byId.get(recordId) ?? (await chartLines(session, signal)).byId.get(recordId);
  return { recordId, line };
}

/** Codes of what a hospital served and what did not hold: it is not shown, and the page says who served it. */
export const isNotBelieved = (error: unknown): error is { readonly code: string } =>
  (
    [
      ...(['ITEM_FORGED', 'BLOB_CORRUPT', 'ITEM_HEADER_CORRUPT', 'PROOF_INVALID'] as const),
      ...(['GATEWAY_LIED', 'RECEIPT_INVALID', 'CARRIER_INVALID', 'HEADER_INVALID'] as const),
    ] as const
  ).some((code) => isCoded(error, code)) && !(error instanceof AppError);

function entryOf(line: RecordLine): ChartEntry {
  const date = line.headline?.clinicalDate ?? '';
  const parts = /^(\d{4})(?:-(\d\d)(?:-(\d\d)(T.*)?)?)?/u.exec(date);
  const ms = momentOf(date) ?? line.timeMs;
  if (parts === null || line.state === 'erased') return { line, day: localDay(line.timeMs), ms };
  const [whole, year = '', month, dayOfMonth, time] = parts;
  if (time !== undefined && /(Z|[+-]\d\d:\d\d)$/u.test(whole)) {
    return { line, day: localDay(ms), ms };
  }
  return { line, day: [year, month, dayOfMonth].filter((it) => it !== undefined).join('-'), ms };
}

function localDay(ms: number): string {
  const at = new Date(ms);
  const two = (it: number): string => String(it).padStart(2, '0');
  return `${String(at.getFullYear()).padStart(4, '0')}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

const texts = new WeakMap<RecordLine, string>();

function textOf(line: RecordLine): string {
  const before = texts.get(line);
  if (before !== undefined) return before;
  const { headline } = line;
  const text =
    headline === undefined
      ? ''
      : plain(
          [
            spokenName(headline),
            headline.value,
            valueForPeople(headline.value),
            headline.unit,
            headline.code,
          ].join(' '),
        );
  texts.set(line, text);
  return text;
}

/** Small letters without their marks: `Hämo` is found by `hamo`. */
const plain = (text: string): string =>
  text.normalize('NFKD').replace(/\p{M}/gu, '').toLocaleLowerCase();

/** Headlines are opened once for each row, so the same line says the same. */
function isSame(before: readonly RecordLine[], now: readonly RecordLine[]): boolean {
  return (
    before.length === now.length &&
    now.every((it, i) => {
      const was = before[i];
      return (
        was?.recordId === it.recordId &&
        was.state === it.state &&
        isSameLine(was.headline, it.headline) &&
        was.versions === it.versions &&
        was.isOlder === it.isOlder &&
        was.isWithdrawn === it.isWithdrawn
      );
    })
  );
}

/** What came back from the disk is the same line in another place of memory. */
const isSameLine = (was: RecordLine['headline'], now: RecordLine['headline']): boolean =>
  was === now || JSON.stringify(was) === JSON.stringify(now);
