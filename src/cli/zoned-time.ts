/**
 * Times as a calendar has them where somebody lives: pure, by the zone's name (`Europe/Zurich`). `Intl` knows the zones of
 * every platform that Salus runs on.
 */

/** A moment on a wall clock: months from 1. */
export interface WallTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour?: number;
  readonly minute?: number;
  readonly second?: number;
}

/** The zone of this machine, as `TZ` or its settings say. */
export function zoneHere(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatIn(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en-US', {
    ...{
      timeZone: zone,
      timeZoneName: 'short',
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
    },
    ...{ day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' },
  });
  formats.set(zone, made);
  return made;
}

/** What a clock in the zone shows, and the zone's short name at that moment. */
export function wallTime(ms: number, zone: string): Required<WallTime> & { readonly name: string } {
  const parts = new Map(
    formatIn(zone)
      .formatToParts(ms)
      .map(({ type, value }) => [type, value]),
  );
  const number = (type: Intl.DateTimeFormatPartTypes) => Number(parts.get(type));
  return {
    ...{ year: number('year'), month: number('month'), day: number('day') },
    ...{ hour: number('hour'), minute: number('minute'), second: number('second') },
    name: parts.get('timeZoneName') ?? zone,
  };
}

/** How far a clock in the zone is before UTC at that moment, in minutes; behind it: less than 0. */
export function minutesBeforeUtc(ms: number, zone: string): number {
  return Math.round((asUtc(wallTime(ms, zone)) - ms) / 60_000);
}

function asUtc(it: WallTime): number {
  const { year, month, day, hour = 0, minute = 0, second = 0 } = it;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/**
 * When a clock in the zone shows this. Of an hour that comes twice the first; of one that is left out, the moment after.
 */
export function momentOf(wall: WallTime, zone: string): number {
  const wanted = asUtc(wall);
  const offsetAt = (ms: number): number => asUtc(wallTime(ms, zone)) - ms;
  const candidates = [wanted - dayMs, wanted + dayMs].map((near) => wanted - offsetAt(near));
  const shown = candidates.filter((ms) => asUtc(wallTime(ms, zone)) === wanted);
  return shown.length > 0 ? Math.min(...shown) : Math.max(...candidates);
}

const dayMs = 24 * 60 * 60_000;

/** So many months later at the same hour; of a day that the month does not have, its last one. */
export function monthsLater(ms: number, months: number, zone: string): number {
  const { year, month, day, hour, minute, second } = wallTime(ms, zone);
  const index = year * 12 + (month - 1) + months;
  const to = { year: Math.floor(index / 12), month: (index % 12) + 1 };
  const last = new Date(Date.UTC(to.year, to.month, 0)).getUTCDate();
  return momentOf({ ...to, day: Math.min(day, last), hour, minute, second }, zone);
}

/** Whether the calendar has this day and hour. */
export function isOnCalendar(wall: WallTime): boolean {
  const date = new Date(asUtc(wall));
  const { year, month, day, hour = 0, minute = 0, second = 0 } = wall;
  return (
    date.getUTCFullYear() === year &&
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    hour < 24 &&
    minute < 60 &&
    second < 60
  );
}
