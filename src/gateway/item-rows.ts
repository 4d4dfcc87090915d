import type { ItemRow } from '../api/items.ts';
import { textOfBytes } from '../api/message-parts.ts';
import { type MerkleTree, merkleTree } from '../ledger/merkle.ts';
import { CodedError } from '../primitives/errors.ts';
import {
  type AccountId,
  type BlobId,
  type ConsentId,
  parseAccountId,
  parseBlobId,
  parseConsentId,
  parseRecordId,
  parseTxId,
  type RecordId,
  type TxId,
} from '../primitives/ids.ts';
import type { Database, Row } from './database.ts';
import type { Delivery } from './delivery.ts';
import type { StoredItem } from './read-decision.ts';

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

export interface BlobClaim {
  readonly blobId: BlobId;
  readonly owner: AccountId;
}

export interface StoredRow extends StoredItem {
  readonly row: ItemRow;
  readonly blobId: BlobId | undefined;
  readonly cursor: string;
}

/**
 * The rows of items in custody: header, salt and leaf content, which no other hospital has. They wait for
 * their anchor for a day; only what is anchored is shown to anybody. Source: docs/protocol/http.md, rule H-9.
 */
export class ItemRows {
  readonly #db: Database;
  readonly #now: () => number;
  readonly #settings: { readonly pendingMs: number; readonly maxPendingRows: number };

  constructor(
    db: Database,
    now: () => number,
    settings: { readonly pendingMs: number; readonly maxPendingRows: number },
  ) {
    this.#db = db;
    this.#now = now;
    this.#settings = settings;
  }

