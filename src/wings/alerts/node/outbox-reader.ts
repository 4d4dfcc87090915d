import { DatabaseSync } from 'node:sqlite';
import { equalBytes } from '../../../primitives/bytes.ts';
import { isCoded } from '../../../primitives/errors.ts';
import { type AccountId, parseAccountId } from '../../../primitives/ids.ts';
import { causeNames } from '../api/causes.ts';
import { choiceMac, type KeptChoice, type OutboxRow, outboxMac } from '../api/outbox.ts';
import { isNumber } from './letter-row.ts';

/** How far the outbox was read: the last row that was taken. */
export interface Cursor {
  readonly seq: number;
  readonly mac: Uint8Array;
}

/** One row as it was met: what it says when its MAC holds, and whether it follows the row before. */
export interface MetRow {
  readonly seq: number;
  readonly mac: Uint8Array;
  /** Undefined: not what this hospital's gateway wrote. */
  readonly row: OutboxRow | undefined;
}

export interface MetRows {
  readonly rows: readonly MetRow[];
  /** The row at the cursor is another one: the file was set back, and all of it is read again. */
  readonly isSetBack: boolean;
}

/** What the gateway keeps, read beside it. Nothing of it is believed without its MAC (AL-4). */
export class OutboxReader {
  readonly #db: DatabaseSync;
  readonly #key: Uint8Array;

  constructor(path: string, key: Uint8Array) {
    this.#db = new DatabaseSync(path, { readOnly: true, timeout: 2_000, readBigInts: true });
    this.#key = key;
  }

  /** The rows after the cursor, at most `limit`. */
  after(cursor: Cursor, limit: number): MetRows {
    const isSetBack = this.#isSetBack(cursor);
    const from = isSetBack ? 0 : cursor.seq;
    const found = this.#db
      .prepare('SELECT * FROM alerts_outbox WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?')
      .all(from, this.#last(), limit);
    return { isSetBack, rows: found.map((it) => this.#met(it)) };
  }

  /** The first row after the last one that the gateway says it wrote: somebody else did. Undefined: there is none. */
  beyond(): number | undefined {
    const row = this.#db
      .prepare('SELECT min(seq) AS seq FROM alerts_outbox WHERE seq > ?')
      .get(this.#last());
    return row === undefined || row.seq === null ? undefined : Number(row.seq);
  }

  #last(): number {
    return Number(this.#db.prepare('SELECT seq FROM alerts_last').get()?.seq ?? 0);
  }

  #isSetBack({ seq, mac }: Cursor): boolean {
    if (seq === 0) return false;
    if (this.#last() < seq) return true;
    const row = this.#db.prepare('SELECT mac FROM alerts_outbox WHERE seq = ?').get(seq);
    // A row that was taken goes after a time.
    return row !== undefined && !(row.mac instanceof Uint8Array && equalBytes(row.mac, mac));
  }

  #met(found: Readonly<Record<string, unknown>>): MetRow {
    const { seq, id, account, cause, atMs, prev, mac, facts } = found;
    const [place, timeMs] = [Number(seq), Number(atMs)];
    const told = mac instanceof Uint8Array ? mac : new Uint8Array(0);
    const known = causeNames.find((it) => it === cause);
    const who = accountIn(account);
    const isRow = known !== undefined && who !== undefined && isNumber(timeMs) && isNumber(place);
    const hasBytes =
      id instanceof Uint8Array && prev instanceof Uint8Array && facts instanceof Uint8Array;
    if (!isRow || !hasBytes) return { seq: place, mac: told, row: undefined };
    const row = { seq: place, id, account: who, cause: known, atMs: timeMs, prev, facts };
    const isOurs = equalBytes(outboxMac(this.#key, row), told);
    return { seq: place, mac: told, row: isOurs ? row : undefined };
  }

  /** How one account wants to be told. `undefined` in place of one that was put there by another hand. */
  choicesOf(account: AccountId): readonly (KeptChoice | undefined)[] {
    return this.#db
      .prepare('SELECT * FROM alerts_choices WHERE account = ? ORDER BY channel')
      .all(account)
      .map(({ channel, keyId, counter, sealed, mac }) => {
        if (!(sealed instanceof Uint8Array) || !(mac instanceof Uint8Array)) return undefined;
        const kept = {
          ...{ account, sealed, channel: String(channel) },
          ...{ keyId: String(keyId), counter: Number(counter) },
        };
        if (!isNumber(kept.counter)) return undefined;
        return equalBytes(choiceMac(this.#key, kept), mac) ? kept : undefined;
      });
  }

  /** Every choice that holds. */
  choices(): readonly KeptChoice[] {
    const accounts = this.#db.prepare('SELECT DISTINCT account FROM alerts_choices').all();
    return accounts.flatMap(({ account }) =>
      this.choicesOf(String(account) as AccountId).flatMap((it) => it ?? []),
    );
  }

  /** The keys to which somebody's choice is sealed. */
  keysInUse(): ReadonlySet<string> {
    const rows = this.#db
      .prepare('SELECT DISTINCT keyId FROM alerts_choices WHERE length(sealed) > 0')
      .all();
    return new Set(rows.map(({ keyId }) => String(keyId)));
  }

  close(): void {
    this.#db.close();
  }
}

function accountIn(text: unknown): AccountId | undefined {
  try {
    return parseAccountId(String(text));
  } catch (error) {
    if (isCoded(error)) return undefined;
    throw error;
  }
}
