import {
  type AccountId,
  parseAccountId,
  parseBlobId,
  parseConsentId,
} from '../../../primitives/ids.ts';
import type { Row, Store } from '../../store.ts';
import type { BodyClaims } from './body-claims.ts';
import { claimOwnerOf } from './claim-owner.ts';
import { nextChange } from './row-changes.ts';
import type { WaitingRows } from './waiting-rows.ts';

/**
 * What is left of rows that their owners had erased: leaf hash, record id and a tombstone.
 * Source: docs/protocol/http.md, rule H-12.
 */
export class ErasedRows {
  readonly #db: Store;
  readonly #claims: BodyClaims;
  readonly #waiting: WaitingRows;

  constructor(db: Store, claims: BodyClaims, waiting: WaitingRows) {
    this.#db = db;
    this.#claims = claims;
    this.#waiting = waiting;
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
      `SELECT delivery, deliveries.account, consent, blob,
         length(salt) + length(leafContent) + length(header) AS freed FROM items JOIN deliveries USING (delivery)
       WHERE items.account = ? AND leaf = ? AND tombstone IS NULL`,
      ...[account, leaf],
    );
    this.#db.run(
      `UPDATE items SET salt = NULL, leafContent = NULL, header = NULL, class = NULL, blob = NULL, tombstone = ?,
       erasedAs = ? WHERE account = ? AND leaf = ? AND tombstone IS NULL`,
      ...[tombstone, nextChange(this.#db, account), account, leaf],
    );
    for (const row of rows) {
      this.#db.run(
        'UPDATE deliveries SET bytes = bytes - ? WHERE delivery = ?',
        ...[row.uint('freed'), row.uint('delivery')],
      );
      this.#endBody(row);
    }
  }

  /** What waits under the same claim and names the body cannot be anchored without it any more. */
  #endBody(row: Row): void {
    const account = parseAccountId(row.text('account'));
    const consent = row.text('consent');
    const blobId = parseBlobId(row.text('blob'));
    const under = consent === '' ? '' : parseConsentId(consent);
    const claim = { blobId, owner: claimOwnerOf({ account, consent: under }) };
    if (this.#claims.isNeeded(claim)) return;
    this.#claims.end(claim);
    this.#waiting.dropBodiless(row.uint('delivery'), blobId);
  }
}
