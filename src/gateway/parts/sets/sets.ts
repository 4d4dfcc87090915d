import type { KeySet } from '../../../ledger/acts/key-set.ts';
import type { AccountId, BlobId } from '../../../primitives/ids.ts';
import { definePart } from '../../part.ts';
import { accounts } from '../accounts/accounts.ts';

/** The blobs that the ledger names as key sets and envelope sets: whoever is signed in may fetch them. */
export const sets = definePart({
  name: 'sets',
  store: {
    owner: 'sets',
    migrations: [
      `
CREATE TABLE shared_blobs (blob TEXT PRIMARY KEY, account TEXT NOT NULL) STRICT, WITHOUT ROWID;`,
    ],
  },
  open({ db, blobs }, parts) {
    const { isOurs } = parts.get(accounts);
    return {
      has: (id: BlobId) => db.get('SELECT 1 FROM shared_blobs WHERE blob = ?', id) !== undefined,
      published(act: KeySet, account: AccountId): void {
        for (const blob of blobsOf(act)) {
          db.run('INSERT OR IGNORE INTO shared_blobs VALUES (?, ?)', blob, account);
        }
      },
      async keep(act: KeySet, account: AccountId): Promise<void> {
        if (isOurs(account)) await blobs.markAnchored(blobsOf(act), account);
      },
    };
  },
  onAct: { KeySet: (part, { act, sender }) => part.published(act, sender) },
  keeps: { KeySet: (part, { act, sender }) => part.keep(act, sender) },
});

function blobsOf({ keySetBlob, envelopeSetBlob }: KeySet): BlobId[] {
  return [keySetBlob, envelopeSetBlob];
}
