import { hmacSha256, labelledInfo } from '../../../crypto/hash.ts';
import { equalBytes } from '../../../primitives/bytes.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import { causeNames } from '../api/causes.ts';
import { channels } from '../api/choice.ts';
import { alertsNames } from '../names.ts';
import { type Letter, letterStates } from './letter.ts';

/** A letter as its row of the file has it; undefined: another hand wrote the row. */
export function letterIn(
  row: Readonly<Record<string, unknown>>,
  key: Uint8Array,
): Letter | undefined {
  const channel = channels.find((it) => it === row.channel);
  const cause = causeNames.find((it) => it === row.cause);
  const state = letterStates.find((it) => it === row.state);
  if (channel === undefined || cause === undefined || state === undefined) return undefined;
  const letter: Letter = {
    ...{ channel, cause, state, id: Number(row.id), name: bytesIn(row.name) },
    ...{ account: String(row.account) as AccountId, count: Number(row.count) },
    ...{ dueMs: Number(row.dueMs), attempts: Number(row.attempts) },
    ...{ code: String(row.code), changedMs: Number(row.changedMs), facts: bytesIn(row.facts) },
  };
  if (![letter.id, letter.count, letter.dueMs, letter.attempts, letter.changedMs].every(isNumber))
    return undefined;
  return equalBytes(macOfLetter(letter, key), bytesIn(row.mac)) ? letter : undefined;
}

/** By which the service knows its own row again. */
export function macOfLetter(letter: Letter, key: Uint8Array): Uint8Array {
  const { id, name, account, channel, cause, count } = letter;
  const { dueMs, attempts, state, code, changedMs, facts } = letter;
  const said = [
    id,
    name,
    account,
    channel,
    cause,
    count,
    dueMs,
    attempts,
    state,
    code,
    changedMs,
    ...(facts.length > 0 ? [facts] : []),
  ];
  return hmacSha256(key, labelledInfo(alertsNames.labels.alertLetterRow, said));
}

/** What gateway and service write; another hand may have written any other (AL-4). */
export const isNumber = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

export const bytesIn = (value: unknown): Uint8Array =>
  value instanceof Uint8Array ? value : new Uint8Array(0);
