import { accountIdOfKey } from '../../../ledger/identity.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import { definePart } from '../../part.ts';
import type { Store } from '../../store.ts';

/** Which hospital keeps which account, as the ledger's enrolments say. */
export class Accounts {
  readonly #db: Store;
  readonly #organisation: AccountId;

  constructor(db: Store, organisation: AccountId) {
    this.#db = db;
    this.#organisation = organisation;
  }

  /** This hospital keeps its rows. */
  isOurs(account: AccountId): boolean {
    const row = this.#db.get('SELECT organisation FROM accounts WHERE account = ?', account);
    return row?.text('organisation') === this.#organisation;
  }

  enrolled(account: AccountId, organisation: AccountId, role: string): void {
    this.#db.run('INSERT OR REPLACE INTO accounts VALUES (?, ?, ?)', account, organisation, role);
  }
}

export const accounts = definePart({
  name: 'accounts',
  store: {
    owner: 'accounts',
    migrations: [
      `
CREATE TABLE accounts (account TEXT PRIMARY KEY, organisation TEXT NOT NULL, role TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE consents (consent TEXT PRIMARY KEY, account TEXT NOT NULL) STRICT, WITHOUT ROWID;`,
      // Whose grant it is stands on the ledger; nothing asked here.
      'DROP TABLE consents',
    ],
  },
  open: ({ db, organisation }) => new Accounts(db, organisation),
  onAct: {
    Enrol(part, { act, sender }) {
      const { suite, signKey } = act.identity;
      part.enrolled(accountIdOfKey(suite, signKey), sender, act.role);
    },
  },
});
