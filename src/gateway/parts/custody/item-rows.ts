import { setImmediate as nextTurn } from 'node:timers/promises';
import { type MerkleTree, merkleTree } from '../../../ledger/merkle.ts';
import type { AccountId, BlobId, RecordId } from '../../../primitives/ids.ts';
import { inSlices, rowsATurn } from '../../slices.ts';
import type { Row, Store } from '../../store.ts';
import { changesOf } from './row-changes.ts';
import {
  cursorOf,
  parseCursor,
  type StoredRow,
  selectChanged,
  selectRow,
  storedRow,
} from './stored-row.ts';

interface PageOptions {
  readonly account: AccountId;
  readonly since: number;
  readonly changed?: number;
  readonly cursor: string;
  readonly limit: number;
  readonly only?: { readonly classes: readonly string[]; readonly fromMs: number };
}

/**
 * The rows of items in custody, as they are shown: header, salt and leaf content, which no other hospital has.
 * Only what is anchored is shown to anybody. Source: docs/protocol/http.md, rule H-10.
 */
export class ItemRows {
  readonly #db: Store;

  constructor(db: Store) {
    this.#db = db;
  }

  /** How often rows of this account were shown or erased. */
  changesOf(account: AccountId): number {
    return changesOf(this.#db, account);
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
    const shown = await this.#complete(rows.slice(0, limit));
    return { rows: shown, next: rows.length > limit ? shown.at(-1)?.cursor : undefined };
  }

  /** The next rows of a page. */
  #some(options: PageOptions): Row[] {
    const { account, since, changed = 0, cursor, limit, only } = options;
    const [height, delivery, position] = parseCursor(cursor);
    const asked = changed === 0 ? [] : [account, changed, account, changed];
    return this.#db.all(
      `${changed === 0 ? selectRow : selectChanged} WHERE deliveries.account = ? AND height > ? AND (height, delivery, position) > (?, ?, ?)
       AND (? IS NULL OR class IN (SELECT value FROM json_each(?))) AND timeMs >= ?
       ORDER BY height, delivery, position LIMIT ?`,
      ...[...asked, account, since, height, delivery, position],
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
    return this.#complete(rows.toSorted(inOrder));
  }

  /** Slice by slice, and a turn for each tree: a page has up to a thousand rows, a delivery thousands of leaves. */
  async #complete(rows: readonly Row[]): Promise<StoredRow[]> {
    const trees = new Map<number, MerkleTree>();
    const complete: StoredRow[] = [];
    for await (const slice of inSlices(rows)) {
      for (const row of slice) {
        const delivery = row.uint('delivery');
        const tree = trees.get(delivery) ?? (await this.#treeInItsTurn(delivery));
        trees.set(delivery, tree);
        complete.push(storedRow(row, tree));
      }
    }
    return complete;
  }

  async #treeInItsTurn(delivery: number): Promise<MerkleTree> {
    await nextTurn();
    const tree = this.#tree(delivery);
    await nextTurn();
    return tree;
  }

  #tree(delivery: number): MerkleTree {
    const leaves = this.#db.all(
      'SELECT leaf FROM items WHERE delivery = ? ORDER BY position',
      delivery,
    );
    return merkleTree(leaves.map((row) => row.bytes('leaf')));
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
