import { CodedError } from '../primitives/errors.ts';

const unitMs: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};
const hourMs = 3_600_000;

/**
 * A moment as people type it: `+7d` (from now; s, m, h, d, w), `2026-12-24` (midnight, UTC) or a whole
 * ISO 8601 time. Days and weeks end on a whole hour, so that grants of one day share a boundary of keys.
 * Throws USAGE. Source: docs/protocol/commands.md, rule CL-9.
 */
export function parseMoment(flag: string, text: string, nowMs: number): number {
  const relative = /^\+(\d{1,6})([smhdw])$/.exec(text);
  if (relative !== null) {
    const unit = relative[2] ?? '';
    const ms = nowMs + Number(relative[1]) * (unitMs[unit] ?? 0);
    return unit === 'd' || unit === 'w' ? Math.ceil(ms / hourMs) * hourMs : ms;
  }
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text);
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)?$/.test(text);
  const ms = isDay || isTime ? Date.parse(isDay ? `${text}T00:00:00Z` : text) : Number.NaN;
  if (!Number.isSafeInteger(ms) || ms < 0) {
    throw new CodedError('USAGE', { flag, expected: '+7d, 2026-12-24 or an ISO 8601 time' });
  }
  return ms;
}

/** What a wallet proposes when nothing is said: a week, to the next whole hour. */
export function proposedEndMs(nowMs: number): number {
  return parseMoment('--until', '+7d', nowMs);
}
