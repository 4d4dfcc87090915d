import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { isCoded } from '../../../primitives/errors.ts';
import { parseAccountId } from '../../../primitives/ids.ts';
import { requireAddress } from '../api/choice.ts';
import { type InboxEntry, inboxMac, inboxTable } from '../api/inbox-entry.ts';
import type { Channel, Delivered, Outgoing } from './channel.ts';

/** What one account finds there at most; the oldest goes. */
const mostEntries = 200;
const keptMs = 90 * 24 * 60 * 60_000;

/**
 * The app's own inbox: what is new is written where the gateway finds it, and shows it to whom it is for. One that takes
 * a name only once, so nothing is told twice. Source: docs/protocol/alerts.md, AL-16.
 */
export class InboxChannel implements Channel {
  readonly name = 'inbox';
  readonly atOnce = 16;
  readonly #path: string;
  readonly #key: Uint8Array;
  readonly #waitMs: number;

  constructor(path: string, key: Uint8Array, { waitMs = 2_000 } = {}) {
    this.#path = path;
    this.#key = key;
    this.#waitMs = waitMs;
  }

  async deliver({ address, name, cause, sentMs }: Outgoing): Promise<Delivered> {
    try {
      requireAddress.inbox(address);
      const account = parseAccountId(address);
      this.#write({ name, account, cause, atMs: sentMs });
      return { outcome: 'accepted' };
    } catch (error) {
      if (isCoded(error)) return { outcome: 'never', code: 'ALERT_ADDRESS_WRONG' };
      // A disk that is full, a file that is locked: of everybody alike.
      return { outcome: 'down', code: 'INBOX_UNWRITABLE' };
    }
  }

  /** What is old goes, also of who is told nothing any more. */
  forget(nowMs: number): void {
    if (!existsSync(this.#path)) return;
    const db = new DatabaseSync(this.#path, { timeout: this.#waitMs });
    try {
      db.exec(inboxTable);
      db.prepare('DELETE FROM entries WHERE atMs < ?').run(nowMs - keptMs);
    } finally {
      db.close();
    }
  }

  #write(entry: InboxEntry): void {
    const { name, account, cause, atMs } = entry;
    const db = new DatabaseSync(this.#path, { timeout: this.#waitMs });
    try {
      db.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;');
      db.exec(inboxTable);
      db.exec('BEGIN IMMEDIATE');
      db.prepare('INSERT OR IGNORE INTO entries VALUES (NULL, ?, ?, ?, ?, ?)').run(
        ...[name, account, cause, atMs, inboxMac(this.#key, entry)],
      );
      db.prepare(
        `DELETE FROM entries WHERE account = ? AND (atMs < ? OR seq NOT IN (
           SELECT seq FROM entries WHERE account = ? ORDER BY seq DESC LIMIT ?))`,
      ).run(account, atMs - keptMs, account, mostEntries);
      db.exec('COMMIT');
    } finally {
      db.close();
    }
  }
}
