import { verifyLabelled } from '../../../crypto/signature.ts';
import type { GatewayBase } from '../../../gateway/base.ts';
import { definePart } from '../../../gateway/part.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { type AccountId, parseAccountId } from '../../../primitives/ids.ts';
import { decodeAs } from '../../../primitives/shape.ts';
import { noticeWord } from '../api/notice.ts';
import { signedStatement, statement } from '../api/statement.ts';
import { vitalsNames } from '../names.ts';

/** Where the data servers of this hospital answer, as each of them signed it. Rule VS-3. */
export class DataServerNotices {
  readonly #base: GatewayBase;

  constructor(base: GatewayBase) {
    this.#base = base;
  }

  /** Keeps the newest. Throws UNAUTHENTICATED: not signed by a data server that this hospital enrolled. */
  async keep(signed: Uint8Array): Promise<void> {
    const { statement: bytes, signature } = decodeAs(signedStatement, signed);
    const said = decodeAs(statement, bytes);
    const row = await this.#base.view.account(said.from);
    const isOwn =
      row?.role === 'data-server' && row.organisation === this.#base.organisation && !row.frozen;
    const label = vitalsNames.labels.statement;
    const holds = isOwn && (await verifyLabelled(row.signKey, label, bytes, signature));
    if (!holds || said.word !== noticeWord) throw new CodedError('UNAUTHENTICATED');
    this.#base.db.run(
      `INSERT INTO vitals_data_servers VALUES (?, ?, ?) ON CONFLICT (account)
       DO UPDATE SET time_ms = excluded.time_ms, notice = excluded.notice WHERE excluded.time_ms > time_ms`,
      ...[said.from, said.timeMs, signed],
    );
  }

  all(): readonly { readonly account: AccountId; readonly notice: Uint8Array }[] {
    return this.#base.db
      .all('SELECT account, notice FROM vitals_data_servers ORDER BY account')
      .map((row) => ({
        account: parseAccountId(row.text('account')),
        notice: row.bytes('notice'),
      }));
  }
}

export const dataServerNotices = definePart({
  name: 'vitals',
  store: {
    owner: 'vitals',
    migrations: [
      'CREATE TABLE vitals_data_servers (account TEXT PRIMARY KEY, time_ms INTEGER NOT NULL, notice BLOB NOT NULL) STRICT',
    ],
  },
  open: (base) => new DataServerNotices(base),
  metrics: {},
  onAct: {},
});
