import { CodedError } from '../../../primitives/errors.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import type { GatewayBase } from '../../base.ts';
import type { Store } from '../../store.ts';

/** How often an account came back by its printed code, and the block time of the last. */
export interface Era {
  readonly era: number;
  readonly recoveredMs: number;
}

/**
 * The room of each account, by the rotations with its printed code: what somebody wrote before one takes nothing from
 * who came back by it. Source: docs/protocol/http.md, rule H-14.
 */
export class Eras {
  readonly #db: Store;
  readonly #settings: GatewayBase['settings'];

  constructor({ db, settings }: Pick<GatewayBase, 'db' | 'settings'>) {
    this.#db = db;
    this.#settings = settings;
  }

  of(account: AccountId): Era {
    const row = this.#db.get('SELECT era, sinceMs FROM wallet_eras WHERE account = ?', account);
    if (row === undefined) return { era: 0, recoveredMs: 0 };
    return { era: row.uint('era'), recoveredMs: row.uint('sinceMs') };
  }

  recovered(account: AccountId, timeMs: number): void {
    this.#db.run(
      `INSERT INTO wallet_eras VALUES (?, 1, ?)
       ON CONFLICT (account) DO UPDATE SET era = era + 1, sinceMs = excluded.sinceMs`,
      ...[account, timeMs],
    );
  }

  /** Throws QUOTA_EXCEEDED unless so many bytes more may be stored. */
  requireRoom(account: AccountId, bytes: number): void {
    const { maxWalletBytes, maxWalletBytesInAll } = this.#settings;
    const { era } = this.of(account);
    const taken = this.#db.get(
      `SELECT coalesce(sum(bytes), 0) AS inAll, coalesce(sum(bytes) FILTER (WHERE era = ?), 0) AS since
       FROM wallet_room WHERE account = ?`,
      ...[era, account],
    );
    const isRoom =
      (taken?.uint('since') ?? 0) + bytes <= maxWalletBytes &&
      (taken?.uint('inAll') ?? 0) + bytes <= maxWalletBytesInAll;
    if (!isRoom) throw new CodedError('QUOTA_EXCEEDED');
  }
}
