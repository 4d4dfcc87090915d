import type { InboxAnchor, InboxEntry, InboxKind } from '../../../api/inbox.ts';
import { inboxAnchor, inboxKinds } from '../../../api/inbox.ts';
import { decodeInboxMessage, type InboxMessage } from '../../../api/inbox-message.ts';
import { textOfBytes } from '../../../api/message-parts.ts';
import { maxRequestAgeMs } from '../../../api/read-request.ts';
import { decodeSigned } from '../../../api/signed.ts';
import { sha256 } from '../../../crypto/hash.ts';
import { labels } from '../../../crypto/labels.ts';
import { verifyLabelled } from '../../../crypto/signature.ts';
import { bytesToHex } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { type AccountId, parseAccountId } from '../../../primitives/ids.ts';
import { Tally } from '../../../primitives/tally.ts';
import type { GatewayBase } from '../../base.ts';
import { definePart } from '../../part.ts';
import { housekeepingMs } from '../../settings.ts';
import type { Row, Store } from '../../store.ts';
import { makeRoom } from './shares.ts';

const pageSize = 25;

/** What this hospital itself tells an account. */
export interface Notice {
  readonly account: AccountId;
  readonly kind: 'refusal' | 'erased';
  readonly sealed: Uint8Array;
}

/**
 * What waits for an account: sealed messages of others, looks at its records, refused looks and tombstones.
 * A look is stored hidden before the ledger has it and shown when it does; so no crash loses one.
 * Source: docs/protocol/http.md, rule H-11; docs/protocol/reading.md, rule R-7.
 */
export class Inbox {
  readonly #base: GatewayBase;
  readonly #db: Store;
  readonly #sent: Tally;
  readonly #onNotice: ((notice: Notice, id: number) => void)[] = [];

  constructor(base: GatewayBase) {
    this.#base = base;
    this.#db = base.db;
    this.#sent = new Tally(base.now, 60 * 60_000);
  }

  /**
   * The message, once its signature, sender and time are good.
   * Throws CBOR_*, SUITE_UNKNOWN, TYPE_UNKNOWN, BODY_TOO_LARGE, CHAIN_WRONG, REQUEST_STALE, SIGNATURE_WRONG,
   * and as `accountActingWith`.
   */
  async check(travelling: Uint8Array): Promise<InboxMessage> {
    const { view, chainId, now } = this.#base;
    const { bytes, signature } = decodeSigned(travelling);
    const message = decodeInboxMessage(bytes);
    if (message.chainId !== chainId) throw new CodedError('CHAIN_WRONG');
    if (Math.abs(now() - message.sentMs) > maxRequestAgeMs) throw new CodedError('REQUEST_STALE');
    await view.accountActingWith(message.from, message.fromKey);
    if (!(await verifyLabelled(message.fromKey, labels.inboxSign, bytes, signature))) {
      throw new CodedError('SIGNATURE_WRONG');
    }
    return message;
  }

