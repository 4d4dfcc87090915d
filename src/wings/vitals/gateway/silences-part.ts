import type { GatewayBase } from '../../../gateway/base.ts';
import { definePart } from '../../../gateway/part.ts';
import { accounts } from '../../../gateway/parts/accounts/accounts.ts';
import { bytesToHex } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import { decodeAs } from '../../../primitives/shape.ts';
import { type Silence, silenceNotice } from '../api/silence-notice.ts';
import { statTrios } from '../ledger/tables/stat-trios.ts';

/** One server may have been out of a sensor's reach, or lie. */
const serversNeeded = 2;
/** What one server says of one account; of more the oldest goes. */
const mostOfAccount = 16;

/**
 * Whose sensor fell silent, as data servers tell it: once two of a trio have said the same, it is told once.
 * Source: docs/protocol/vitals-reading.md, rule VR-35.
 */
export class SilenceNotices {
  readonly #base: GatewayBase;
  readonly #isOurs: (account: AccountId) => boolean;

  constructor(base: GatewayBase, isOurs: (account: AccountId) => boolean) {
    this.#base = base;
    this.#isOurs = isOurs;
  }

  /** Throws UNAUTHENTICATED: it is not of this trio. Of whom this hospital does not know nothing is said. */
  async tell(server: AccountId, payload: Uint8Array): Promise<void> {
    const { trio, silences } = decodeAs(silenceNotice, payload);
    const row = await this.#base.view.row(statTrios, trio);
    if (row?.servers.includes(server) !== true) throw new CodedError('UNAUTHENTICATED');
    for (const it of silences) if (this.#isOurs(it.account)) this.#said({ ...it, server, trio });
  }

  /** Written down and told in one step, or neither. */
  #said({
    account,
    id,
    server,
    trio,
  }: Silence & { readonly server: AccountId; readonly trio: string }): void {
    const { db, causes, now } = this.#base;
    const silence = bytesToHex(id);
    db.transaction('vitals-silences', () => {
      const isNew = db.run(
        'INSERT OR IGNORE INTO vitals_silences VALUES (?, ?, ?, ?, ?)',
        ...[account, silence, trio, server, now()],
      );
      if (isNew === 0) return;
      const said = db.get(
        'SELECT count(*) AS n FROM vitals_silences WHERE account = ? AND silence = ? AND trio = ?',
        ...[account, silence, trio],
      );
      // The third that says so tells nobody again.
      if (said?.uint('n') === serversNeeded)
        causes.tell({ kind: 'silent-device', account, subject: `${trio} ${silence}` });
      db.run(
        `DELETE FROM vitals_silences WHERE account = ? AND server = ? AND silence NOT IN (
           SELECT silence FROM vitals_silences WHERE account = ? AND server = ? ORDER BY said_ms DESC, silence LIMIT ${mostOfAccount})`,
        ...[account, server, account, server],
      );
    });
  }
}

export const silenceNotices = definePart({
  name: 'vitals-silences',
  store: {
    owner: 'vitals-silences',
    writes: ['vitals-silences'],
    migrations: [
      `CREATE TABLE vitals_silences (
         account TEXT NOT NULL, silence TEXT NOT NULL, trio TEXT NOT NULL, server TEXT NOT NULL, said_ms INTEGER NOT NULL,
         PRIMARY KEY (account, silence, trio, server)
       ) STRICT, WITHOUT ROWID`,
    ],
  },
  open: (base, parts) => new SilenceNotices(base, parts.get(accounts).isOurs),
});
