import type { GatewayBase } from '../../../gateway/base.ts';
import type { Row } from '../../../gateway/store.ts';
import { equalBytes } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { AccountId, ConsentId } from '../../../primitives/ids.ts';
import { Tally } from '../../../primitives/tally.ts';
import type { Cause } from '../api/causes.ts';
import { noFacts } from '../api/incident-facts.ts';
import { causeId, choiceMac, type KeptChoice, noRow, outboxMac } from '../api/outbox.ts';

const dayMs = 24 * 60 * 60_000;
/** Who looks for what was told finds it in the app; the alert service has taken it long before. */
const keptMs = 90 * dayMs;

/** Of which ends people are told, and how soon before. Rule AL-3. */
export interface GrantEnds {
  /** A grant that was given for less ends as its giver expects. */
  readonly longGrantMs: number;
  readonly soonMs: number;
}
export const grantEnds: GrantEnds = { longGrantMs: 6 * dayMs, soonMs: 3 * dayMs };
/** Whoever tries out a way needs few. */
const triesADay = 24;
/** Devices go on by one; a file that was set back may have missed some. */
const farthestAhead = 1_000_000;
/** The next one is a number still. */
const farthestSeq = Number.MAX_SAFE_INTEGER - 1;
/** One that another hand put there, which is none of a device's, keeps her from nothing. */
const counterHeld = `CASE WHEN counter BETWEEN 0 AND ${farthestSeq} THEN counter ELSE 0 END AS counter`;

/**
 * What this hospital's people are to be told, written down in the transaction of what causes it, and how they want to
 * be told, sealed: the gateway knows neither an address nor what somebody chose.
 * Source: docs/protocol/alerts.md, rules AL-1, AL-2, AL-4, AL-8.
 */
export class Outbox {
  readonly #base: GatewayBase;
  readonly #ends: GrantEnds;
  readonly #tries: Tally;

  constructor(base: GatewayBase, ends: GrantEnds = grantEnds) {
    this.#base = base;
    this.#ends = ends;
    this.#tries = new Tally(base.now, dayMs);
  }

  /** Once for each `subject`; nothing for who does not want to be told, nor where the key is not there: what happened stands in the app. Inside the caller's transaction, if there is one. */
  add(cause: Cause, account: AccountId, subject: string, facts: Uint8Array = noFacts): void {
    const { db, now, wingKey } = this.#base;
    if (wingKey === undefined) return;
    db.transaction('alerts', () => {
      const wants = db.get(
        'SELECT 1 FROM alerts_choices WHERE account = ? AND length(sealed) > 0 LIMIT 1',
        account,
      );
      if (wants !== undefined) this.#append(cause, account, { subject, facts, atMs: now() });
    });
  }

  /** A letter that she asks for. Throws ALERT_TRIES_OVER: so many today; each row is kept as long as those of others. */
  tryOut(account: AccountId, subject: string): void {
    if (!this.#tries.take(account, triesADay)) throw new CodedError('ALERT_TRIES_OVER');
    this.add('test', account, subject);
  }

  #append(
    cause: Cause,
    account: AccountId,
    {
      subject,
      facts,
      atMs,
    }: { readonly subject: string; readonly facts: Uint8Array; readonly atMs: number },
  ): void {
    const { db, figures } = this.#base;
    const id = causeId(cause, account, subject);
    if (db.get('SELECT 1 FROM alerts_outbox WHERE id = ?', id) !== undefined) return;
    // A number of another hand must not stop the block that is indexed: the outbox begins anew, and its service tells.
    const last = db.get('SELECT seq, mac FROM alerts_last WHERE seq BETWEEN 0 AND ?', farthestSeq);
    const seq = (last?.uint('seq') ?? 0) + 1;
    const prev = last?.bytes('mac') ?? noRow;
    const mac = outboxMac(this.#key(), { seq, id, account, cause, atMs, prev, facts });
    db.run(
      // In the place of one that somebody else put there, which must not stop the block that is indexed.
      'INSERT OR REPLACE INTO alerts_outbox VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      ...[seq, id, account, cause, atMs, prev, mac, facts],
    );
    db.run('INSERT OR REPLACE INTO alerts_last VALUES (1, ?, ?)', seq, mac);
    figures.add('written_total', 1, { cause });
  }

  /** Throws ALERTS_OFF: this home has no alert service. */
  #key(): Uint8Array {
    const { wingKey } = this.#base;
    if (wingKey === undefined) throw new CodedError('ALERTS_OFF');
    return wingKey;
  }

