/**
 * Letters with a code that one account had, or may have had, as the alert service keeps them and its gateway reads them.
 * Source: docs/protocol/alerts.md, AL-20.
 */

const dayMs = 24 * 60 * 60_000;
/** So many go in `codesCountMs`, whatever addresses an account names. */
export const codesADay = 3;
export const codesCountMs = dayMs;
/** What a clock ahead wrote is not counted. */
const aheadMs = 2 * dayMs;

/** Below the hospital's folder, beside the gateway's file. */
export const lettersFile = 'alerts/letters.db';

/** `changedMs` of those that count, the newest first; to be asked with the account and `codesWindow`. */
export const codesSentQuery = `
SELECT changedMs FROM letters WHERE account = ? AND channel = 'mail' AND cause = 'test' AND changedMs > ? AND changedMs <= ?
AND (state IN ('doubt', 'handing') OR (state = 'accepted' AND code = 'ADDRESS_UNCONFIRMED'))
ORDER BY changedMs DESC LIMIT ${codesADay}`;

/** After when, and until when, a letter counts now. */
export const codesWindow = (nowMs: number) => [nowMs - codesCountMs, nowMs + aheadMs] as const;

/** From when one goes again, by the times of those that count, the newest first; undefined: one goes now. */
export function codesFromMs(sentMs: readonly number[]): number | undefined {
  const first = sentMs[codesADay - 1];
  return first === undefined ? undefined : first + codesCountMs;
}
