import { verifyLabelled } from '../../../crypto/signature.ts';
import type { GatewayBase } from '../../../gateway/base.ts';
import { definePart } from '../../../gateway/part.ts';
import { accounts } from '../../../gateway/parts/accounts/accounts.ts';
import { bytesToHex, equalBytes } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { type AccountId, idBytes } from '../../../primitives/ids.ts';
import { decodeAs } from '../../../primitives/shape.ts';
import { type IncidentNotice, incidentNotice, incidentWord } from '../api/incident-notice.ts';
import { statementLabel } from '../api/notice.ts';
import { signedStatement, statement } from '../api/statement.ts';
import { incidentRowId, statIncidents } from '../ledger/tables/stat-incidents.ts';

/** How far a data server's clock may be off (VS-5). */
const toleratedMs = 5 * 60_000;

/** Whom of this hospital's people a data server's incident concerns: each is told once. Source: vitals-tampering.md, rule VT-12. */
export class IncidentNotices {
  readonly #base: GatewayBase;
  readonly #isOurs: (account: AccountId) => boolean;

  constructor(base: GatewayBase, isOurs: (account: AccountId) => boolean) {
    this.#base = base;
    this.#isOurs = isOurs;
  }

  /**
   * Tells those of this hospital. Throws UNAUTHENTICATED: not said by a data server, to this hospital, now; INCIDENT_UNKNOWN: it
   * has put no such report on the ledger. `forged`: called where it is said in another's name (VT-22).
   */
  async tell(signed: Uint8Array, forged: () => void): Promise<void> {
    const { statement: bytes, signature } = decodeAs(signedStatement, signed);
    const { from, to, word, timeMs, payload } = decodeAs(statement, bytes);
    const { view, organisation, now, caughtUp } = this.#base;
    const row = await view.account(from);
    const isServer = row?.role === 'data-server' && !row.frozen;
    const isToldNow =
      word === incidentWord &&
      equalBytes(to, idBytes(organisation)) &&
      Math.abs(timeMs - now()) <= toleratedMs;
    if (!isServer || !(await verifyLabelled(row.signKey, statementLabel, bytes, signature))) {
      forged();
      throw new CodedError('UNAUTHENTICATED');
    }
    if (!isToldNow) throw new CodedError('UNAUTHENTICATED');
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
