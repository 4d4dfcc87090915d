import { CodedError } from '../primitives/errors.ts';
import {
  flagWords,
  isCode,
  isNumber,
  momentOf,
  parseRecordClass,
  type RecordLine,
  spokenName,
  valueForPeople,
} from '../sdk/index.ts';
import { amount, short, table } from './format.ts';
import { isOnCalendar } from './zoned-time.ts';

/** A line with what only the command knows: who it is from. */
export interface ListedLine extends RecordLine {
  readonly by: string;
  /** Of a record that this device kept: when it was last opened while the hospital answered. */
  readonly asOfMs?: number;
}

/** Which lines, and how many. */
export interface Wanted {
  readonly class?: string | undefined;
  /** A day, month or year of the calendar, as records spell it. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly find?: string | undefined;
  readonly code?: string | undefined;
  readonly all?: boolean | undefined;
  readonly limit?: number | undefined;
  readonly allVersions?: boolean | undefined;
}

const shownUnasked = 20;
const noLine = { type: '', code: '', name: '', clinicalDate: '', value: '', unit: '', flag: '' };

/**
 * Which lines of a list are wanted, newest clinical date first; what has none stands where it came into the chart. What
 * was said is judged before there is a list: asking for one may be a look. Throws USAGE, CLASS_UNKNOWN.
 */
export function choosing(wanted: Wanted): (lines: readonly ListedLine[]) => readonly ListedLine[] {
  if (wanted.class !== undefined) parseRecordClass(wanted.class);
  const from = wanted.since === undefined ? undefined : beginOf(wanted.since);
  const to = wanted.until === undefined ? undefined : endOf(wanted.until);
  const word = wanted.find === undefined ? undefined : folded(wanted.find);
  const isWanted = (it: ListedLine): boolean => {
    const at = placeOf(it);
    const said = it.headline ?? noLine;
    return (
      (wanted.allVersions === true || !it.isOlder) &&
      (wanted.class === undefined || it.recordClass === wanted.class) &&
      (from === undefined || at >= from) &&
      (to === undefined || at < to) &&
      (word === undefined || folded(`${said.name} ${said.value} ${said.code}`).includes(word)) &&
      (wanted.code === undefined || isCode(said.code, wanted.code))
    );
  };
  return (lines) =>
    lines.filter(isWanted).sort((a, b) => placeOf(b) - placeOf(a) || b.height - a.height);
}

function placeOf({ headline, timeMs }: RecordLine): number {
  return momentOf(headline?.clinicalDate ?? '') ?? timeMs;
}

/** Without case and accents: `Hämoglobin` is found by `hamo`. */
export function folded(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}

function beginOf(text: string): number {
  const [year, month = 1, day = 1, ...more] = text.split('-').map(Number);
  const isDate = /^\d{4}(-\d\d){0,2}$/.test(text) && year !== undefined && more.length === 0;
  if (!isDate || !isOnCalendar({ year, month, day })) {
    throw new CodedError('USAGE', { problem: `${text} is no date: 2024, 2024-05 or 2024-05-01` });
  }
  return momentOf(text) ?? 0;
}

/** The first moment after a year, month or day. */
function endOf(text: string): number {
  const day = new Date(beginOf(text));
  if (/^\d{4}$/.test(text)) return day.setUTCFullYear(day.getUTCFullYear() + 1);
  if (/^\d{4}-\d{2}$/.test(text)) return day.setUTCMonth(day.getUTCMonth() + 1);
  return day.setUTCDate(day.getUTCDate() + 1);
}

/** How many of them are shown: all to a program, the last twenty to a person. */
export function cutTo(
  lines: readonly ListedLine[],
  { all, limit }: Wanted,
  isJson: boolean,
): { readonly shown: readonly ListedLine[]; readonly more: number } {
  const most = limit ?? (isJson || all === true ? lines.length : shownUnasked);
  return { shown: lines.slice(0, most), more: Math.max(0, lines.length - most) };
}

/** The marks of its line, and those that only the chart knows. */
export function marksOf({ headline, state, isWithdrawn }: RecordLine): readonly string[] {
  const marks = [
    ...(headline?.marks ?? []),
    ...(isWithdrawn ? ['withdrawn'] : []),
    ...(state === 'erased' ? ['erased'] : []),
  ];
  return [...new Set(marks)].sort();
}

/** One line of `--json`. */
export function lineFacts(it: ListedLine): Record<string, unknown> {
  const { name, clinicalDate, value, unit, flag } = it.headline ?? noLine;
  return {
    recordId: it.recordId,
    date: clinicalDate,
    name,
    value,
    unit,
    flag,
    marks: marksOf(it),
    class: it.recordClass ?? '',
    versions: it.versions,
    by: it.by,
    ...(it.asOfMs !== undefined && { asOfMs: it.asOfMs }),
  };
}

/** Columns for people: what turns the meaning stands in the name. */
export function linesTable(lines: readonly ListedLine[]): string {
  return table([
    ['', 'date', 'what', 'value', 'marks', 'class', 'by', 'record'],
    ...lines.map((it, place) => [
      `${place + 1}`,
      (it.headline?.clinicalDate ?? '').slice(0, 10),
      whatIs(it),
      valueText(it),
      marksOf(it).join(', '),
      it.recordClass ?? '',
      it.by,
      short(it.recordId),
    ]),
  ]);
}

function whatIs(it: ListedLine): string {
  if (it.state === 'erased') return '(erased)';
  if (it.headline === undefined) return '(its line does not open; open the record)';
  const name = spokenName(it.headline);
  const begun = name.length > 60 ? `${name.slice(0, 59)}…` : name;
  return it.versions > 1 ? `${begun} (${it.versions} versions)` : begun;
}

/** Number, unit and flag for people: rounded, in words. */
export function valueText({ headline }: Pick<RecordLine, 'headline'>): string {
  if (headline === undefined) return '';
  const { value, unit, flag } = headline;
  const flagged = flag === '' || flag.endsWith('N') ? '' : `(${flagWords(flag)})`;
  return [valueForPeople(value), unit, flagged].filter((it) => it !== '').join(' ');
}

/** `20 of 163; --all shows the rest`. */
export function moreText(shown: number, more: number): string {
  return more === 0
    ? amount(shown, 'record')
    : `${shown} of ${shown + more} records; --all shows the other ${more}`;
}

/** The numbers of one code, oldest first; text and cut values are counted, not drawn. */
export function trendText(lines: readonly ListedLine[]): string {
  const numbers = lines.filter(({ headline }) => isNumber(headline?.value ?? ''));
  const widest = Math.max(...numbers.map(({ headline }) => Math.abs(Number(headline?.value))), 0);
  const rows = numbers.toReversed().map((it) => {
    const bar = widest === 0 ? 0 : Math.round((Math.abs(Number(it.headline?.value)) / widest) * 24);
    const date = (it.headline?.clinicalDate ?? '').slice(0, 10);
    return [date, valueText(it), '#'.repeat(Math.max(1, bar)), marksOf(it).join(', ')];
  });
  const others = lines.length - numbers.length;
  const rest = others === 0 ? '' : `\n${amount(others, 'record')} of this code without a number`;
  return `${table([['date', 'value', '', 'marks'], ...rows])}${rest}`;
}