  /** Throws ALERT_CHOICE_OLD, REQUEST_INVALID (too far ahead), ALERTS_OFF. The same again changes nothing. */
  choose(kept: KeptChoice): void {
    const { db, now } = this.#base;
    const { account, channel, keyId, counter, sealed } = kept;
    const mac = choiceMac(this.#key(), kept);
    db.transaction('alerts', () => {
      const row = db.get(
        `SELECT ${counterHeld}, mac FROM alerts_choices WHERE account = ? AND channel = ?`,
        ...[account, channel],
      );
      const isSame = row !== undefined && equalBytes(row.bytes('mac'), mac);
      if (isSame) return;
      if ((row?.uint('counter') ?? -1) >= counter) throw new CodedError('ALERT_CHOICE_OLD');
      // Who had her session once must leave a counter behind that she can go beyond: to end it takes one, too.
      if (counter > (row?.uint('counter') ?? 0) + farthestAhead)
        throw new CodedError('REQUEST_INVALID', { at: 'counter' });
      db.run(
        'INSERT OR REPLACE INTO alerts_choices VALUES (?, ?, ?, ?, ?, ?, ?)',
        ...[account, channel, keyId, counter, sealed, now(), mac],
      );
    });
  }

  /** The address goes; its counter stays, so that no older choice is ever taken for a newer one, unless there is no key to bind it. */
  forget(account: AccountId, channel: string): void {
    const { db, wingKey } = this.#base;
    const held = this.chosen(account).find((it) => it.channel === channel);
    if (held?.isSet !== true) return;
    const { keyId, counter } = held;
    const sealed = new Uint8Array(0);
    if (wingKey !== undefined)
      this.choose({ account, channel, keyId, counter: counter + 1, sealed });
    else {
      db.run('DELETE FROM alerts_choices WHERE account = ? AND channel = ?', account, channel);
    }
    db.forgetDeleted();
  }

  chosen(account: AccountId): {
    readonly channel: string;
    readonly keyId: string;
    readonly counter: number;
    readonly isSet: boolean;
    /** False: another hand was at it, so that nothing is sent to it. */
    readonly isWhole: boolean;
  }[] {
    const { db, wingKey } = this.#base;
    return db
      .all(
        `SELECT channel, keyId, ${counterHeld}, sealed, mac FROM alerts_choices WHERE account = ?`,
        account,
      )
      .map((row) => {
        const sealed = row.bytes('sealed');
        const held = {
          ...{ channel: row.text('channel'), keyId: row.text('keyId') },
          counter: row.uint('counter'),
        };
        const mac = wingKey && choiceMac(wingKey, { account, sealed, ...held });
        const isWhole = mac !== undefined && equalBytes(row.bytes('mac'), mac);
        return { ...held, isSet: sealed.length > 0, isWhole };
      });
  }

  granted(grant: {
    readonly account: AccountId;
    readonly consent: ConsentId;
    readonly timeMs: number;
    readonly notAfterMs: number;
  }): void {
    const { account, consent, timeMs, notAfterMs } = grant;
    const isLong = notAfterMs - timeMs >= this.#ends.longGrantMs;
    this.#base.db.run(
      'INSERT OR IGNORE INTO alerts_grants VALUES (?, ?, ?, 0, ?)',
      ...[consent, account, notAfterMs, isLong ? 0 : 1],
    );
  }

  revoked(consent: ConsentId): void {
    this.#base.db.run('DELETE FROM alerts_grants WHERE consent = ?', consent);
  }

  /** The first look under a grant is one by somebody new. */
  looked(consent: ConsentId): void {
    const { db } = this.#base;
    const row = db.get(
      'SELECT account FROM alerts_grants WHERE consent = ? AND looked = 0',
      consent,
    );
    if (row === undefined) return;
    db.run('UPDATE alerts_grants SET looked = 1 WHERE consent = ?', consent);
    this.add('look', row.text('account') as AccountId, consent);
  }

  /** Tells of grants that end soon, and drops what has ended or was taken long ago. */
  turn(): void {
    const { db, now } = this.#base;
    const nowMs = now();
    const { soonMs } = this.#ends;
    const ending = db.all(
      'SELECT consent, account FROM alerts_grants WHERE endTold = 0 AND notAfterMs > ? AND notAfterMs <= ? LIMIT 1000',
      ...[nowMs, nowMs + soonMs],
    );
    for (const row of ending) this.#endsSoon(row);
    db.run('DELETE FROM alerts_grants WHERE notAfterMs < ?', nowMs - soonMs);
    db.run('DELETE FROM alerts_outbox WHERE atMs < ?', nowMs - keptMs);
  }

  #endsSoon(row: Row): void {
    const { db } = this.#base;
    const consent = row.text('consent');
    db.transaction('alerts', () => {
      db.run('UPDATE alerts_grants SET endTold = 1 WHERE consent = ?', consent);
      this.add('grant-ends', row.text('account') as AccountId, consent);
    });
  }

  /** Rows that are kept. */
  count(): number {
    return this.#base.db.get('SELECT count(*) AS n FROM alerts_outbox')?.uint('n') ?? 0;
  }
}

export const outboxTables = `
CREATE TABLE alerts_choices (
  account TEXT NOT NULL, channel TEXT NOT NULL, keyId TEXT NOT NULL, counter INTEGER NOT NULL, sealed BLOB NOT NULL,
  setMs INTEGER NOT NULL, mac BLOB NOT NULL, PRIMARY KEY (account, channel)
) STRICT;
CREATE TABLE alerts_outbox (
  seq INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, account TEXT NOT NULL, cause TEXT NOT NULL, atMs INTEGER NOT NULL,
  prev BLOB NOT NULL, mac BLOB NOT NULL
) STRICT;
CREATE TABLE alerts_last (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, mac BLOB NOT NULL) STRICT;
CREATE TABLE alerts_grants (
  consent TEXT PRIMARY KEY, account TEXT NOT NULL, notAfterMs INTEGER NOT NULL, looked INTEGER NOT NULL,
  endTold INTEGER NOT NULL
) STRICT, WITHOUT ROWID;`;

/** Rows that stood there before have none. */
export const outboxFacts = "ALTER TABLE alerts_outbox ADD COLUMN facts BLOB NOT NULL DEFAULT x''";
