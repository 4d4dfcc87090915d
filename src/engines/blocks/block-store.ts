import { closeSync, existsSync, fdatasync, fsyncSync, openSync } from 'node:fs';
import { DatabaseSync, type SQLOutputValue, type StatementSync } from 'node:sqlite';
import { sha256 } from '../../crypto/hash.ts';
import { CodedError } from '../../primitives/errors.ts';
import { decodeAs, encodeAs } from '../../primitives/shape.ts';
import { isDiskFull } from '../disk-full.ts';
import type { LayerSizes } from '../layer-sizes.ts';
import { Checkpoints } from '../threads/checkpoints.ts';
import {
  decodeResults,
  decodeTxs,
  encodeResults,
  encodeTxs,
  type LedgerIdentity,
  ledgerIdentity,
  type StoredBlock,
} from './stored-block.ts';
import { type Place, TxIndex, txIndexSchema } from './tx-index.ts';

const schema = `
  CREATE TABLE identity(id INTEGER PRIMARY KEY CHECK (id = 1), body BLOB NOT NULL) STRICT;
  CREATE TABLE blocks(
    height INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL, header BLOB NOT NULL, votes BLOB NOT NULL,
    txs BLOB NOT NULL, results BLOB NOT NULL, app_hash BLOB NOT NULL) STRICT;
  ${txIndexSchema}
  ${['identity', 'blocks', 'txs']
    .flatMap((table) =>
      ['UPDATE', 'DELETE'].map(
        (change) => `CREATE TRIGGER ${table}_${change.toLowerCase()} BEFORE ${change} ON ${table}
          BEGIN SELECT RAISE(ABORT, 'append only'); END;`,
      ),
    )
    .join('\n')}
`;

/**
 * The durable truth of the embedded engine: an append-only SQLite file. A block is final when `flush`
 * has answered after its `append`; everything else (state, indexes elsewhere) can be made again from here.
 * Source: docs/protocol/blocks.md, rules B-5 and B-6.
 */
export class BlockStore {
  readonly #path: string;
  readonly #db: DatabaseSync;
  /** The write-ahead log, once SQLite has made and flushed it with the first block. */
  #wal: number | undefined;
  readonly #checkpoints: Checkpoints | undefined;
  readonly #insertBlock: StatementSync;
  readonly #selectBlock: StatementSync;
  readonly #selectBlocks: StatementSync;
  readonly #selectSigned: StatementSync;
  readonly #index: TxIndex;

  /** Throws LEDGER_CORRUPT when the file is not a sound database, DISK_FULL. */
  constructor(
    path: string,
    options: {
      readonly readOnly?: boolean;
      readonly check?: boolean;
      readonly gathered?: LayerSizes;
    } = {},
  ) {
    this.#path = path;
    this.#db = new DatabaseSync(path, { readOnly: options.readOnly === true });
    try {
      if (options.readOnly !== true) {
        // FULL: COMMIT flushes. From the second block on `flush` does, without holding this thread.
        this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
        this.#db.exec('PRAGMA cache_size = -16384');
        if (this.#db.prepare('SELECT 1 FROM sqlite_schema').get() === undefined) {
          this.#db.exec(`BEGIN; ${schema}; COMMIT`);
        }
        flushLog(path);
        this.#checkpoints = new Checkpoints(path, this.#db, options.gathered?.checkpointPages);
      }
      if (options.check !== false) this.#quickCheck();
      this.#insertBlock = this.#db.prepare('INSERT INTO blocks VALUES (?, ?, ?, ?, ?, ?, ?)');
      this.#selectBlock = this.#db.prepare('SELECT * FROM blocks WHERE height = ?');
      this.#selectBlocks = this.#db.prepare(
        'SELECT * FROM blocks WHERE height > 0 ORDER BY height',
      );
      this.#selectSigned = this.#db.prepare('SELECT header, votes FROM blocks WHERE height = ?');
      this.#index = new TxIndex(this.#db, options.gathered?.indexLayer);
      const unnamed = Math.max(this.#index.indexedHeight + 1, this.firstHeight());
      for (let height = unnamed; height <= this.lastHeight(); height++) {
        const { txs = [], results = [] } = this.block(height) ?? {};
        const txIds = txs.map((tx) => sha256(tx));
        this.#index.committed(height, txIds, (at) => results[at]?.code !== 0);
      }
    } catch (cause) {
      this.#db.close();
      if (cause instanceof CodedError) throw cause;
      if (isDiskFull(cause)) throw new CodedError('DISK_FULL', {}, cause);
      throw new CodedError('LEDGER_CORRUPT', { what: 'storage' }, cause);
    }
  }

