import type { KeySet } from '../../../ledger/acts/key-set.ts';
import type { AccountId, BlobId } from '../../../primitives/ids.ts';
import { definePart } from '../../part.ts';
import { accounts } from '../accounts/accounts.ts';

/**
 * The blobs that the ledger names as key sets and envelope sets: whoever is signed in may fetch them, if who names
 * them stored them here. To name another's blob shares nothing. Source: docs/protocol/reading.md, rule R-11.
 */
export const sets = definePart({
  name: 'sets',
  store: {
    owner: 'sets',
    migrations: [
      `
CREATE TABLE shared_blobs (blob TEXT PRIMARY KEY, account TEXT NOT NULL) STRICT, WITHOUT ROWID;`,
      // Several may name one blob; who was first must not keep its owner from sharing it.
      `
CREATE TABLE named_sets (
  blob TEXT NOT NULL, account TEXT NOT NULL, PRIMARY KEY (blob, account)
) STRICT, WITHOUT ROWID;
INSERT INTO named_sets SELECT blob, account FROM shared_blobs;
DROP TABLE shared_blobs;`,
    ],
  },
  open({ db, blobs }, parts) {
    const { isOurs } = parts.get(accounts);
    return {
      async isShared(id: BlobId): Promise<boolean> {
        for (const row of db.all('SELECT account FROM named_sets WHERE blob = ?', id)) {
          if (await blobs.hasClaim(id, row.text('account'))) return true;
        }
        return false;
      },
      published(act: KeySet, account: AccountId): void {
        if (!isOurs(account)) return;
        for (const blob of blobsOf(act)) {
          db.run('INSERT OR IGNORE INTO named_sets VALUES (?, ?)', blob, account);
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
