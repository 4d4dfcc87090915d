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
import type { BlobOwner } from '../../../storage/blob-store.ts';
import { inSlices } from '../../slices.ts';
import type { Row, Store } from '../../store.ts';
import { claimOwnerOf } from './claim-owner.ts';
import type { DeliveredRow, Delivery } from './delivery.ts';
import { nextChange } from './row-changes.ts';
import { noRoot, type WaitingRows, type Writer } from './waiting-rows.ts';

/** What must agree between an anchor and the rows that it covers. */
export interface AnchorNamed {
  readonly account: AccountId;
  readonly root: Uint8Array;
  readonly epoch: number;
  readonly consent: ConsentId | '';
  readonly count: number;
}

/** An anchor of an account in custody, as a block has it. */
export interface AnchorSeen extends AnchorNamed {
  readonly txId: TxId;
  readonly height: number;
  readonly timeMs: number;
}

/**
 * Rows on their way into custody: they wait for their anchor for a day, and are shown when it stands on the
 * ledger, whichever of the two comes first. Source: docs/protocol/http.md, rule H-9.
 */
export class DeliveredRows {
  readonly #db: Store;
  readonly #waiting: WaitingRows;

  constructor(db: Store, waiting: WaitingRows) {
    this.#db = db;
    this.#waiting = waiting;
  }

  /**
   * Keeps rows; the same rows again change nothing. Rows whose anchor is on the ledger already are shown at
   * once. Slice by slice: until the last is there, the delivery is one that waits for no anchor.
   * Throws RECORD_ID_TAKEN (the id is anchored), QUOTA_EXCEEDED.
   */
  async deliver(delivery: Delivery, writer: Writer): Promise<void> {
    const id = this.#begin(delivery, writer);
    if (id === undefined) return;
    try {
      let position = 0;
      for await (const slice of inSlices(delivery.rows)) {
        this.#insert(delivery.account, id, { rows: slice, position });
        position += slice.length;
      }
      this.#complete(delivery, id);
    } catch (error) {
      this.#waiting.drop(id);
      throw error;
    }
  }

  /** The place for its rows; undefined when they are here already. */
  #begin(delivery: Delivery, writer: Writer): number | undefined {
    return this.#db.transaction('items', () => {
      if (this.#isHere(delivery, writer)) return undefined;
      this.#waiting.requireRoom(delivery, writer);
      const { account, epoch, consent, rows, bytes } = delivery;
      return this.#db.insert(
        `INSERT INTO deliveries (account, root, epoch, consent, count, bytes, deliverer, waitsUntilMs)
         VALUES (?, ${noRoot}, ?, ?, ?, ?, ?, ?)`,
        ...[account, epoch, consent, rows.length, bytes],
        ...[writer.account, this.#waiting.waitUntilMs(writer)],
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
      this.#waiting.replace(account, root);
      const anchored = this.#db.get(
        'SELECT 1 FROM deliveries WHERE account = ? AND root = ?',
        ...[account, root],
      );
      // The same rows came twice at once, and the others were anchored meanwhile.
      if (anchored !== undefined) return this.#waiting.drop(id);
      this.#db.run('UPDATE deliveries SET root = ? WHERE delivery = ?', root, id);
      const anchor = this.#db.get(
        'SELECT * FROM anchors WHERE account = ? AND root = ?',
        ...[account, root],
      );
      if (anchor !== undefined) this.#show(anchorOf(anchor));
    });
  }

  /** As `deliver`, before anything is kept. */
  async requireFree(delivery: Delivery, writer: Writer): Promise<void> {
    if (this.#isHere(delivery, writer)) return;
    for await (const slice of inSlices(delivery.rows)) {
      for (const { recordId } of slice) this.#refuseTaken(delivery.account, recordId);
    }
    this.#waiting.requireRoom(delivery, writer);
  }

  /** Sent again before its anchor came, it waits anew. */
  #isHere({ account, root, epoch, consent }: Delivery, writer: Writer): boolean {
    const same = 'account = ? AND root = ? AND epoch = ? AND consent = ?';
    const values = [account, root, epoch, consent];
    const stands = this.#db.get(`SELECT 1 FROM deliveries WHERE ${same}`, ...values);
    if (stands === undefined) return false;
    this.#db.run(
      `UPDATE deliveries SET waitsUntilMs = ? WHERE height IS NULL AND ${same}`,
      ...[this.#waiting.waitUntilMs(writer), ...values],
    );
    return true;
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
    if (taken !== undefined) {
      throw new CodedError('RECORD_ID_TAKEN', { recordId });
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
    // Who brought them, and when, served to count what waits: it is not kept beyond that.
    this.#db.run(
      `UPDATE deliveries SET txId = ?, height = ?, timeMs = ?, shownAs = ?, deliverer = '', waitsUntilMs = 0
       WHERE delivery = ?`,
      ...[txId, height, timeMs, nextChange(this.#db, account), id],
    );
    // What was delivered for another try at the same records has lost.
    this.#waiting.dropRivals(account, id);
  }

  /** Anchors on the ledger whose rows nobody has delivered. */
  countAnnounced(): number {
    return this.#db.get('SELECT n FROM rowless_anchors')?.uint('n') ?? 0;
  }

  isAnchored(account: AccountId, root: Uint8Array): boolean {
    const row = this.#db.get(
      'SELECT 1 FROM deliveries WHERE account = ? AND root = ? AND height IS NOT NULL',
      ...[account, root],
    );
    return row !== undefined;
  }

  /** The bodies of the rows that this anchor covers, and in whose name the store keeps them. */
  bodiesOf({ account, root, epoch, consent, count }: AnchorNamed): {
    readonly owner: BlobOwner;
    readonly ids: readonly BlobId[];
  } {
    const rows = this.#db.all(
      `SELECT DISTINCT blob FROM items JOIN deliveries USING (delivery) WHERE deliveries.account = ?
       AND root = ? AND epoch = ? AND consent = ? AND count = ? AND blob IS NOT NULL`,
      ...[account, root, epoch, consent, count],
    );
    const ids = rows.map((row) => parseBlobId(row.text('blob')));
    return { owner: claimOwnerOf({ account, consent }), ids };
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
