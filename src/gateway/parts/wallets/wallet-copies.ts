import type { WalletAnswer } from '../../../api/people.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import type { GatewayBase } from '../../base.ts';
import { definePart } from '../../part.ts';
import type { Store } from '../../store.ts';

/**
 * Sealed copies of wallets, found by a locator that follows from the printed code. A version is written only
 * over the one that its writer had seen. Nobody is locked out for wrong locators: 256 bits cannot be guessed, and who
 * shares an address with a guesser would be locked out with him.
 * Source: docs/protocol/http.md, rule H-14.
 */
export class WalletCopies {
  readonly #base: GatewayBase;
  readonly #db: Store;

  constructor(base: GatewayBase) {
    this.#base = base;
    this.#db = base.db;
  }

  /** Throws WALLET_CONFLICT (another version is stored), FORBIDDEN (another's copy), QUOTA_EXCEEDED. */
  put(
    locator: string,
    account: AccountId,
    copy: { readonly expectedVersion: number; readonly sealed: Uint8Array },
  ): number {
    return this.#db.transaction('wallet', () => {
      const stored = this.#db.get('SELECT * FROM wallet_copies WHERE locator = ?', locator);
      if (stored !== undefined && stored.text('account') !== account) {
        throw new CodedError('FORBIDDEN');
      }
      if ((stored?.uint('version') ?? 0) !== copy.expectedVersion) {
        throw new CodedError('WALLET_CONFLICT', { version: stored?.uint('version') ?? 0 });
      }
      if (stored === undefined) this.#refuseTooMany(account);
      const version = copy.expectedVersion + 1;
      this.#db.run(
        'INSERT OR REPLACE INTO wallet_copies VALUES (?, ?, ?, ?, ?)',
        ...[locator, account, version, copy.sealed, this.#base.now()],
      );
      return version;
    });
  }

  /** Throws NOT_FOUND. */
  get(locator: string): WalletAnswer {
    const stored = this.#db.get('SELECT * FROM wallet_copies WHERE locator = ?', locator);
    if (stored === undefined) throw new CodedError('NOT_FOUND');
    return { version: stored.uint('version'), sealed: stored.bytes('sealed') };
  }

  #refuseTooMany(account: AccountId): void {
    const owned = this.#db.get(
      'SELECT count(*) AS n FROM wallet_copies WHERE account = ?',
      account,
    );
    if ((owned?.uint('n') ?? 0) >= this.#base.settings.maxWalletCopies) {
      throw new CodedError('QUOTA_EXCEEDED');
    }
  }
}

export const wallets = definePart({
  name: 'wallets',
  store: {
    owner: 'wallets',
    writes: ['wallet'],
    migrations: [
      `
CREATE TABLE wallet_copies (
  locator TEXT PRIMARY KEY, account TEXT NOT NULL, version INTEGER NOT NULL, sealed BLOB NOT NULL,
  updatedMs INTEGER NOT NULL
) STRICT;
CREATE INDEX wallet_copies_by_account ON wallet_copies (account);`,
    ],
  },
  open: (base) => new WalletCopies(base),
});
