import { type Cause, causes, isToldOf } from '../api/causes.ts';
import type { Choice } from '../api/choice.ts';
import { codesADay } from '../api/codes-sent.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** After the first try that was told to come later, after the second, ...; then it is given up, and told (AL-9). */
export const pausesMs = [1, 5, 15, 60, 180, 360, 720, 1_440].map((it) => it * minuteMs);

/** When a letter that was put off `attempts` times is tried again; undefined: no more. */
export function retryAtMs(attempts: number, nowMs: number): number | undefined {
  const pause = pausesMs[attempts - 1];
  return pause === undefined ? undefined : nowMs + pause;
}

/** The first of a kind goes at once; what comes within an hour after it goes together (AL-9). */
export const digestMs = hourMs;

/** `lastMs`: when the letter before of the same account, channel and cause was sent. A clock that was set back delays by no more. */
export function firstTryAtMs(lastMs: number | undefined, nowMs: number): number {
  if (lastMs === undefined) return nowMs;
  return Math.max(nowMs, Math.min(lastMs, nowMs) + digestMs);
}

/** No letter waits longer than this by itself: what is due later was written by a clock that has been set back since. */
export const longestPauseMs = 2 * dayMs;

/** When the channel as a whole is tried again after so many times in a row that it was down. */
export function channelPauseMs(failures: number): number {
  return Math.min(1_000 * 2 ** Math.max(0, failures - 1), 5 * minuteMs);
}

export type Verdict =
  | { readonly kind: 'send' }
  | { readonly kind: 'unwanted' }
  | { readonly kind: 'quiet'; readonly untilMs: number };

/** Whether somebody wants to be told of this, and now (AL-3, AL-9). */
export function judge(cause: Cause, choice: Choice, nowMs: number): Verdict {
  if (!isToldOf(cause, choice)) return { kind: 'unwanted' };
  const leftMs = causes[cause].night ? 0 : quietLeftMs(choice, nowMs);
  return leftMs === 0 ? { kind: 'send' } : { kind: 'quiet', untilMs: nowMs + leftMs };
}

/** What may go to an address that is not confirmed (AL-20). `sent`: letters with a code that this account had within `codesCountMs`. */
export function judgeUnconfirmed(
  cause: Cause,
  sent: number,
): 'send' | 'ADDRESS_UNCONFIRMED' | 'RATE_LIMITED' {
  if (cause !== 'test') return 'ADDRESS_UNCONFIRMED';
  return sent < codesADay ? 'send' : 'RATE_LIMITED';
}

/** How long the quiet hours go on; 0: it is not quiet. They may go over midnight. */
function quietLeftMs({ quietFrom, quietUntil, zoneMinutes }: Choice, nowMs: number): number {
  if (quietFrom === quietUntil) return 0;
  const localMs = nowMs + (zoneMinutes - 720) * minuteMs;
  const ofDayMs = ((localMs % dayMs) + dayMs) % dayMs;
  const sinceMs = (ofDayMs - quietFrom * minuteMs + dayMs) % dayMs;
  const lengthMs = ((quietUntil - quietFrom + 1_440) % 1_440) * minuteMs;
  return sinceMs < lengthMs ? lengthMs - sinceMs : 0;
}
