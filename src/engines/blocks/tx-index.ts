import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { bytesToHex } from '../../primitives/bytes.ts';

/** `indexed`: up to which block `txs` names all transactions. */
export const txIndexSchema = `
  CREATE TABLE txs(id BLOB PRIMARY KEY, height INTEGER NOT NULL, place INTEGER NOT NULL)
    STRICT, WITHOUT ROWID;
  CREATE TABLE indexed(id INTEGER PRIMARY KEY CHECK (id = 1), height INTEGER NOT NULL) STRICT;
  INSERT INTO indexed VALUES (1, 0);
`;

/** Where a transaction stands. */
export interface Place {
  readonly height: number;
  readonly index: number;
}

interface Entry extends Place {
  readonly txId: Uint8Array;
}

/** Ids that are gathered before they go to disk together, in their order: neighbours share pages there. */
const defaultLayerSize = 8_192;

/** What is on its way to disk, so many parts in a row as there are blocks. */
interface Layer {
  readonly places: Map<string, Entry>;
  readonly sorted: readonly Entry[];
  /** How many are on disk. */
  readonly done: number;
  /** The newest block of all. */
  readonly height: number;
}

/**
 * Which block holds a transaction. The ids are hashes, so that each lies on another page of the index; to
 * write one page a transaction was half of what a block writes. So they are gathered in memory and written
 * some thousand at a time, and after a crash taken from the blocks again. Rule B-13 of docs/protocol/blocks.md.
 */
export class TxIndex {
  readonly #layerSize: number;
  readonly #insert: StatementSync;
  readonly #replace: StatementSync;
  readonly #select: StatementSync;
  readonly #count: StatementSync;
  readonly #reached: StatementSync;
  readonly #indexed: StatementSync;
  #young = new Map<string, Entry>();
  #old: Layer | undefined;
  /** `#old` once the transaction of `write` is committed. */
  #next: Layer | undefined;
  /** The newest block that is named. */
  #height: number;

  /** `database` has the tables of `txIndexSchema`. */
  constructor(database: DatabaseSync, layerSize = defaultLayerSize) {
    this.#layerSize = layerSize;
    // Of what a crash left half written some ids stand there already.
    this.#insert = database.prepare('INSERT OR IGNORE INTO txs VALUES (?, ?, ?)');
    // A conflict's DELETE fires no trigger: what is told of a block is only ever made better.
    this.#replace = database.prepare('INSERT OR REPLACE INTO txs VALUES (?, ?, ?)');
    this.#select = database.prepare('SELECT height, place FROM txs WHERE id = ?');
    this.#count = database.prepare('SELECT count(*) AS n FROM txs');
    this.#reached = database.prepare('UPDATE indexed SET height = ?');
    this.#indexed = database.prepare('SELECT height FROM indexed');
    this.#height = this.indexedHeight;
  }

  /** Blocks after this one are not yet in the file: `committed` has to be told of each when it is opened. */
  get indexedHeight(): number {
    return Number(this.#indexed.get()?.height ?? 0);
  }

  find(txId: Uint8Array): Place | undefined {
    if (this.#young.size > 0 || this.#old !== undefined) {
      const key = bytesToHex(txId);
      const waiting = this.#young.get(key) ?? this.#old?.places.get(key);
      if (waiting !== undefined) return waiting;
    }
    const row = this.#select.get(txId);
    return row === undefined ? undefined : { height: Number(row.height), index: Number(row.place) };
  }

  /**
   * Within a transaction of the file: the ids of blocks that come behind the others, each below all that are named. So an id
   * that stands higher up, where it was refused, is found here from now on.
   */
  before(height: number, txIds: readonly Uint8Array[]): void {
    for (const [index, txId] of txIds.entries()) {
      const key = bytesToHex(txId);
      this.#young.delete(key);
      this.#old?.places.delete(key);
      this.#replace.run(txId, height, index);
    }
  }

  /** How many transactions are named. */
  count(): number {
    let count = Number(this.#count.get()?.n ?? 0);
    for (const waiting of [this.#young, this.#old?.places]) {
      for (const { txId } of waiting?.values() ?? []) {
        if (this.#select.get(txId) === undefined) count += 1;
      }
    }
    return count;
  }

  /** Within the transaction that stores a block of `txs`: a part of what waits goes along. */
  write(txs: number): void {
    if (this.#old === undefined && this.#young.size >= this.#layerSize) this.#rotate();
    // Twice as fast as new ones come.
    this.#next = this.#writePart(2 * txs + 8);
  }

  /**
   * That transaction is committed, and these are the ids of the block. One that stood in a block before keeps its first place: a
   * proposer that lies may bring it again. It is refused then, so that only of what `isRefused` an earlier place is looked for.
   */
  committed(
    height: number,
    txIds: readonly Uint8Array[],
    isRefused: (index: number) => boolean,
  ): void {
    this.#old = this.#next;
    this.#height = height;
    for (const [index, txId] of txIds.entries()) {
      if (isRefused(index) && this.find(txId) !== undefined) continue;
      this.#young.set(bytesToHex(txId), { txId, height, index });
    }
  }

  /** Everything that waits, within a transaction. */
  writeAll(): void {
    this.#old = this.#writePart(Number.POSITIVE_INFINITY);
    this.#rotate();
    this.#old = this.#writePart(Number.POSITIVE_INFINITY);
  }

  #rotate(): void {
    const places = this.#young;
    const sorted = [...places.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
    this.#old = { places, sorted: sorted.map(([, entry]) => entry), done: 0, height: this.#height };
    this.#young = new Map();
  }

  #writePart(count: number): Layer | undefined {
    const layer = this.#old;
    if (layer === undefined) return undefined;
    const end = Math.min(layer.sorted.length, layer.done + count);
    for (const { txId, height, index } of layer.sorted.slice(layer.done, end)) {
      this.#insert.run(txId, height, index);
    }
    if (end < layer.sorted.length) return { ...layer, done: end };
    this.#reached.run(layer.height);
    return undefined;
  }
}
