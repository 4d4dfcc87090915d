import type { AccountId } from '../../../primitives/ids.ts';
import type { GatewayBase } from '../../base.ts';
import type { Store } from '../../store.ts';
import { keptForMs } from './retention.ts';

/** An order counts if the key is revoked so soon after it: else it was given up, or somebody else's. */
const orderMs = 60 * 60_000;

/**
 * Who said, while closing an account, that its copies are to go: 30 days after the account itself revoked its key, so that
 * a thief who does it leaves its owner that long to come back with the printed code. Source: docs/protocol/http.md, rule H-28.
 */
export class Leaving {
  readonly #db: Store;
  readonly #now: () => number;

  constructor({ db, now }: Pick<GatewayBase, 'db' | 'now'>) {
    this.#db = db;
    this.#now = now;
  }

  /** Answers when they will be gone, if the key is revoked now. */
  ask(account: AccountId): number {
    const askedMs = this.#now();
    this.#db.transaction('wallet', () =>
      this.#db.run('INSERT OR REPLACE INTO wallet_leaving VALUES (?, ?, 0)', account, askedMs),
    );
    return askedMs + keptForMs;
  }

  /** Its key was revoked; `isByItself`: not by the desk. Whoever learns of it late keeps longer, never shorter. */
  revoked(account: AccountId, isByItself: boolean): void {
    const row = this.#db.get('SELECT askedMs FROM wallet_leaving WHERE account = ?', account);
    if (row === undefined) return;
    const nowMs = this.#now();
    if (isByItself && nowMs - row.uint('askedMs') <= orderMs) {
      const sql = 'UPDATE wallet_leaving SET revokedMs = ? WHERE account = ?';
      this.#db.run(sql, nowMs, account);
    } else this.#drop(account);
  }

  /** It came back by its printed code. */
  recovered(account: AccountId): void {
    this.#drop(account);
  }

  /** What was to be let go was. */
  forget(account: AccountId): void {
    this.#db.transaction('wallet', () => this.#drop(account));
  }

  /** Whose copies go now; orders that nothing followed are let go themselves. */
  due(): readonly AccountId[] {
    const nowMs = this.#now();
    this.#db.transaction('wallet', () =>
      this.#db.run(
        'DELETE FROM wallet_leaving WHERE revokedMs = 0 AND askedMs < ?',
        nowMs - 24 * orderMs,
      ),
    );
    const rows = this.#db.all(
      'SELECT account FROM wallet_leaving WHERE revokedMs > 0 AND revokedMs <= ?',
      nowMs - keptForMs,
    );
    return rows.map((row) => row.text('account') as AccountId);
  }

  #drop(account: AccountId): void {
    this.#db.run('DELETE FROM wallet_leaving WHERE account = ?', account);
  }
}
