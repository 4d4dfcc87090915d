import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { equalBytes } from '../../../primitives/bytes.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import { type Cause, causeNames } from '../api/causes.ts';
import { type InboxEntry, inboxFile, inboxMac } from '../api/inbox-entry.ts';

export interface InboxRead {
  readonly entries: readonly { readonly cause: Cause; readonly atMs: number }[];
  /** Of other hands than the alert service's. */
  readonly tampered: number;
}

/** What the alert service wrote into one account's inbox, the newest first. The gateway reads only (AL-16). */
export function readInbox(databasePath: string, key: Uint8Array, account: AccountId): InboxRead {
  const path = join(dirname(databasePath), inboxFile);
  if (!existsSync(path)) return { entries: [], tampered: 0 };
  const db = new DatabaseSync(path, { readOnly: true, timeout: 2_000, readBigInts: true });
  try {
    // Made, and nothing written yet.
    const table = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'entries'").get();
    if (table === undefined) return { entries: [], tampered: 0 };
    const rows = db
      .prepare('SELECT * FROM entries WHERE account = ? ORDER BY seq DESC LIMIT 200')
      .all(account);
    const entries = rows.flatMap((row) => entryIn(row, key, account) ?? []);
    return { entries, tampered: rows.length - entries.length };
  } finally {
    db.close();
  }
}

function entryIn(
  { name, cause, atMs, mac }: Readonly<Record<string, unknown>>,
  key: Uint8Array,
  account: AccountId,
): Pick<InboxEntry, 'cause' | 'atMs'> | undefined {
  const known = causeNames.find((it) => it === cause);
  if (known === undefined || !(name instanceof Uint8Array) || !(mac instanceof Uint8Array)) {
    return undefined;
  }
  const entry = { name, account, cause: known, atMs: Number(atMs) };
  if (!Number.isSafeInteger(entry.atMs) || entry.atMs < 0) return undefined;
  return equalBytes(inboxMac(key, entry), mac) ? { cause: known, atMs: entry.atMs } : undefined;
}
