import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { isCoded } from '../../../primitives/errors.ts';
import { parseAccountId } from '../../../primitives/ids.ts';
import { noGuard } from '../../../primitives/row-guard.ts';
import { requireAddress } from '../api/choice.ts';
import { type InboxEntry, inboxMac, inboxTable } from '../api/inbox-entry.ts';
import type { Channel, Delivered, Outgoing } from './channel.ts';
import type { FileBinding } from './letter-store.ts';

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
  readonly #binding: FileBinding;
  #isLookedAt = false;

  constructor(
    path: string,
    key: Uint8Array,
    {
      waitMs = 2_000,
      binding = { guard: noGuard, told: () => {} },
    }: { readonly waitMs?: number; readonly binding?: FileBinding } = {},
  ) {
    this.#path = path;
    this.#key = key;
    this.#waitMs = waitMs;
    this.#binding = binding;
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
    this.#whole((db) => db.prepare('DELETE FROM entries WHERE atMs < ?').run(nowMs - keptMs));
  }

  #write(entry: InboxEntry): void {
    const { name, account, cause, atMs } = entry;
    this.#whole((db) => {
      dropImpossible(db);
      db.prepare('INSERT OR IGNORE INTO entries VALUES (NULL, ?, ?, ?, ?, ?)').run(
        ...[name, account, cause, atMs, inboxMac(this.#key, entry)],
      );
      db.prepare(
        `DELETE FROM entries WHERE account = ? AND (atMs < ? OR seq NOT IN (
           SELECT seq FROM entries WHERE account = ? ORDER BY seq DESC LIMIT ?))`,
      ).run(account, atMs - keptMs, account, mostEntries);
    });
  }

  /** All of `work` or nothing of it. */
  #whole(work: (db: DatabaseSync) => unknown): void {
    const db = new DatabaseSync(this.#path, { timeout: this.#waitMs });
    try {
      db.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;');
      db.exec('BEGIN IMMEDIATE');
      // With the file: a scrub beside this sees none that is not bound.
      db.exec(inboxTable);
      this.#bind(db);
      work(db);
      db.exec('COMMIT');
      this.#isLookedAt = true;
    } finally {
      db.close();
    }
  }

  /**
   * What this process writes is bound. What another hand wrote before it is told once, when the file is opened first, and what
   * is left is bound as it is: an entry whose own MAC does not hold is still left out by who reads. Rule SR-11.
   */
  #bind(db: DatabaseSync): void {
    const { guard, told } = this.#binding;
    const wrong = this.#isLookedAt ? [] : guard.unbound(db);
    guard.open(db);
    for (const it of wrong) told(it);
    if (wrong.length > 0) guard.settle(db);
  }
}

/** After an entry that another hand gave the last number there is none could be made. */
function dropImpossible(db: DatabaseSync): void {
  const last = Number.MAX_SAFE_INTEGER;
  db.prepare('DELETE FROM entries WHERE seq > ?').run(last);
  db.prepare(
    "UPDATE sqlite_sequence SET seq = (SELECT coalesce(max(seq), 0) FROM entries) WHERE name = 'entries' AND seq > ?",
  ).run(last);
}
