import { verifyLabelled } from '../../../crypto/signature.ts';
import type { GatewayBase } from '../../../gateway/base.ts';
import { definePart } from '../../../gateway/part.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { type AccountId, parseAccountId } from '../../../primitives/ids.ts';
import { decodeAs } from '../../../primitives/shape.ts';
import { noticeWord, recoveryKeyBytes, recoveryWord, statementLabel } from '../api/notice.ts';
import { type Statement, signedStatement, statement } from '../api/statement.ts';

/** A clock may be so far off. Rule VS-5. */
const toleratedMs = 5 * 60_000;

/** What a data server told its hospital, as it signed it. */
export interface ShownServer {
  readonly account: AccountId;
  /** Where it answers. */
  readonly notice: Uint8Array;
  /** Its recovery key. */
  readonly recovery?: Uint8Array;
}

/** Where the data servers of this hospital answer and what their recovery keys are, as each of them signed it. Rules VS-3, VS-28. */
export class DataServerNotices {
  readonly #base: GatewayBase;

  constructor(base: GatewayBase) {
    this.#base = base;
  }

  /** Keeps the newest. Throws UNAUTHENTICATED: not signed by a data server that this hospital enrolled, or of a time to come. `forged`: called where it is said in another's name (VT-22). */
  async keep(signed: Uint8Array, forged: () => void): Promise<void> {
    const { statement: bytes, signature } = decodeAs(signedStatement, signed);
    const said = decodeAs(statement, bytes);
    const row = await this.#base.view.account(said.from);
    const isOwn =
      row?.role === 'data-server' && row.organisation === this.#base.organisation && !row.frozen;
    const label = statementLabel;
    const holds = isOwn && (await verifyLabelled(row.signKey, label, bytes, signature));
    if (!holds) forged();
    const table = tableOf(said);
    // One of next year would hold its address fast until then.
    const hasBeen = said.timeMs <= this.#base.now() + toleratedMs;
    if (!holds || !hasBeen || table === undefined) throw new CodedError('UNAUTHENTICATED');
    this.#base.db.run(
      `INSERT INTO ${table} VALUES (?, ?, ?) ON CONFLICT (account)
       DO UPDATE SET time_ms = excluded.time_ms, notice = excluded.notice WHERE excluded.time_ms > time_ms`,
      ...[said.from, said.timeMs, signed],
    );
  }

  all(): readonly ShownServer[] {
    return this.#base.db
      .all(
        `SELECT account, s.notice AS notice, r.notice AS recovery FROM vitals_data_servers AS s
         LEFT JOIN vitals_recovery_keys AS r USING (account) ORDER BY account`,
      )
      .map((row) => {
        const server = {
          account: parseAccountId(row.text('account')),
          notice: row.bytes('notice'),
        };
        return row.isNull('recovery') ? server : { ...server, recovery: row.bytes('recovery') };
      });
  }
}

/** Where a notice is kept; undefined: it is none. */
function tableOf({ word, payload }: Statement): string | undefined {
  if (word === noticeWord) return 'vitals_data_servers';
  const isKey = word === recoveryWord && payload.length === recoveryKeyBytes;
  return isKey ? 'vitals_recovery_keys' : undefined;
}

export const dataServerNotices = definePart({
  name: 'vitals',
  store: {
    owner: 'vitals',
    migrations: [
      'CREATE TABLE vitals_data_servers (account TEXT PRIMARY KEY, time_ms INTEGER NOT NULL, notice BLOB NOT NULL) STRICT',
      'CREATE TABLE vitals_recovery_keys (account TEXT PRIMARY KEY, time_ms INTEGER NOT NULL, notice BLOB NOT NULL) STRICT',
    ],
  },
  open: (base) => new DataServerNotices(base),
  metrics: {},
  onAct: {},
});
