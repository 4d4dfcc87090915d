import { CodedError } from '../../../primitives/errors.ts';
import {
  type AccountId,
  type BlobId,
  type ConsentId,
  parseAccountId,
  parseBlobId,
  parseConsentId,
  parseTxId,
  type TxId,
} from '../../../primitives/ids.ts';
import type { GatewayBase } from '../../base.ts';
import type { Row, Store } from '../../store.ts';
import type { Delivery } from './delivery.ts';
import { nextChange } from './row-changes.ts';

/** An anchor of an account in custody, as a block has it. */
export interface AnchorSeen {
  readonly account: AccountId;
  readonly root: Uint8Array;
  readonly txId: TxId;
  readonly height: number;
  readonly timeMs: number;
  readonly epoch: number;
  readonly consent: ConsentId | '';
  readonly count: number;
}

/**
 * Rows on their way into custody: they wait for their anchor for a day, and are shown when it stands on the
 * ledger, whichever of the two comes first. Source: docs/protocol/http.md, rule H-9.
 */
export class DeliveredRows {
  readonly #base: GatewayBase;
  readonly #db: Store;

  constructor(base: GatewayBase) {
    this.#base = base;
    this.#db = base.db;
  }

  /**
   * Keeps rows; the same rows again change nothing. Rows whose anchor is on the ledger already are shown at
   * once. Throws RECORD_ID_TAKEN (the id is anchored), QUOTA_EXCEEDED.
   */
  deliver(delivery: Delivery, deliverer: AccountId): void {
    const { account, root, epoch, consent } = delivery;
    this.#db.transaction('items', () => {
      const again = this.#db.run(
        'UPDATE deliveries SET receivedMs = ? WHERE account = ? AND root = ? AND epoch = ? AND consent = ?',
        ...[this.#base.now(), account, root, epoch, consent],
      );
      if (again > 0) return;
      this.#refuseTaken(delivery);
      this.#refuseTooMany(delivery);
      // Only one of two deliveries with the same root can fit its anchor: the newer replaces the older.
      this.dropPending(account, root);
      this.#insert(delivery, deliverer);
      const anchor = this.#db.get(
        'SELECT * FROM anchors WHERE account = ? AND root = ?',
        ...[account, root],
      );
      if (anchor !== undefined) this.#show(anchorOf(anchor));
    });
  }

  #refuseTaken({ account, rows }: Delivery): void {
    for (const { recordId } of rows) {
      const taken = this.#db.get(
        'SELECT 1 FROM items JOIN deliveries USING (delivery) WHERE items.account = ? AND recordId = ? AND height IS NOT NULL',
        ...[account, recordId],
      );
      if (taken !== undefined) throw new CodedError('RECORD_ID_TAKEN', { recordId });
    }
  }

  #refuseTooMany({ account, rows }: Delivery): void {
    const pending = this.#db.get(
      'SELECT coalesce(sum(count), 0) AS n FROM deliveries WHERE account = ? AND height IS NULL',
      account,
    );
    if ((pending?.uint('n') ?? 0) + rows.length > this.#base.settings.maxPendingRows) {
      throw new CodedError('QUOTA_EXCEEDED');
    }
  }

  #insert({ account, root, epoch, consent, rows }: Delivery, deliverer: AccountId): void {
    const id = this.#db.insert(
      'INSERT INTO deliveries (account, root, epoch, consent, count, deliverer, receivedMs) VALUES (?, ?, ?, ?, ?, ?, ?)',
      ...[account, root, epoch, consent, rows.length, deliverer, this.#base.now()],
    );
    for (const [position, row] of rows.entries()) {
      this.#db.run(
        'INSERT INTO items VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL)',
        ...[id, position, account, row.recordId, row.leaf, row.salt, row.leafContent],
        ...[row.header, row.recordClass, row.blobId],
      );
    }
  }

  /** An anchor of an account in custody stands on the ledger: its rows are shown now, or when they come. */
  anchored(anchor: AnchorSeen): void {
    const { account, root, txId, height, timeMs, epoch, consent, count } = anchor;
    this.#db.run(
      'INSERT OR IGNORE INTO anchors VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      ...[account, root, txId, height, timeMs, epoch, consent, count],
    );
    this.#show(anchor);
  }

  #show({ account, root, txId, height, timeMs, epoch, consent, count }: AnchorSeen): void {
    const delivery = this.#db.get(
      'SELECT delivery FROM deliveries WHERE account = ? AND root = ? AND epoch = ? AND consent = ? AND count = ? AND height IS NULL',
      ...[account, root, epoch, consent, count],
    );
    if (delivery === undefined) return;
    const id = delivery.uint('delivery');
    this.#db.run(
      'UPDATE deliveries SET txId = ?, height = ?, timeMs = ?, shownAs = ? WHERE delivery = ?',
      ...[txId, height, timeMs, nextChange(this.#db, account), id],
    );
    // What was delivered for another try at the same records has lost.
    this.#db.run(
      `DELETE FROM deliveries WHERE height IS NULL AND account = ? AND delivery IN (
         SELECT other.delivery FROM items AS mine JOIN items AS other
         ON other.account = mine.account AND other.recordId = mine.recordId WHERE mine.delivery = ?)`,
      ...[account, id],
    );
  }

  /** The anchor was refused (EPOCH_STALE): its rows will not be anchored as they are. */
  dropPending(account: AccountId, root: Uint8Array): void {
    this.#db.run(
      'DELETE FROM deliveries WHERE account = ? AND root = ? AND height IS NULL',
      ...[account, root],
    );
  }

  purgePending(): void {
    const before = this.#base.now() - this.#base.settings.pendingMs;
    this.#db.run('DELETE FROM deliveries WHERE height IS NULL AND receivedMs < ?', before);
  }

  /** Anchors on the ledger whose rows nobody has delivered. */
  countAnnounced(): number {
    const row = this.#db.get(
      `SELECT (SELECT count(*) FROM anchors) -
         (SELECT count(*) FROM deliveries WHERE height IS NOT NULL) AS n`,
    );
    return row?.uint('n') ?? 0;
  }

  isAnchored(account: AccountId, root: Uint8Array): boolean {
    const row = this.#db.get(
      'SELECT 1 FROM deliveries WHERE account = ? AND root = ? AND height IS NOT NULL',
      ...[account, root],
    );
    return row !== undefined;
  }

  /** Whose claims on which blobs a delivery stands on. */
  claims(account: AccountId, root: Uint8Array): { owner: AccountId; blobIds: BlobId[] }[] {
    const rows = this.#db.all(
      'SELECT blob, deliverer FROM items JOIN deliveries USING (delivery) WHERE deliveries.account = ? AND root = ? AND blob IS NOT NULL',
      ...[account, root],
    );
    const [first] = rows;
    if (first === undefined) return [];
    const blobIds = rows.map((row) => parseBlobId(row.text('blob')));
    return [{ owner: parseAccountId(first.text('deliverer')), blobIds }];
  }
}

function anchorOf(row: Row): AnchorSeen {
  const consent = row.text('consent');
  return {
    account: parseAccountId(row.text('account')),
    root: row.bytes('root'),
    txId: parseTxId(row.text('txId')),
    height: row.uint('height'),
    timeMs: row.uint('timeMs'),
    epoch: row.uint('epoch'),
    consent: consent === '' ? '' : parseConsentId(consent),
    count: row.uint('count'),
  };
}