  /**
   * Stores a checked message for an account of this hospital; the same message again changes nothing. Whose share is
   * full gives up his own oldest, and a full inbox the oldest of whoever has most there: so no sender keeps another out.
   * Throws RATE_LIMITED.
   */
  receive(travelling: Uint8Array, message: InboxMessage): void {
    const { now, settings, figures } = this.#base;
    const nowMs = now();
    if (this.#sent.count(message.from) >= settings.messagesPerHour) {
      throw new CodedError('RATE_LIMITED');
    }
    const isNew = this.#db.transaction('inbox', () => {
      this.#db.run('DELETE FROM inbox_seen WHERE seenMs < ?', nowMs - 3 * maxRequestAgeMs);
      const inserted = this.#db.run(
        'INSERT OR IGNORE INTO inbox_seen VALUES (?, ?)',
        ...[sha256(travelling), nowMs],
      );
      if (inserted === 0) return false;
      const { to, from } = message;
      // What is sealed stands in what was signed: kept once, it is cut out again when it is handed out.
      this.#db.run(
        `INSERT INTO inbox (account, kind, receivedMs, sealed, signed, shown, sender, bytes)
         VALUES (?, 'message', ?, x'', ?, 1, ?, ?)`,
        ...[to, nowMs, travelling, from, travelling.length],
      );
      makeRoom(this.#db, { to, from, settings });
      return true;
    });
    if (!isNew) return;
    this.#sent.add(message.from);
    figures.add('inbox_messages_total', 1, { kind: 'message' });
  }

  /** A notice of this hospital; its place on the ledger follows by `setAnchor`. */
  addNotice(notice: Notice): number {
    const { account, kind, sealed } = notice;
    const id = this.#db.insert(
      'INSERT INTO inbox (account, kind, receivedMs, sealed, shown) VALUES (?, ?, ?, ?, 1)',
      ...[account, kind, this.#base.now(), sealed],
    );
    for (const told of this.#onNotice) told(notice, id);
    return id;
  }

  /** Called for each notice in the transaction that stores it, so that what it writes there is neither missing nor twice. */
  onNotice(told: (notice: Notice, id: number) => void): void {
    this.#onNotice.push(told);
  }

  /** Whose message of this number is. */
  accountOf(id: number): AccountId | undefined {
    const row = this.#db.get('SELECT account FROM inbox WHERE id = ?', id);
    return row && parseAccountId(row.text('account'));
  }

  /** Hidden until `showLook`. */
  addHiddenLook(
    account: AccountId,
    entryHash: Uint8Array,
    sealed: Uint8Array,
    isEmergency = false,
  ): void {
    this.#db.transaction('look', () => {
      this.#db.run(
        `INSERT INTO inbox (account, kind, receivedMs, sealed, shown, entryHash, emergency)
         VALUES (?, 'look', ?, ?, 0, ?, ?)`,
        ...[account, this.#base.now(), sealed, entryHash, isEmergency ? 1 : 0],
      );
    });
  }

  /** The ledger has the entry, and the consent was live. Again: no change. */
  showLook(entryHash: Uint8Array, anchor: InboxAnchor): void {
    this.#db.transaction('look', () => {
      const shown = this.#db.run(
        'UPDATE inbox SET shown = 1, anchor = ? WHERE entryHash = ? AND shown = 0',
        ...[JSON.stringify(anchor), entryHash],
      );
      if (shown > 0) this.#tellEmergency(entryHash);
    });
  }

  #tellEmergency(entryHash: Uint8Array): void {
    const row = this.#db.get(
      'SELECT account FROM inbox WHERE entryHash = ? AND emergency = 1',
      entryHash,
    );
    if (row === undefined) return;
    const account = parseAccountId(row.text('account'));
    this.#base.causes.tell({ kind: 'emergency', account, subject: bytesToHex(entryHash) });
  }

  /** The ledger answered that the consent was not live: nothing was handed out. */
  dropHiddenLook(entryHash: Uint8Array): void {
    this.#db.run('DELETE FROM inbox WHERE entryHash = ? AND shown = 0', entryHash);
  }

  setAnchor(id: number, anchor: InboxAnchor): void {
    this.#db.run('UPDATE inbox SET anchor = ? WHERE id = ?', JSON.stringify(anchor), id);
  }

  list(account: AccountId, after: number): { messages: InboxEntry[]; more: boolean } {
    const rows = this.#db.all(
      'SELECT * FROM inbox WHERE account = ? AND shown = 1 AND id > ? ORDER BY id LIMIT ?',
      ...[account, after, pageSize + 1],
    );
    return { messages: rows.slice(0, pageSize).map(entryOf), more: rows.length > pageSize };
  }

  /** Throws NOT_FOUND, also for what is another account's. */
  delete(account: AccountId, id: number): void {
    const gone = this.#db.run(
      'DELETE FROM inbox WHERE account = ? AND id = ? AND shown = 1',
      ...[account, id],
    );
    if (gone === 0) throw new CodedError('NOT_FOUND');
  }

  /** Looks whose transaction never came. */
  purgeHidden(): void {
    const before = this.#base.now() - this.#base.settings.pendingMs;
    this.#db.run('DELETE FROM inbox WHERE shown = 0 AND receivedMs < ?', before);
  }
}

function entryOf(row: Row): InboxEntry {
  const kind = kindOf(row.text('kind'));
  const kept = row.bytes('sealed');
  const sealed =
    kind === 'message' && kept.length === 0
      ? decodeInboxMessage(decodeSigned(row.bytes('signed')).bytes).sealed
      : kept;
  return {
    id: row.uint('id'),
    kind,
    receivedMs: row.uint('receivedMs'),
    sealed: textOfBytes(sealed),
    ...(row.isNull('signed') ? {} : { signed: textOfBytes(row.bytes('signed')) }),
    ...(row.isNull('anchor') ? {} : { anchor: inboxAnchor.parse(JSON.parse(row.text('anchor'))) }),
  };
}

function kindOf(text: string): InboxKind {
  const kind = inboxKinds.find((known) => known === text);
  if (kind === undefined) throw new CodedError('INTERNAL');
  return kind;
}

export const inbox = definePart({
  name: 'inbox',
  store: {
    owner: 'inbox',
    writes: ['inbox', 'look'],
    migrations: [
      `
CREATE TABLE inbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL, kind TEXT NOT NULL, receivedMs INTEGER NOT NULL,
  sealed BLOB NOT NULL, signed BLOB, anchor TEXT, shown INTEGER NOT NULL, entryHash BLOB
) STRICT;
CREATE INDEX inbox_by_account ON inbox (account, id) WHERE shown = 1;
CREATE UNIQUE INDEX inbox_by_entry ON inbox (entryHash) WHERE entryHash IS NOT NULL;
CREATE TABLE inbox_seen (hash BLOB PRIMARY KEY, seenMs INTEGER NOT NULL) STRICT, WITHOUT ROWID;`,
      // Of what came before nobody knows the sender without reading it: each counts as somebody's only message.
      `
ALTER TABLE inbox ADD COLUMN sender TEXT;
ALTER TABLE inbox ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
UPDATE inbox SET sender = 'before ' || id WHERE kind = 'message';
CREATE INDEX inbox_by_sender ON inbox (sender, account, bytes) WHERE kind = 'message';
CREATE INDEX inbox_waiting ON inbox (account, sender) WHERE kind = 'message';`,
      // Of a look that waits for its block: its purpose was an emergency.
      'ALTER TABLE inbox ADD COLUMN emergency INTEGER NOT NULL DEFAULT 0',
    ],
  },
  open: (base) => new Inbox(base),
  metrics: {
    inbox_messages_total: { kind: 'counter', help: 'Messages stored', labels: ['kind'] },
  },
  every: (part) => [
    { what: 'housekeeping', everyMs: housekeepingMs, run: () => part.purgeHidden() },
  ],
});