  #quickCheck(): void {
    const answer = this.#db.prepare('PRAGMA quick_check(1)').get();
    if (answer?.quick_check !== 'ok') {
      throw new CodedError('LEDGER_CORRUPT', { what: 'storage' });
    }
  }

  identity(): LedgerIdentity | undefined {
    const row = this.#db.prepare('SELECT body FROM identity').get();
    return row === undefined ? undefined : decodeAs(ledgerIdentity, blob(row.body));
  }

  setIdentity(identity: LedgerIdentity): void {
    this.#db.prepare('INSERT INTO identity VALUES (1, ?)').run(encodeAs(ledgerIdentity, identity));
  }

  /** 0: no block yet. */
  lastHeight(): number {
    const row = this.#db.prepare('SELECT max(height) AS height FROM blocks').get();
    const height = row?.height;
    return typeof height === 'number' ? height : 0;
  }

  /** 1, unless this home joined by a snapshot and has not yet fetched what came before it; 0: no block yet. */
  firstHeight(): number {
    const height = this.#db.prepare('SELECT min(height) AS height FROM blocks').get()?.height;
    return typeof height === 'number' ? height : 0;
  }

  /**
   * Puts blocks below all that are here, highest first, each the one before the last: all of them or, after a throw, none.
   * Nobody waits for the disk: what a crash loses is fetched again.
   */
  prepend(blocks: readonly StoredBlock[]): void {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      for (const block of blocks) {
        this.#insert(block);
        this.#index.before(
          block.height,
          block.txs.map((tx) => sha256(tx)),
        );
      }
      this.#db.exec('COMMIT');
    } catch (cause) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw cause;
    }
    this.#checkpoints?.committed();
  }

  #insert(block: StoredBlock): void {
    const { height, timeMs, header, commit, appHash } = block;
    const txs = encodeTxs(block.txs, block.misbehaviour);
    const results = encodeResults(block.results);
    this.#insertBlock.run(height, timeMs, header, commit, txs, results, appHash);
  }

  /**
   * Puts a block into the store; `flush` makes it durable. After a throw the block is not in the store.
   * Fault points: `inserted` (before COMMIT).
   */
  append(
    block: StoredBlock,
    txIds: readonly Uint8Array[],
    faultPoint: (name: 'inserted') => void = () => {},
  ): void {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      this.#insert(block);
      this.#index.write(txIds.length);
      faultPoint('inserted');
      this.#db.exec('COMMIT');
    } catch (cause) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw cause;
    }
    this.#index.committed(block.height, txIds, (at) => block.results[at]?.code !== 0);
  }

  /**
   * Everything appended is on disk when this answers. A throw leaves open whether it is.
   *
   * SQLite's own COMMIT would flush the same file in the same place (`synchronous = FULL`), but this thread
   * would stand still meanwhile. The first block goes that way, because SQLite then also flushes the folder
   * in which it made the file; the file stays the same until `close`.
   */
  async flush(): Promise<void> {
    const wal = this.#wal;
    if (wal !== undefined) {
      await new Promise<void>((resolve, reject) => {
        fdatasync(wal, (error) => (error === null ? resolve() : reject(error)));
      });
      this.#checkpoints?.committed();
      return;
    }
    this.#wal = openSync(`${this.#path}-wal`, 'r+');
    // NORMAL: checkpoints still flush the log before the database and the database before a new log.
    this.#db.exec('PRAGMA synchronous = NORMAL');
  }

  /** Throws LEDGER_CORRUPT (what: data, result). */
  block(height: number): StoredBlock | undefined {
    const row = this.#selectBlock.get(height);
    return row === undefined ? undefined : storedBlock(row);
  }

  /**
   * All blocks in their order, each read when it is asked for: one pass over the file. A block that is not there is
   * left out. `read` throws LEDGER_CORRUPT (what: data, result).
   */
  *blocks(): Generator<{ readonly height: number; readonly read: () => StoredBlock }> {
    for (const row of this.#selectBlocks.iterate()) {
      yield { height: integer(row.height), read: () => storedBlock(row) };
    }
  }

  signed(height: number): { header: Uint8Array; commit: Uint8Array } | undefined {
    const row = this.#selectSigned.get(height);
    if (row === undefined) return undefined;
    return { header: blob(row.header), commit: blob(row.votes) };
  }

  /** Where it stands first. */
  find(txId: Uint8Array): Place | undefined {
    return this.#index.find(txId);
  }

  /** How many transactions the index names; equals the number in all blocks unless somebody changed it. */
  indexedTxs(): number {
    return this.#index.count();
  }

  /** An operator's quota in pages of 4 KiB; what does not fit is refused like a full disk. */
  limitPages(pages: number): void {
    this.#db.exec(`PRAGMA max_page_count = ${Math.floor(pages)}`);
  }

  close(): void {
    if (this.#checkpoints !== undefined && this.#db.isOpen) this.#writeIndex();
    this.#checkpoints?.close();
    if (this.#wal !== undefined) closeSync(this.#wal);
    this.#wal = undefined;
    if (this.#db.isOpen) this.#db.close();
  }

  #writeIndex(): void {
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      this.#index.writeAll();
      this.#db.exec('COMMIT');
    } catch {
      // What is not on disk is taken from the blocks again.
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
    }
  }
}

/** A crash may leave a block in the log that was written and not flushed: flushed before it is believed. */
function flushLog(path: string): void {
  const log = `${path}-wal`;
  if (!existsSync(log)) return;
  const file = openSync(log, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** A row of `blocks`. Throws LEDGER_CORRUPT (what: data, result, storage). */
export function storedBlock(row: Record<string, SQLOutputValue>): StoredBlock {
  const height = integer(row.height);
  return {
    height,
    timeMs: integer(row.time_ms),
    header: blob(row.header),
    commit: blob(row.votes),
    ...decoded(decodeTxs, row.txs, 'data', height),
    results: decoded(decodeResults, row.results, 'result', height),
    appHash: blob(row.app_hash),
  };
}

function decoded<T>(
  decode: (bytes: Uint8Array) => T,
  value: SQLOutputValue | undefined,
  what: string,
  height: number,
): T {
  try {
    return decode(blob(value));
  } catch (cause) {
    throw new CodedError('LEDGER_CORRUPT', { what, height }, cause);
  }
}

function blob(value: SQLOutputValue | undefined): Uint8Array {
  if (!(value instanceof Uint8Array)) throw new CodedError('LEDGER_CORRUPT', { what: 'storage' });
  return value;
}

function integer(value: SQLOutputValue | undefined): number {
  if (typeof value !== 'number') throw new CodedError('LEDGER_CORRUPT', { what: 'storage' });
  return value;
}
