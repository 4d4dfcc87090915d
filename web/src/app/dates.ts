import { comma, isolated, type Language, spokenNow } from './language.ts';

/** Arabic pages use Latin digits, as laboratories print. */
export const locale = (): string => {
  const language = spokenNow();
  return language === 'ar' ? 'ar-u-nu-latn' : language === 'en' ? 'en-GB' : language;
};

/** Making one costs more than using it a thousand times, and a list asks for hundreds. */
const dateFormats = new Map<string, Intl.DateTimeFormat>();
const numberFormats = new Map<string, Intl.NumberFormat>();

function dateFormat(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${locale()} ${JSON.stringify(options)}`;
  const made = dateFormats.get(key) ?? new Intl.DateTimeFormat(locale(), options);
  dateFormats.set(key, made);
  return made;
}

function numberFormat(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `${locale()} ${JSON.stringify(options)}`;
  const made = numberFormats.get(key) ?? new Intl.NumberFormat(locale(), options);
  numberFormats.set(key, made);
  return made;
}

const day = { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' } as const;
const clock = { hour: '2-digit', minute: '2-digit', hour12: false } as const;

const lastMs = 8_640_000_000_000_000 - 86_400_000;
/** What a hospital says may be after all dates that there are: it is said as the last of them, and breaks no page. */
const dated = (ms: number): number => Math.max(-lastMs, Math.min(ms, lastMs));

/** `Thu 26 Nov 2026`: month in letters, in the zone of this device. */
export const dayOf = (ms: number): string => dateFormat(day).format(dated(ms)).replaceAll(',', '');

/** `26 Nov 2026`, for columns. */
export const shortDayOf = (ms: number): string =>
  dateFormat({ day: 'numeric', month: 'short', year: 'numeric' }).format(dated(ms));

/** `Thu 26 Nov 2026, 07:40 EST`: a time is never without its zone. */
export const momentText = (ms: number): string => `${dayOf(ms)}${comma()}${clockText(ms)}`;

/** `07:40 EST`, under a heading that has the day. */
export const clockText = (ms: number): string => `${timeOf(ms)}\u00a0${zoneAt(dated(ms))}`;

/** `07:40`, of today or just before. */
export const timeOf = (ms: number): string => dateFormat(clock).format(dated(ms));

/**
 * A date as a record spells it. A year, a month or a day alone is never shifted by a zone; a moment with a zone is said in
 * the zone of this device. Empty: the record says none.
 */
export function clinicalDay(date: string): string {
  const parts = /^(\d{4})(?:-(\d\d)(?:-(\d\d)(T.*)?)?)?/u.exec(date);
  if (parts === null) return date;
  const [, year = '', month, dayOfMonth, time] = parts;
  if (month === undefined) return year;
  const utc = Date.UTC(Number(year), Number(month) - 1, Number(dayOfMonth ?? '1'));
  const spelled = (options: Intl.DateTimeFormatOptions): string =>
    dateFormat({ ...options, timeZone: 'UTC' }).format(utc);
  if (dayOfMonth === undefined) return spelled({ month: 'short', year: 'numeric' });
  if (time !== undefined && /(Z|[+-]\d\d:\d\d)$/u.test(time)) {
    const ms = Date.parse(date);
    if (!Number.isNaN(ms)) return shortDayOf(ms);
  }
  return spelled({ day: 'numeric', month: 'short', year: 'numeric' });
}

/** A day of the timeline, `2019`, `2019-05` or `2019-05-14`, as a heading and the year beside it; never shifted by a zone. */
export function dayHeading(day: string): { readonly day: string; readonly year: string } {
  const [year = '', month, dayOfMonth] = day.split('-');
  if (month === undefined) return { day: year, year: '' };
  const utc = Date.UTC(Number(year), Number(month) - 1, Number(dayOfMonth ?? '1'));
  const options: Intl.DateTimeFormatOptions =
    dayOfMonth === undefined
      ? { month: 'long' }
      : { weekday: 'short', day: 'numeric', month: 'short' };
  const text = dateFormat({ ...options, timeZone: 'UTC' }).format(utc);
  return { day: text.replaceAll(',', ''), year };
}

/** `today`, `yesterday`, else the date, of a day as a record spells it. */
export function dayInWords(day: string, nowMs: number = Date.now()): string {
  const now = new Date(nowMs);
  const today = Date.UTC(now.getFullYear(), now.getMonth(), now.getDate());
  const that = /^\d{4}-\d\d-\d\d$/u.test(day) ? Date.parse(`${day}T00:00:00Z`) : Number.NaN;
  const days = Math.round((that - today) / 86_400_000);
  if (days !== 0 && days !== -1) return clinicalDay(day);
  return new Intl.RelativeTimeFormat(locale(), { numeric: 'auto' }).format(days, 'day');
}

/** `Nov 2024`, or with its day where the axis spans less than a year: what stands under a chart. */
export function axisDay(ms: number, spanMs: number): string {
  const options: Intl.DateTimeFormatOptions =
    spanMs > 400 * 86_400_000
      ? { month: 'short', year: 'numeric' }
      : spanMs > 2 * 86_400_000
        ? { day: 'numeric', month: 'short' }
        : { hour: '2-digit', minute: '2-digit', hour12: false };
  return dateFormat(options).format(ms);
}

const spelledMoment = /\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)/gu;

/** A text of a record with its moments and its days said as everywhere else; all else in it stays. */
export function datesInText(text: string): string {
  if (/^\d{4}(-\d\d){0,2}$/u.test(text) && text.length > 4) return clinicalDay(text);
  return text.replace(spelledMoment, (spelled) => {
    const ms = Date.parse(spelled.replace(' ', 'T'));
    return Number.isNaN(ms) ? spelled : momentText(ms);
  });
}

/** `18 kB`, in units of a thousand. */
export function sizeText(bytes: number): string {
  const [unit, size] =
    bytes < 1_000
      ? (['byte', bytes] as const)
      : bytes < 1_000_000
        ? (['kilobyte', bytes / 1_000] as const)
        : (['megabyte', bytes / 1_000_000] as const);
  const digits = unit === 'byte' || size >= 10 ? 0 : 1;
  const format = { style: 'unit', unit, unitDisplay: unit === 'byte' ? 'long' : 'short' } as const;
  return numberFormat({ ...format, maximumFractionDigits: digits }).format(size);
}

const yearMs = 365.25 * 86_400_000;

/** Whole years since, from one on: an old value must look old. */
export function yearsOld(ms: number, nowMs: number = Date.now()): number {
  return Math.floor((nowMs - ms) / yearMs);
}

/** Time left as people say it: `7 days`, `3 hours`; of the languages' own plural rules. */
export function timeLeft(ms: number): string {
  const hours = ms / 3_600_000;
  const [unit, count] =
    hours < 1
      ? (['minute', Math.max(0, Math.round(ms / 60_000))] as const)
      : hours < 48
        ? (['hour', Math.round(hours)] as const)
        : hours < 24 * 400
          ? (['day', Math.round(hours / 24)] as const)
          : (['year', Math.round(hours / 24 / 365.25)] as const);
  return numberFormat({ style: 'unit', unit, unitDisplay: 'long' }).format(count);
}

/** `3 seconds ago`, `2 hours ago`; `toMs` not before `fromMs`. */
export function agoText(fromMs: number, toMs: number): string {
  const seconds = Math.round((toMs - fromMs) / 1_000);
  const [unit, count] =
    seconds < 60
      ? (['second', seconds] as const)
      : seconds < 3_600
        ? (['minute', Math.round(seconds / 60)] as const)
        : seconds < 172_800
          ? (['hour', Math.round(seconds / 3_600)] as const)
          : (['day', Math.round(seconds / 86_400)] as const);
  return new Intl.RelativeTimeFormat(locale(), { numeric: 'auto' }).format(-count, unit);
}

/** `A`, `A and B`, `A, B and C`, in the language of the page. */
export const listed = (words: readonly string[]): string =>
  new Intl.ListFormat(locale(), { type: 'conjunction' }).format(words.map(isolated));

/** A zone is called by name where it lies: `EST` by Americans, who are `GMT-5` to the British. */
const neighbours: Readonly<Record<Language, readonly string[]>> = {
  en: ['en-US', 'en-AU', 'en-IN', 'en-ZA'],
  es: ['es-US'],
  ar: [],
};
const zones = new Map<string, string>();

/** `EST`, else what of it is known: `GMT-3`. */
function zoneAt(ms: number): string {
  const language = spokenNow();
  const key = `${language} ${new Date(ms).getTimezoneOffset()}`;
  const known = zones.get(key) ?? unbroken(zoneCalled([locale(), ...neighbours[language]], ms));
  zones.set(key, known);
  return known;
}

function zoneCalled(locales: readonly string[], ms: number): string {
  const [own = '', ...others] = locales.map((it) => zonePart(it, 'short', ms));
  return [own, ...others].find((it) => !isOffset(it)) ?? own;
}

const zonePart = (of: string, timeZoneName: 'short' | 'longOffset', ms: number): string =>
  new Intl.DateTimeFormat(of, { timeZoneName })
    .formatToParts(ms)
    .find((it) => it.type === 'timeZoneName')?.value ?? '';

/** A zone is never half at the end of a line. */
const unbroken = (zone: string): string => zone.replaceAll('-', '\u2011').replaceAll(' ', '\u00a0');

const isOffset = (name: string): boolean => /\d/u.test(name);

/** `EST (GMT-05:00)`; a zone without a name of its own in this language is its offset alone. */
export function zoneName(nowMs: number = Date.now()): string {
  const name = zoneAt(nowMs);
  const offset = zonePart(locale(), 'longOffset', nowMs);
  return isOffset(name) ? offset : `${name} (${offset})`;
}
