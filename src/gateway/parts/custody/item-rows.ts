import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AnchoredRows } from '../../../api/rows.ts';
import { type MerkleTree, merkleTree } from '../../../ledger/merkle.ts';
import { multiproof } from '../../../ledger/multiproof.ts';
import {
  type AccountId,
  type BlobId,
  parseAccountId,
  parseBlobId,
  parseRecordId,
  type RecordId,
} from '../../../primitives/ids.ts';
import { Recent } from '../../../primitives/recent.ts';
import { inSlices, rowsATurn } from '../../slices.ts';
import type { Row, Store } from '../../store.ts';
import { changesOf } from './row-changes.ts';
import {
  anchorOf,
  cursorOf,
  parseCursor,
  type StoredRow,
  selectChanged,
  selectDelivery,
  selectRow,
  storedRow,
} from './stored-row.ts';

type Tree = Pick<MerkleTree, 'nodeAt'> & { readonly count: number };

interface PageOptions {
  readonly account: AccountId;
  readonly since: number;
  readonly changed?: number;
  readonly cursor: string;
  readonly limit: number;
  readonly only?: { readonly classes: readonly string[]; readonly fromMs: number };
}

/** Where rows stand in the order of the ledger. */
const after = '(height, delivery, position) > (?, ?, ?)';
const inDelivery = 'height = ? AND delivery = ? AND position > ?';
const afterDelivery = '(height, delivery) > (?, ?)';
/** Trees of up to 4,096 leaves that are kept for the next page or reader: leaves stay, also of what is erased. */
const treesKept = 8;

/**
 * The rows of items in custody, as they are shown: header, salt and leaf content, which no other hospital has.
 * Only what is anchored is shown to anybody. Source: docs/protocol/http.md, rule H-10.
 */
export class ItemRows {
  readonly #db: Store;
  readonly #trees = new Recent<number, Tree>(treesKept);

  constructor(db: Store) {
    this.#db = db;
  }

  /** How often rows of this account were shown or erased. */
  changesOf(account: AccountId): number {
    return changesOf(this.#db, account);
  }

  /** Whose charts have a body of this id. */
  accountsOfBody(blobId: string): AccountId[] {
    const rows = this.#db.all('SELECT DISTINCT account FROM items WHERE blob = ?', blobId);
    return rows.map((row) => parseAccountId(row.text('account')));
  }

  /** Whose chart a delivery of this number is of. */
  accountOfDelivery(number: number): AccountId | undefined {
    const row = this.#db.get('SELECT account FROM deliveries WHERE delivery = ?', number);
    return row && parseAccountId(row.text('account'));
  }

  /** Whether it is the body of an anchored item of this account that was not erased. */
  isBodyOf(account: AccountId, blobId: BlobId): boolean {
    const row = this.#db.get(
      `SELECT 1 FROM items JOIN deliveries USING (delivery)
       WHERE blob = ? AND items.account = ? AND height IS NOT NULL LIMIT 1`,
      ...[blobId, account],
    );
    return row !== undefined;
  }

