import { hmacSha256, labelledHash, labelledInfo } from '../../../crypto/hash.ts';
import { utf8 } from '../../../primitives/bytes.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import { alertsNames } from '../names.ts';
import type { Cause } from './causes.ts';

const { labels } = alertsNames;

/** One cause, as the gateway wrote it down in the transaction of what caused it (docs/protocol/alerts.md, AL-1). */
export interface OutboxRow {
  /** Counts up from 1. */
  readonly seq: number;
  /** Names the cause: the same cause has the same id, however often it is met (AL-2). */
  readonly id: Uint8Array;
  readonly account: AccountId;
  readonly cause: Cause;
  readonly atMs: number;
  /** Of an incident: what its letter says (AL-14); empty: nothing. */
  readonly facts: Uint8Array;
  /** The MAC of the row before; 32 zeros before the first. */
  readonly prev: Uint8Array;
}

export const noRow = new Uint8Array(32);

/** SHA-256(label ‖ 0x00 ‖ cause ‖ 0x00 ‖ account ‖ 0x00 ‖ subject): which look, which grant, which transaction. */
export function causeId(cause: Cause, account: AccountId, subject: string): Uint8Array {
  return labelledHash(labels.alertCause, utf8(`${cause}\0${account}\0${subject}`));
}

/** HMAC-SHA-256 over all that a row says, so that no other hand writes, changes or reorders rows (AL-4). */
export function outboxMac(key: Uint8Array, row: OutboxRow): Uint8Array {
  const { seq, id, account, cause, atMs, prev, facts } = row;
  const said = [seq, id, account, cause, atMs, prev, ...(facts.length > 0 ? [facts] : [])];
  return hmacSha256(key, labelledInfo(labels.alertOutbox, said));
}

/** What an account asked for, as its gateway keeps it: sealed to the alert service. */
export interface KeptChoice {
  readonly account: AccountId;
  readonly channel: string;
  readonly keyId: string;
  readonly counter: number;
  readonly sealed: Uint8Array;
}

/** So that nobody puts an address of his own, or an older one, in the place of another (AL-4). */
export function choiceMac(key: Uint8Array, choice: KeptChoice): Uint8Array {
  const { account, channel, keyId, counter, sealed } = choice;
  const context = [account, channel, keyId, counter, sealed];
  return hmacSha256(key, labelledInfo(labels.alertChoice, context));
}
