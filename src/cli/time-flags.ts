import { CodedError } from '../primitives/errors.ts';
import { isOnCalendar, momentOf, monthsLater, zoneHere } from './zoned-time.ts';

/** From when relative times count, and where the calendar is. */
export interface Clock {
  readonly nowMs: number;
  /** Missing: this machine's. */
  readonly zone?: string;
}

const hourMs = 3_600_000;
const unitMs: Readonly<Record<string, number>> = {
  s: 1_000,
  min: 60_000,
  h: hourMs,
  d: 24 * hourMs,
  w: 7 * 24 * hourMs,
};
const unitMonths: Readonly<Record<string, number>> = { mo: 1, y: 12 };
const wholeHour: readonly string[] = ['d', 'w', 'mo', 'y'];

const expected =
  '+30min, +12h, +7d, +2w, +3mo, +1y, 2026-12-24 (midnight here), 2026-12-24T10:00 (here) or an ISO 8601 time with its zone';

/**
 * A moment as people type it: `+7d` (s, min, h, d, w, mo, y), `2026-12-24`, `2026-12-24T10:00`, or ISO 8601 with a zone.
 * Dates and times without a zone are those of the calendar and clock here. What is counted in days and more ends on a
 * whole hour, so that grants of one day share a boundary of keys. `+1m` is refused: a minute to some, a month to others.
 * Throws USAGE. Source: docs/protocol/commands.md, rule CL-9.
 */
export function parseMoment(flag: string, text: string, clock: Clock): number {
  const relative = /^\+(\d{1,6})([a-z]{1,3})$/.exec(text);
  const ms =
    relative === null
      ? absolute(text, clock.zone ?? zoneHere())
      : later(Number(relative[1]), relative[2] ?? '', clock);
  if (ms === 'ambiguous') {
    throw new CodedError('USAGE', {
      problem: `${flag} ${text} could be minutes or months: say ${text.replace(/m$/, 'min')} or ${text.replace(/m$/, 'mo')}`,
    });
  }
  if (ms === undefined || !Number.isSafeInteger(ms) || ms < 0) {
    throw new CodedError('USAGE', { problem: `${flag} is no time; say ${expected}` });
  }
  return ms;
}

function later(count: number, unit: string, { nowMs, zone = zoneHere() }: Clock) {
  if (unit === 'm') return 'ambiguous';
  const [exact, months] = [unitMs[unit], unitMonths[unit]];
  if (exact === undefined && (months === undefined || count * months > 12_000)) return undefined;
  const ms =
    exact === undefined ? monthsLater(nowMs, count * (months ?? 0), zone) : nowMs + count * exact;
  return wholeHour.includes(unit) ? Math.ceil(ms / hourMs) * hourMs : ms;
}

const pattern =
  /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)?)?$/;

function absolute(text: string, zone: string): number | undefined {
  const found = pattern.exec(text);
  if (found === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = found
    .slice(1, 7)
    .map((it) => Number(it ?? 0));
  const wall = { year, month, day, hour, minute, second };
  if (!isOnCalendar(wall)) return undefined;
  return found[7] === undefined ? momentOf(wall, zone) : Date.parse(text);
}

/** Whether it counts from now. */
export const isRelative = (text: string): boolean => text.startsWith('+');

/** What a wallet proposes when nothing is said: a week, to the next whole hour. */
export function proposedEndMs(clock: Clock): number {
  return parseMoment('--until', '+7d', clock);
}
