import { maxListedGrants } from '../../../api/routes/grants-get.ts';
import { type AccountId, type ConsentId, parseConsentId } from '../../../primitives/ids.ts';
import type { Store } from '../../store.ts';

/** Grants of people who are kept here, that were not revoked; what was there before this table is not in it. */
export const givenTables = `
CREATE TABLE given (
  account TEXT NOT NULL, consent TEXT NOT NULL, height INTEGER NOT NULL, notAfterMs INTEGER NOT NULL,
  PRIMARY KEY (account, consent)
) STRICT, WITHOUT ROWID;
CREATE INDEX given_by_height ON given (account, height);`;

/** A grant as the ledger gave it. */
interface Given {
  readonly account: AccountId;
  readonly consent: ConsentId;
  readonly height: number;
  readonly notAfterMs: number;
  /** Of the block. */
  readonly timeMs: number;
}

/** Which grants a person gave, for a wallet that has lost some. Source: docs/protocol/http.md, rule H-26. */
export class GivenGrants {
  readonly #db: Store;

  constructor(db: Store) {
    this.#db = db;
  }

  /** What ran out makes room. */
  granted({ account, consent, height, notAfterMs, timeMs }: Given): void {
    this.#db.run('DELETE FROM given WHERE account = ? AND notAfterMs <= ?', account, timeMs);
    this.#db.run(
      'INSERT OR IGNORE INTO given VALUES (?, ?, ?, ?)',
      ...[account, consent, height, notAfterMs],
    );
  }

  revoked(account: AccountId, consent: ConsentId): void {
    this.#db.run('DELETE FROM given WHERE account = ? AND consent = ?', account, consent);
  }

  /** The newest first. */
  list(account: AccountId, nowMs: number) {
    const rows = this.#db.all(
      'SELECT consent, height FROM given WHERE account = ? AND notAfterMs > ? ORDER BY height DESC LIMIT ?',
      ...[account, nowMs, maxListedGrants + 1],
    );
    const grants = rows.slice(0, maxListedGrants).map((row) => ({
      consent: parseConsentId(row.text('consent')),
      height: row.uint('height'),
    }));
    return { grants, more: rows.length > maxListedGrants };
  }
}
