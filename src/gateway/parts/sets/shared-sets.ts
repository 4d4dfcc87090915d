import type { KeySet } from '../../../ledger/acts.ts';
import type { AccountId, BlobId } from '../../../primitives/ids.ts';
import type { GatewayBase } from '../../base.ts';
import { definePart } from '../../part.ts';
import { type Accounts, accounts } from '../accounts/accounts.ts';

/** The blobs that the ledger names as key sets and envelope sets: whoever is signed in may fetch them. */
export class SharedSets {
  readonly #base: GatewayBase;
  readonly #accounts: Accounts;

  constructor(base: GatewayBase, accounts: Accounts) {
    this.#base = base;
    this.#accounts = accounts;
  }

  /** The ledger names this blob as a key set or an envelope set. */
  has(id: BlobId): boolean {
    return this.#base.db.get('SELECT 1 FROM shared_blobs WHERE blob = ?', id) !== undefined;
  }

  published(act: KeySet, account: AccountId): void {
    for (const blob of blobsOf(act)) {
      this.#base.db.run('INSERT OR IGNORE INTO shared_blobs VALUES (?, ?)', blob, account);
    }
  }

  /** So that the store does not collect what the ledger names. */
  async keep(act: KeySet, account: AccountId): Promise<void> {
    if (!this.#accounts.isOurs(account)) return;
    await this.#base.blobs.markAnchored(blobsOf(act), account);
  }
}

function blobsOf({ keySetBlob, envelopeSetBlob }: KeySet): BlobId[] {
  return [keySetBlob, envelopeSetBlob];
}

export const sets = definePart({
  name: 'sets',
  store: {
    owner: 'sets',
    migrations: [
      `
CREATE TABLE shared_blobs (blob TEXT PRIMARY KEY, account TEXT NOT NULL) STRICT, WITHOUT ROWID;`,
    ],
  },
  open: (base, parts) => new SharedSets(base, parts.get(accounts)),
  onAct: { KeySet: (part, { act, sender }) => part.published(act, sender) },
  keeps: { KeySet: (part, { act, sender }) => part.keep(act, sender) },
});