  /** The bodies that anchored rows of this account name now; undefined: the row was erased. Others are left out. */
  bodiesOf(
    account: AccountId,
    recordIds: readonly RecordId[],
  ): ReadonlyMap<RecordId, BlobId | undefined> {
    const rows = this.#db.all(
      `SELECT recordId, blob FROM items JOIN deliveries USING (delivery)
       WHERE items.account = ? AND height IS NOT NULL AND recordId IN (SELECT value FROM json_each(?))`,
      ...[account, JSON.stringify(recordIds)],
    );
    return new Map(
      rows.map((row) => [
        parseRecordId(row.text('recordId')),
        row.isNull('blob') ? undefined : parseBlobId(row.text('blob')),
      ]),
    );
  }

  /**
   * Anchored rows above a height in the order of the ledger, narrowed to what was shown or erased after a
   * count of `changesOf`; `only` narrows to what a grant may cover.
   */
  async page(
    options: PageOptions,
  ): Promise<{ readonly rows: StoredRow[]; readonly next: string | undefined }> {
    const { limit } = options;
    const rows: Row[] = [];
    let { cursor } = options;
    for (;;) {
      const some = this.#some({
        ...options,
        cursor,
        limit: Math.min(rowsATurn, limit + 1 - rows.length),
      });
      rows.push(...some);
      const last = some.at(-1);
      if (last === undefined || some.length < rowsATurn || rows.length > limit) break;
      cursor = cursorOf(last);
      await nextTurn();
    }
    const shown = await this.#stored(rows.slice(0, limit));
    return { rows: shown, next: rows.length > limit ? shown.at(-1)?.cursor : undefined };
  }

  /**
   * The next rows of a page: first what is left of the delivery in which the last one ended, found by its place, so that
   * no slice of a large one begins at its beginning.
   */
  #some(options: PageOptions): Row[] {
    const { changed = 0, cursor, limit } = options;
    const [height, delivery, position] = parseCursor(cursor);
    if (changed !== 0) return this.#rowsWhere(after, [height, delivery, position], options);
    const here = this.#rowsWhere(inDelivery, [height, delivery, position], options);
    if (here.length === limit) return here;
    const left = { ...options, limit: limit - here.length };
    return [...here, ...this.#rowsWhere(afterDelivery, [height, delivery], left)];
  }

  #rowsWhere(place: string, at: readonly number[], options: PageOptions): Row[] {
    const { account, since, changed = 0, limit, only } = options;
    const asked = changed === 0 ? [] : [account, changed, account, changed];
    return this.#db.all(
      `${changed === 0 ? selectRow : selectChanged} WHERE deliveries.account = ? AND height > ? AND ${place}
       AND (? IS NULL OR class IN (SELECT value FROM json_each(?))) AND timeMs >= ?
       ORDER BY height, delivery, position LIMIT ?`,
      ...[...asked, account, since, ...at],
      ...(only === undefined ? [null, null] : [1, JSON.stringify(only.classes)]),
      ...[only?.fromMs ?? 0, limit],
    );
  }

  async byRecord(account: AccountId, recordIds: readonly RecordId[]): Promise<StoredRow[]> {
    const rows: Row[] = [];
    for await (const slice of inSlices(new Set(recordIds))) {
      rows.push(
        ...this.#db.all(
          `${selectRow} WHERE items.account = ? AND height IS NOT NULL
           AND recordId IN (SELECT value FROM json_each(?))`,
          ...[account, JSON.stringify(slice)],
        ),
      );
    }
    return this.#stored(rows.toSorted(inOrder));
  }

  /**
   * Rows in the order of the ledger, put together by anchor, each with the one multiproof of what is shown of it. A turn
   * for each tree: a delivery has thousands of leaves.
   */
  async anchored(rows: readonly StoredRow[]): Promise<AnchoredRows[]> {
    const byDelivery = new Map<number, StoredRow[]>();
    for (const row of rows) {
      const others = byDelivery.get(row.delivery);
      if (others === undefined) byDelivery.set(row.delivery, [row]);
      else others.push(row);
    }
    const anchored: AnchoredRows[] = [];
    for (const [delivery, shown] of byDelivery) {
      const [first] = shown;
      if (first === undefined) continue;
      const { anchor } = first;
      const indexes = shown.map(({ row }) => row.index);
      const siblings = indexes.length === anchor.count ? [] : await this.#proof(delivery, indexes);
      anchored.push({ ...anchor, siblings, rows: shown.map(({ row }) => row) });
    }
    return anchored;
  }

  async #stored(rows: readonly Row[]): Promise<StoredRow[]> {
    const anchors = new Map<number, StoredRow['anchor']>();
    const stored: StoredRow[] = [];
    for await (const slice of inSlices(rows)) {
      for (const row of slice) {
        const delivery = row.uint('delivery');
        let anchor = anchors.get(delivery);
        if (anchor === undefined) {
          const said = this.#db.get(selectDelivery, delivery);
          if (said === undefined) continue;
          anchor = anchorOf(said);
          anchors.set(delivery, anchor);
        }
        stored.push(storedRow(row, anchor));
      }
    }
    return stored;
  }

  async #proof(delivery: number, indexes: readonly number[]): Promise<Uint8Array[]> {
    const known = this.#trees.get(delivery);
    await nextTurn();
    const tree = known ?? this.#tree(delivery);
    this.#trees.set(delivery, tree);
    await nextTurn();
    return multiproof(indexes, tree.count, tree.nodeAt);
  }

  #tree(delivery: number): Tree {
    const leaves = this.#db.all(
      'SELECT leaf FROM items WHERE delivery = ? ORDER BY position',
      delivery,
    );
    const { nodeAt } = merkleTree(leaves.map((row) => row.bytes('leaf')));
    return { nodeAt, count: leaves.length };
  }
}

/** That of the ledger. */
function inOrder(one: Row, other: Row): number {
  for (const column of ['height', 'delivery', 'position']) {
    const difference = one.uint(column) - other.uint(column);
    if (difference !== 0) return difference;
  }
  return 0;
}
