import { hmacSha256, labelledInfo } from '../../../crypto/hash.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import { alertsNames } from '../names.ts';
import type { Cause } from './causes.ts';

/** One thing that is new, in the app's own inbox: what kind, and when; what it was stands where it happened (AL-16). */
export interface InboxEntry {
  /** 16 bytes, the name of its letter: the same again is no other. */
  readonly name: Uint8Array;
  readonly account: AccountId;
  readonly cause: Cause;
  /** When it was written down. */
  readonly atMs: number;
}

/** HMAC-SHA-256 under the key that service and gateway share: nobody else puts news into an inbox. */
export function inboxMac(key: Uint8Array, { name, account, cause, atMs }: InboxEntry): Uint8Array {
  const said = [name, account, cause, atMs];
  return hmacSha256(key, labelledInfo(alertsNames.labels.alertInbox, said));
}

/** Below the hospital's folder, beside the gateway's file. */
export const inboxFile = 'alerts/inbox.db';

export const inboxTable = `
CREATE TABLE IF NOT EXISTS entries (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, name BLOB NOT NULL UNIQUE, account TEXT NOT NULL, cause TEXT NOT NULL, atMs INTEGER NOT NULL,
  mac BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS entries_of ON entries (account, seq);`;
