import { asServerName, type IncidentFacts } from '../../../api/incident-facts.ts';

import type { GatewayBase } from '../../../gateway/base.ts';
import { definePart } from '../../../gateway/part.ts';
import { accounts } from '../../../gateway/parts/accounts/accounts.ts';
import { organisations } from '../../../ledger/tables/organisations.ts';
import { bytesToHex } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import { decodeAs } from '../../../primitives/shape.ts';

import { type IncidentNotice, incidentNotice } from '../api/incident-notice.ts';
import { mostTold, type ToldIncident } from '../api/routes/incidents-told-get.ts';

import { incidentRowId, statIncidents } from '../ledger/tables/stat-incidents.ts';

const dayMs = 24 * 60 * 60_000;
/** Of one server one person is told so many things a day: more did not happen, and would fill what is kept for her. */
const mostADay = 24;

/** Whom of this hospital's people a data server's incident concerns: each is told once. Source: vitals-tampering.md, rule VT-12. */
export class IncidentNotices {
  readonly #base: GatewayBase;
  readonly #isOurs: (account: AccountId) => boolean;

  constructor(base: GatewayBase, isOurs: (account: AccountId) => boolean) {
    this.#base = base;
    this.#isOurs = isOurs;
  }

  /**
   * Tells those of this hospital. Throws INCIDENT_UNKNOWN: this server has put no such report on the ledger; RATE_LIMITED: somebody
   * was told so often of this server today that she is told no more; the others are told.
   */
  async tell(from: AccountId, payload: Uint8Array): Promise<void> {
    const notice = decodeAs(incidentNotice, payload);
    // The server has seen the block; this gateway may be a moment behind.
    await this.#base.caughtUp();
    const report = bytesToHex(notice.incident);
    // What it began with is what people are told of once: who could make one up would tell them as often as he likes.
    for (const it of [report, notice.began]) await this.#requireOnLedger(from, it);
    const server = await this.#nameOf(from);
    const people = notice.people.filter((it) => this.#isOurs(it));
    const told = people.map((account) => this.#tell(from, account, { ...notice, server }));
    if (told.includes(false)) throw new CodedError('RATE_LIMITED');
  }

  async #requireOnLedger(by: AccountId, report: string): Promise<void> {
    const row = await this.#base.view.row(statIncidents, incidentRowId(by, report));
    if (row === undefined) throw new CodedError('INCIDENT_UNKNOWN');
  }

  /** By the ledger, as letters have it (AL-14): a server could call itself another's name, or a number to call. */
  async #nameOf(server: AccountId): Promise<string> {
    const { view } = this.#base;
    const organisation = (await view.account(server))?.organisation ?? '';
    const { name = '' } = (await view.row(organisations, organisation)) ?? {};
    return asServerName(name) || server.slice(0, 8);
  }

  /** Written down and told in one step, or neither. False: not today. */
  #tell(by: AccountId, account: AccountId, notice: IncidentNotice): boolean {
    const { incident, began, server, fromMs, untilMs, done, source, claimedMac } = notice;
    const facts = { server, fromMs, untilMs, done, source, claimedMac };
    return this.#base.db.transaction('vitals-incidents', () => {
      const isRoom = this.#isKnown(by, account, began) || this.#toldToday(by, account) < mostADay;
      if (isRoom) this.note({ by, account, report: bytesToHex(incident), began, facts });
      return isRoom;
    });
  }

  #isKnown(by: AccountId, account: AccountId, began: string): boolean {
    const row = this.#base.db.get(
      'SELECT 1 FROM vitals_told WHERE said_by = ? AND began = ? AND account = ?',
      ...[by, began, account],
    );
    return row !== undefined;
  }

  #toldToday(by: AccountId, account: AccountId): number {
    const { db, now } = this.#base;
    const row = db.get(
      'SELECT count(*) AS n FROM vitals_told WHERE account = ? AND said_by = ? AND told_ms > ?',
      ...[account, by, now() - dayMs],
    );
    return row?.uint('n') ?? 0;
  }

  /** The same for what this hospital met itself, inside the transaction of what it writes: once for each that it began with. */
  note({ by, account, report, began, facts }: Told): void {
    const { db, causes, now } = this.#base;
    const { server, fromMs, untilMs, done, source, claimedMac } = facts;
    const isNew = db.run(
      'INSERT OR IGNORE INTO vitals_told VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
      ...[account, by, report, began, now(), server, fromMs, untilMs, done, source, claimedMac],
    );
    // Once of one incident: that it is over stands in her report, and is no news.
    if (isNew === 0 || done === 'rebuilt') return;
    causes.tell({ kind: 'incident', account, subject: `${by} ${began}`, facts });
  }

  /** What this account was told of, after that one. Rule VT-27. */
  toldTo(account: AccountId, after: number): ToldIncident[] {
    return this.#base.db
      .all(
        'SELECT * FROM vitals_told WHERE account = ? AND n > ? ORDER BY n LIMIT ?',
        ...[account, after, mostTold],
      )
      .map((row) => ({
        ...{ n: row.uint('n'), by: row.text('said_by') as AccountId, report: row.text('report') },
        ...{ began: row.text('began'), toldMs: row.uint('told_ms'), server: row.text('server') },
        ...{ fromMs: row.uint('from_ms'), untilMs: row.uint('until_ms') },
        done: row.text('done') as ToldIncident['done'],
        ...{ source: row.text('source'), claimedMac: row.text('claimed_mac') },
      }));
  }
}

/** Whom of this hospital's people which report concerns, and what she is told. */
interface Told {
  readonly by: AccountId;
  readonly account: AccountId;
  readonly report: string;
  readonly began: string;
  readonly facts: IncidentFacts;
}

export const incidentNotices = definePart({
  name: 'vitals-incidents',
  store: {
    owner: 'vitals-incidents',
    writes: ['vitals-incidents'],
    migrations: [
      `CREATE TABLE vitals_incidents (
         server TEXT NOT NULL, began TEXT NOT NULL, account TEXT NOT NULL, told_ms INTEGER NOT NULL,
         PRIMARY KEY (server, began, account)
       ) STRICT, WITHOUT ROWID`,
      // Of what was told before, only when is known, and of whom.
      `
CREATE TABLE vitals_told (
  n INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL, said_by TEXT NOT NULL, report TEXT NOT NULL,
  began TEXT NOT NULL, told_ms INTEGER NOT NULL, server TEXT NOT NULL, from_ms INTEGER NOT NULL,
  until_ms INTEGER NOT NULL, done TEXT NOT NULL, source TEXT NOT NULL, claimed_mac TEXT NOT NULL,
  UNIQUE (said_by, began, account)
) STRICT;
CREATE INDEX vitals_told_to ON vitals_told (account, n);
INSERT INTO vitals_told
  SELECT NULL, account, server, began, began, told_ms, '', 0, told_ms, 'quarantined', '', '' FROM vitals_incidents;
DROP TABLE vitals_incidents;`,
    ],
  },
  open: (base, parts) => new IncidentNotices(base, parts.get(accounts).isOurs),
});