  /**
   * Keeps rows; the same rows again change nothing. Rows whose anchor is on the ledger already are shown at
   * once. Throws RECORD_ID_TAKEN (the id is anchored), QUOTA_EXCEEDED.
   */
  deliver(delivery: Delivery, deliverer: AccountId): void {
    const { account, root, epoch, consent, rows } = delivery;
    this.#db.transaction('items', () => {
      const again = this.#db.run(
        'UPDATE deliveries SET receivedMs = ? WHERE account = ? AND root = ? AND epoch = ? AND consent = ?',
        this.#now(),
        account,
        root,
        epoch,
        consent,
      );
      if (again > 0) return;
      this.#refuseTaken(delivery);
      const pending = this.#db.get(
        'SELECT coalesce(sum(count), 0) AS n FROM deliveries WHERE account = ? AND height IS NULL',
        account,
      );
      if ((pending?.uint('n') ?? 0) + rows.length > this.#settings.maxPendingRows) {
        throw new CodedError('QUOTA_EXCEEDED');
      }
      // Only one of two deliveries with the same root can fit its anchor: the newer replaces the older.
      this.#db.run(
        'DELETE FROM deliveries WHERE account = ? AND root = ? AND height IS NULL',
        account,
        root,
      );
      const id = this.#db.insert(
        'INSERT INTO deliveries (account, root, epoch, consent, count, deliverer, receivedMs) VALUES (?, ?, ?, ?, ?, ?, ?)',
        account,
        root,
        epoch,
        consent,
        rows.length,
        deliverer,
        this.#now(),
      );
      for (const [position, row] of rows.entries()) {
        this.#db.run(
          'INSERT INTO items VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL)',
          ...[id, position, account, row.recordId, row.leaf, row.salt, row.leafContent],
          ...[row.header, row.recordClass, row.blobId],
        );
      }
      const anchor = this.#db.get(
        'SELECT * FROM anchors WHERE account = ? AND root = ?',
        account,
        root,
      );
      if (anchor !== undefined) this.#show(anchorOf(anchor));
    });
  }

  #refuseTaken({ account, rows }: Delivery): void {
    for (const { recordId } of rows) {
      const taken = this.#db.get(
        'SELECT 1 FROM items JOIN deliveries USING (delivery) WHERE items.account = ? AND recordId = ? AND height IS NOT NULL',
        account,
        recordId,
      );
      if (taken !== undefined) throw new CodedError('RECORD_ID_TAKEN', { recordId });
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
      ...[txId, height, timeMs, this.#nextChange(account), id],
    );
    // What was delivered for another try at the same records has lost.
    this.#db.run(
      `DELETE FROM deliveries WHERE height IS NULL AND account = ? AND delivery IN (
         SELECT other.delivery FROM items AS mine JOIN items AS other
         ON other.account = mine.account AND other.recordId = mine.recordId WHERE mine.delivery = ?)`,
      account,
      id,
    );
  }

  #nextChange(account: AccountId): number {
    this.#db.run(
      'INSERT INTO row_changes VALUES (?, 1) ON CONFLICT (account) DO UPDATE SET count = count + 1',
      account,
    );
    return this.changesOf(account);
  }

  /** How often rows of this account were shown or erased. */
  changesOf(account: AccountId): number {
    const row = this.#db.get('SELECT count FROM row_changes WHERE account = ?', account);
    return row?.uint('count') ?? 0;
  }

  /** The anchor was refused (EPOCH_STALE): its rows will not be anchored as they are. */
  dropPending(account: AccountId, root: Uint8Array): void {
    this.#db.run(
      'DELETE FROM deliveries WHERE account = ? AND root = ? AND height IS NULL',
      account,
      root,
    );
  }

  purgePending(): void {
    const before = this.#now() - this.#settings.pendingMs;
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
      account,
      root,
    );
    return row !== undefined;
  }

  /** Whose claims on which blobs a delivery stands on. */
  claims(account: AccountId, root: Uint8Array): { owner: AccountId; blobIds: BlobId[] }[] {
    const rows = this.#db.all(
      'SELECT blob, deliverer FROM items JOIN deliveries USING (delivery) WHERE deliveries.account = ? AND root = ? AND blob IS NOT NULL',
      account,
      root,
    );
    const [first] = rows;
    if (first === undefined) return [];
    const blobIds = rows.map((row) => parseBlobId(row.text('blob')));
    return [{ owner: parseAccountId(first.text('deliverer')), blobIds }];
  }

  isBlobOf(account: AccountId, blobId: BlobId): boolean {
    return (
      this.#db.get('SELECT 1 FROM items WHERE blob = ? AND account = ?', blobId, account) !==
      undefined
    );
  }

  /**
   * Anchored rows above a height in the order of the ledger, narrowed to what was shown or erased after a
   * count of `changesOf`; `only` narrows to what a grant may cover.
   */
  page(options: {
    readonly account: AccountId;
    readonly since: number;
    readonly changed?: number;
    readonly cursor: string;
    readonly limit: number;
    readonly only?: { readonly classes: readonly string[]; readonly fromMs: number };
  }): { readonly rows: StoredRow[]; readonly next: string | undefined } {
    const { account, since, changed = 0, cursor, limit, only } = options;
    const [height, delivery, position] = parseCursor(cursor);
    const asked = changed === 0 ? [] : [account, changed, account, changed];
    const rows = this.#db.all(
      `${changed === 0 ? selectRow : selectChanged} WHERE deliveries.account = ? AND height > ? AND (height, delivery, position) > (?, ?, ?)
       AND (? IS NULL OR class IN (SELECT value FROM json_each(?))) AND timeMs >= ?
       ORDER BY height, delivery, position LIMIT ?`,
      ...[...asked, account, since, height, delivery, position],
      ...(only === undefined ? [null, null] : [1, JSON.stringify(only.classes)]),
      ...[only?.fromMs ?? 0, limit + 1],
    );
    const shown = this.#complete(rows.slice(0, limit));
    return { rows: shown, next: rows.length > limit ? shown.at(-1)?.cursor : undefined };
  }

  byRecord(account: AccountId, recordIds: readonly RecordId[]): StoredRow[] {
    const rows = this.#db.all(
      `${selectRow} WHERE items.account = ? AND height IS NOT NULL
       AND recordId IN (SELECT value FROM json_each(?)) ORDER BY height, delivery, position`,
      account,
      JSON.stringify(recordIds),
    );
    return this.#complete(rows);
  }

  #complete(rows: readonly Row[]): StoredRow[] {
    const trees = new Map<number, MerkleTree>();
    return rows.map((row) => {
      const delivery = row.uint('delivery');
      const tree = trees.get(delivery) ?? this.#tree(delivery);
      trees.set(delivery, tree);
      return storedRow(row, tree);
    });
  }

  #tree(delivery: number): MerkleTree {
    const leaves = this.#db.all(
      'SELECT leaf FROM items WHERE delivery = ? ORDER BY position',
      delivery,
    );
    return merkleTree(leaves.map((row) => row.bytes('leaf')));
  }

  /** Anchored or not. Undefined: no such leaf in this account. */
  tombstoneOf(account: AccountId, leaf: Uint8Array): { tombstone?: Uint8Array } | undefined {
    const row = this.#db.get(
      'SELECT tombstone FROM items WHERE account = ? AND leaf = ?',
      account,
      leaf,
    );
    if (row === undefined) return undefined;
    return row.isNull('tombstone') ? {} : { tombstone: row.bytes('tombstone') };
  }

  /** Overwrites all of the row but its leaf hash and record id, and notes the claim on its body as ended. */
  erase(account: AccountId, leaf: Uint8Array, tombstone: Uint8Array): void {
    const rows = this.#db.all(
      'SELECT blob, deliverer FROM items JOIN deliveries USING (delivery) WHERE items.account = ? AND leaf = ? AND tombstone IS NULL',
      account,
      leaf,
    );
    this.#db.run(
      `UPDATE items SET salt = NULL, leafContent = NULL, header = NULL, class = NULL, blob = NULL, tombstone = ?,
       erasedAs = ? WHERE account = ? AND leaf = ? AND tombstone IS NULL`,
      tombstone,
      this.#nextChange(account),
      account,
      leaf,
    );
    for (const row of rows) {
      this.#db.run(
        'INSERT OR IGNORE INTO ended_claims VALUES (?, ?)',
        row.text('blob'),
        row.text('deliverer'),
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

const rowColumns = `delivery, position, recordId, leaf, salt, leafContent, header, class, blob, tombstone,
  txId, height, timeMs, epoch, consent, root, count`;
const selectRow = `SELECT ${rowColumns} FROM items JOIN deliveries USING (delivery)`;
/** Whole deliveries and single erased rows, found by their indexes; CROSS JOIN keeps SQLite from going through all. */
const selectChanged = `SELECT ${rowColumns} FROM (
    SELECT delivery, position FROM items JOIN deliveries USING (delivery) WHERE deliveries.account = ? AND shownAs > ?
    UNION SELECT delivery, position FROM items WHERE account = ? AND erasedAs > ?
  ) CROSS JOIN items USING (delivery, position) CROSS JOIN deliveries USING (delivery)`;

function storedRow(row: Row, tree: MerkleTree): StoredRow {
  const index = row.uint('position');
  const recordId = parseRecordId(row.text('recordId'));
  const consent = row.text('consent');
  const place = {
    recordId,
    txId: parseTxId(row.text('txId')),
    height: row.uint('height'),
    timeMs: row.uint('timeMs'),
    epoch: row.uint('epoch'),
    ...(consent === '' ? {} : { consent: parseConsentId(consent) }),
    root: textOfBytes(row.bytes('root')),
    index,
    count: row.uint('count'),
    path: tree.path(index).map(textOfBytes),
  };
  const cursor = `${place.height}.${row.uint('delivery')}.${index}`;
  const common = { recordId, timeMs: place.timeMs, cursor };
  if (!row.isNull('tombstone')) {
    const leaf = textOfBytes(row.bytes('leaf'));
    const tombstone = textOfBytes(row.bytes('tombstone'));
    const erased: ItemRow = { state: 'erased', ...place, leaf, tombstone };
    return { ...common, recordClass: undefined, blobId: undefined, row: erased };
  }
  const live: ItemRow = {
    state: 'live',
    ...place,
    salt: textOfBytes(row.bytes('salt')),
    leafContent: textOfBytes(row.bytes('leafContent')),
    header: textOfBytes(row.bytes('header')),
  };
  const blobId = parseBlobId(row.text('blob'));
  return { ...common, recordClass: row.text('class'), blobId, row: live };
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

/** `height.delivery.position` of the last row of the page before; throws REQUEST_INVALID. */
function parseCursor(cursor: string): [number, number, number] {
  if (cursor === '') return [0, 0, 0];
  const parts = /^(\d{1,15})\.(\d{1,15})\.(\d{1,9})$/.exec(cursor);
  if (parts === null) throw new CodedError('REQUEST_INVALID', { at: 'cursor' });
  return [Number(parts[1]), Number(parts[2]), Number(parts[3])];
}
