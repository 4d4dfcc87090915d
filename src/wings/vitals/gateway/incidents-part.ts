import type { GatewayBase } from '../../../gateway/base.ts';
import { definePart } from '../../../gateway/part.ts';
import { accounts } from '../../../gateway/parts/accounts/accounts.ts';
import { bytesToHex } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import { decodeAs } from '../../../primitives/shape.ts';
import { type IncidentNotice, incidentNotice } from '../api/incident-notice.ts';
import { incidentRowId, statIncidents } from '../ledger/tables/stat-incidents.ts';

/** Whom of this hospital's people a data server's incident concerns: each is told once. Source: vitals-tampering.md, rule VT-12. */
export class IncidentNotices {
  readonly #base: GatewayBase;
  readonly #isOurs: (account: AccountId) => boolean;

  constructor(base: GatewayBase, isOurs: (account: AccountId) => boolean) {
    this.#base = base;
    this.#isOurs = isOurs;
  }

  /** Tells those of this hospital. Throws INCIDENT_UNKNOWN: this server has put no such report on the ledger. */
  async tell(from: AccountId, payload: Uint8Array): Promise<void> {
    const { view, caughtUp } = this.#base;
    const notice = decodeAs(incidentNotice, payload);
    // The server has seen the block; this gateway may be a moment behind.
    await caughtUp();
    const id = incidentRowId(from, bytesToHex(notice.incident));
    if ((await view.row(statIncidents, id)) === undefined) throw new CodedError('INCIDENT_UNKNOWN');
    for (const account of notice.people)
      if (this.#isOurs(account)) this.#tell(from, account, notice);
  }

  /** Written down and told in one step, or neither. */
  #tell(server: AccountId, account: AccountId, notice: IncidentNotice): void {
    const { db, causes, now } = this.#base;
    const { began, fromMs, untilMs, done, source, claimedMac } = notice;
    db.transaction('vitals-incidents', () => {
      const isNew = db.run(
        'INSERT OR IGNORE INTO vitals_incidents VALUES (?, ?, ?, ?)',
        ...[server, began, account, now()],
      );
      if (isNew === 0) return;
      const facts = { server: notice.server, fromMs, untilMs, done, source, claimedMac };
      causes.tell({ kind: 'incident', account, subject: `${server} ${began}`, facts });
    });
  }
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
    ],
  },
  open: (base, parts) => new IncidentNotices(base, parts.get(accounts).isOurs),
});
