import {
  type AccountId,
  type BlobId,
  parseAccountId,
  parseBlobId,
} from '../../../primitives/ids.ts';
import type { Store } from '../../store.ts';
import { nextChange } from './row-changes.ts';

/** An owner's claim on a stored body. */
export interface BlobClaim {
  readonly blobId: BlobId;
  readonly owner: AccountId;
}

/**
 * What is left of rows that their owners had erased: leaf hash, record id and a tombstone. The claim on the body
 * waits here until the store, which is another file, has ended it. Source: docs/protocol/http.md, rule H-12.
 */
export class ErasedRows {
  readonly #db: Store;

  constructor(db: Store) {
    this.#db = db;
  }

  /** Anchored or not. Undefined: no such leaf in this account. */
  tombstoneOf(account: AccountId, leaf: Uint8Array): { tombstone?: Uint8Array } | undefined {
    const row = this.#db.get(
      'SELECT tombstone FROM items WHERE account = ? AND leaf = ?',
      ...[account, leaf],
    );
    if (row === undefined) return undefined;
    return row.isNull('tombstone') ? {} : { tombstone: row.bytes('tombstone') };
  }

  /** Overwrites all of the row but its leaf hash and record id, and notes the claim on its body as ended. */
  erase(account: AccountId, leaf: Uint8Array, tombstone: Uint8Array): void {
    const rows = this.#db.all(
      'SELECT blob, deliverer FROM items JOIN deliveries USING (delivery) WHERE items.account = ? AND leaf = ? AND tombstone IS NULL',
      ...[account, leaf],
    );
    this.#db.run(
      `UPDATE items SET salt = NULL, leafContent = NULL, header = NULL, class = NULL, blob = NULL, tombstone = ?,
       erasedAs = ? WHERE account = ? AND leaf = ? AND tombstone IS NULL`,
      ...[tombstone, nextChange(this.#db, account), account, leaf],
    );
    for (const row of rows) {
      this.#db.run(
        'INSERT OR IGNORE INTO ended_claims VALUES (?, ?)',
        ...[row.text('blob'), row.text('deliverer')],
      );
    }
  }

  /** Claims that erasure ended and the store may still have, unless another item needs the blob. */
  endedClaims(): BlobClaim[] {
    this.#db.run('DELETE FROM ended_claims WHERE blob IN (SELECT blob FROM items)');
    return this.#db.all('SELECT blob, owner FROM ended_claims').map((row) => ({
      blobId: parseBlobId(row.text('blob')),
      owner: parseAccountId(row.text('owner')),
    }));
  }

  /** The store has ended it. */
  forgetEndedClaim({ blobId, owner }: BlobClaim): void {
    this.#db.transaction('claims', () => {
      this.#db.run('DELETE FROM ended_claims WHERE blob = ? AND owner = ?', blobId, owner);
    });
  }
}
