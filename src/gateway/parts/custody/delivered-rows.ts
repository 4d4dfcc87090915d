import type { SQLInputValue } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { CodedError } from '../../../primitives/errors.ts';
import {
  type AccountId,
  type BlobId,
  type ConsentId,
  parseAccountId,
  parseBlobId,
  parseConsentId,
  parseTxId,
  type RecordId,
  type TxId,
} from '../../../primitives/ids.ts';
import type { GatewayBase } from '../../base.ts';
import { inSlices, rowsATurn } from '../../slices.ts';
import type { Row, Store } from '../../store.ts';
import type { DeliveredRow, Delivery } from './delivery.ts';
import { nextChange } from './row-changes.ts';

/** A root of 33 bytes, in SQL: no anchor has it, and it is nobody else's. */
const noRoot = 'randomblob(33)';

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
  #isClosed = false;

  constructor(base: GatewayBase) {
    this.#base = base;
    this.#db = base.db;
  }

  /**
   * Keeps rows; the same rows again change nothing. Rows whose anchor is on the ledger already are shown at
   * once. Slice by slice: until the last is there, the delivery is one that waits for no anchor.
   * Throws RECORD_ID_TAKEN (the id is anchored), QUOTA_EXCEEDED.
   */
  async deliver(delivery: Delivery, deliverer: AccountId): Promise<void> {
    const id = this.#begin(delivery, deliverer);
    if (id === undefined) return;
    try {
      let position = 0;
      for await (const slice of inSlices(delivery.rows)) {
        this.#insert(delivery.account, id, { rows: slice, position });
        position += slice.length;
      }
      this.#complete(delivery, id);
    } catch (error) {
      this.#dropWhere('delivery = ?', id);
      throw error;
    }
  }

  /** The place for its rows; undefined when they are here already. */
  #begin({ account, root, epoch, consent, rows }: Delivery, deliverer: AccountId) {
    return this.#db.transaction('items', () => {
      const again = this.#db.run(
        'UPDATE deliveries SET receivedMs = ? WHERE account = ? AND root = ? AND epoch = ? AND consent = ?',
        ...[this.#base.now(), account, root, epoch, consent],
      );
      if (again > 0) return undefined;
      this.#refuseTooMany(account, rows.length);
      return this.#db.insert(
        `INSERT INTO deliveries (account, root, epoch, consent, count, deliverer, receivedMs)
         VALUES (?, ${noRoot}, ?, ?, ?, ?, ?)`,
        ...[account, epoch, consent, rows.length, deliverer, this.#base.now()],
      );
    });
  }

  #insert(
    account: AccountId,
    delivery: number,
    { rows, position }: { readonly rows: readonly DeliveredRow[]; readonly position: number },
  ): void {
    this.#db.transaction('items', () => {
      this.#requireStill(delivery);
      for (const [at, row] of rows.entries()) {
        this.#refuseTaken(account, row.recordId);
        this.#db.run(
          'INSERT INTO items VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL)',
          ...[delivery, position + at, account, row.recordId, row.leaf, row.salt, row.leafContent],
          ...[row.header, row.recordClass, row.blobId],
        );
      }
    });
  }

  /** From here on it waits for its anchor, or is shown. */
  #complete({ account, root }: Delivery, id: number): void {
    this.#db.transaction('items', () => {
      this.#requireStill(id);
      // Only one of two deliveries with the same root can fit its anchor: the newer replaces the older.
      this.dropPending(account, root);
      const anchored = this.#db.get(
        'SELECT 1 FROM deliveries WHERE account = ? AND root = ?',
        ...[account, root],
      );
      // The same rows came twice at once, and the others were anchored meanwhile.
      if (anchored !== undefined) return this.#dropWhere('delivery = ?', id);
      this.#db.run('UPDATE deliveries SET root = ? WHERE delivery = ?', root, id);
      const anchor = this.#db.get(
        'SELECT * FROM anchors WHERE account = ? AND root = ?',
        ...[account, root],
      );
      if (anchor !== undefined) this.#show(anchorOf(anchor));
    });
  }

  /** While its rows came, others of the same records may have been anchored: then it was dropped. */
  #requireStill(delivery: number): void {
    const row = this.#db.get('SELECT count FROM deliveries WHERE delivery = ?', delivery);
    if ((row?.uint('count') ?? 0) === 0) throw new CodedError('RECORD_ID_TAKEN');
  }

  #refuseTaken(account: AccountId, recordId: RecordId): void {
    const taken = this.#db.get(
      'SELECT 1 FROM items JOIN deliveries USING (delivery) WHERE items.account = ? AND recordId = ? AND height IS NOT NULL',
      ...[account, recordId],
    );
    if (taken !== undefined) throw new CodedError('RECORD_ID_TAKEN', { recordId });
  }

  #refuseTooMany(account: AccountId, rows: number): void {
    const pending = this.#db.get(
      'SELECT coalesce(sum(count), 0) AS n FROM deliveries WHERE account = ? AND height IS NULL',
      account,
    );
    if ((pending?.uint('n') ?? 0) + rows > this.#base.settings.maxPendingRows) {
      throw new CodedError('QUOTA_EXCEEDED');
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
    this.#dropWhere(
      `account = ? AND delivery IN (
         SELECT other.delivery FROM items AS mine JOIN items AS other
         ON other.account = mine.account AND other.recordId = mine.recordId WHERE mine.delivery = ?)`,
      ...[account, id],
    );
  }

  /** The anchor was refused (EPOCH_STALE): its rows will not be anchored as they are. */
  dropPending(account: AccountId, root: Uint8Array): void {
    this.#dropWhere('account = ? AND root = ?', account, root);
  }

  purgePending(): Promise<void> {
    const before = this.#base.now() - this.#base.settings.pendingMs;
    this.#dropWhere('receivedMs < ?', before);
    return this.sweep();
  }

  /**
   * What is dropped waits for nothing and counts for nobody from here on (`count` 0, a root that no anchor has). Few
   * rows go at once; of many the rest goes by `sweep`, since overwriting them takes its time.
   */
  #dropWhere(which: string, ...values: SQLInputValue[]): void {
    const dropped = this.#db.run(
      `UPDATE deliveries SET count = 0, root = ${noRoot} WHERE height IS NULL AND count > 0 AND ${which}`,
      ...values,
    );
    if (dropped > 0 && this.#sweepSome()) void this.sweep().catch(() => undefined);
  }

  /** Removes the rows of what was dropped, slice by slice; also what a stop of the process left. */
  async sweep(): Promise<void> {
    while (!this.#isClosed && this.#sweepSome()) await nextTurn();
  }

  /** Of what was coming when the process stopped. */
  dropHalf(): void {
    this.#dropWhere('length(root) = 33');
  }

  /** Whether there are more. */
  #sweepSome(): boolean {
    return this.#db.transaction('items', () => {
      const gone = this.#db.run(
        `DELETE FROM items WHERE (delivery, position) IN (
           SELECT delivery, position FROM items JOIN deliveries USING (delivery)
           WHERE deliveries.height IS NULL AND deliveries.count = 0 LIMIT ?)`,
        rowsATurn,
      );
      if (gone === rowsATurn) return true;
      this.#db.run('DELETE FROM deliveries WHERE height IS NULL AND count = 0');
      return false;
    });
  }

  /** The file is about to be closed. */
  close(): void {
    this.#isClosed = true;
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
