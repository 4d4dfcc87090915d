import { DatabaseSync } from 'node:sqlite';
import type { LogHead, LogHeads } from '../../ledger/app-hash.ts';
import { type BlockWrites, type LedgerStore, viewOf } from '../../ledger/ledger.ts';
import { emptyLog } from '../../ledger/log-tree.ts';
import type { LogName } from '../../ledger/shapes.ts';
import type { LedgerView } from '../../ledger/table.ts';
import { TreePage } from '../../ledger/tree-page.ts';
import { bytesToHex, utf8ToText } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import { Recent } from '../../primitives/recent.ts';
import { isDiskFull } from '../disk-full.ts';
import type { LayerSizes } from '../layer-sizes.ts';
import { Checkpoints } from '../threads/checkpoints.ts';
import { RowCache } from './row-cache.ts';
import { type CommittedHead, StateLayer, tileId } from './state-layer.ts';
import {
  pageId,
  prepareReads,
  prepareWrites,
  type ReadStatements,
  schema,
  type WriteStatements,
  writeSteps,
} from './state-statements.ts';

export type { CommittedHead } from './state-layer.ts';

/** Pages of the state tree kept decoded, twice as many at most: 2 KB each. */
const maxCachedPages = 8_192;
/** Of each table, twice as many at most: about 20 MB of accounts when full. */
const maxCachedRows = 16_384;

/** Changed rows, pages and tiles that are gathered before they go to disk together: some 3,000 transactions. */
const defaultLayerSize = 8_192;
/** Of a state that nobody opens again: the disk only serves what memory would not hold, some 50 MB. */
const scratchLayerSize = 32_768;
/** With so many layers' worth waiting for a disk that is full, no more is taken in. */
const maxLayers = 4;

/**
 * The ledger's state in one SQLite file, written behind the blocks: what blocks change is gathered in
 * memory, where a row that changes often changes once, and goes to disk in one transaction, a part of it
 * with each further block. So the file holds the state of some height, whole, and lags by some thousand
 * transactions; what it lacks the engine replays. `close` leaves nothing behind.
 * Source: docs/protocol/blocks.md, rule B-12.
 */
export class StateDatabase implements LedgerStore {
  readonly view: LedgerView;
  readonly #database: DatabaseSync;
  readonly #isScratch: boolean;
  readonly #checkpoints: Checkpoints | undefined;
  readonly #reads: ReadStatements;
  readonly #statements: WriteStatements;
  readonly #pages = new Recent<string, TreePage>(maxCachedPages);
  readonly #rows: RowCache;
  readonly #layerSize: number;
  #head: CommittedHead | undefined;
  #logs: LogHeads;
  /** What is not yet on its way to disk. */
  #young: StateLayer | undefined;
  /** What is on its way, by `#steps` when its transaction is open. */
  #old: StateLayer | undefined;
  #steps: Iterator<void> | undefined;
  /** Somebody begins to read the file as it is: nothing goes into it until then. */
  #isHeld = false;

  /**
   * `scratch`: what replays a ledger to verify it writes a state that is thrown away; nothing of it is flushed, and
   * a crash leaves nothing to go on from. Throws LEDGER_CORRUPT.
   */
  constructor(path: string, gathered: LayerSizes = {}, kept: 'kept' | 'scratch' = 'kept') {
    this.#isScratch = kept === 'scratch';
    this.#layerSize =
      gathered.stateLayer ?? (this.#isScratch ? scratchLayerSize : defaultLayerSize);
    this.#database = new DatabaseSync(path, { timeout: 2_000 });
    this.#database.exec(
      this.#isScratch
        ? 'PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;'
        : 'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;',
    );
    this.#database.exec('PRAGMA cache_size = -65536;');
    this.#database.exec(schema);
    if (!this.#isScratch) {
      this.#checkpoints = new Checkpoints(path, this.#database, gathered.checkpointPages);
    }
    this.#reads = prepareReads(this.#database);
    this.#statements = prepareWrites(this.#database);
    this.#head = readHead(this.#database);
    this.#logs = { user: this.#readLog('user'), doc: this.#readLog('doc') };
    this.#rows = new RowCache(viewOf(this), maxCachedRows);
    this.view = this.#rows;
  }

  /** Undefined: the file is new. */
  head(): CommittedHead | undefined {
    return this.#head;
  }

  row(key: Uint8Array): Uint8Array | undefined {
    return this.#waitingRow(key) ?? blobOf(this.#reads.row.get(key)?.v);
  }

  #waitingRow(key: Uint8Array): Uint8Array | undefined {
    if (this.#young === undefined && this.#old === undefined) return undefined;
    // A row's key in the state tree is table ‖ '/' ‖ id.
    const slash = key.indexOf(0x2f);
    const table = utf8ToText(key.subarray(0, slash));
    const id = bytesToHex(key.subarray(slash + 1));
    return this.#young?.row(table, id) ?? this.#old?.row(table, id);
  }

  page(path: string): TreePage | undefined {
    const kept = this.#pages.get(path);
    if (kept !== undefined) return kept;
    const page = this.#uncachedPage(path);
    if (page !== undefined) this.#pages.set(path, page);
    return page;
  }

  #uncachedPage(path: string): TreePage | undefined {
    for (const layer of [this.#young, this.#old]) {
      if (layer?.pages.has(path)) return layer.pages.get(path);
    }
    const id = pageId(path);
    const found = id === undefined ? this.#reads.deepPage.get(path) : this.#reads.page.get(id);
    const bytes = blobOf(found?.page);
    return bytes === undefined ? undefined : TreePage.decode(bytes);
  }

  tile(log: LogName, level: number, index: number): Uint8Array | undefined {
    const id = tileId(log, level, index);
    const waiting = this.#young?.tiles.get(id) ?? this.#old?.tiles.get(id);
    return waiting ?? blobOf(this.#reads.tile.get(id)?.hashes);
  }

  logHead(log: LogName): LogHead {
    return this.#logs[log];
  }

  /** `work` reads much: without a transaction around it every read would lock and unlock the file. */
  reading<Result>(work: () => Result): Result {
    // Nobody else has a scratch file: it is locked once and for all.
    if (this.#isScratch || this.#database.isTransaction) return work();
    this.#database.exec('BEGIN');
    try {
      return work();
    } finally {
      this.#database.exec('COMMIT');
    }
  }

  /**
   * A block's writes become the committed state at once, and go to disk by and by.
   *
   * Throws, and takes nothing in, when the disk has been full for too long.
   */
  commit(head: CommittedHead, writes: BlockWrites): void {
    if ((this.#young?.size ?? 0) >= maxLayers * this.#layerSize) this.flush();
    this.#young ??= new StateLayer(head, writes.logs);
    this.#young.add(head, writes);
    for (const { write } of writes.rows) this.#rows.set(write);
    for (const [path, page] of writes.pages) this.#replacePage(path, page);
    this.#head = head;
    this.#logs = writes.logs;
    try {
      // As many steps as there were changes: a layer is on disk before the next one is full.
      this.#advance(writes.rows.length + writes.pages.size + writes.tiles.length + 1);
    } catch (error) {
      if (!isDiskFull(error)) throw error;
    }
  }

  #replacePage(path: string, page: TreePage | undefined): void {
    const before = this.#pages.get(path);
    if (page === undefined) this.#pages.delete(path);
    else this.#pages.set(path, page);
    // Apart from the cache only the layers hold pages; the young one has the newer page by now.
    if (before !== undefined && this.#old?.pages.get(path) !== before) before.giveBack();
  }

  /** Everything goes to disk now. Throws when the disk is full; then nothing is lost. */
  flush(): void {
    while (this.#old !== undefined || this.#young !== undefined) {
      this.#old ??= this.#takeYoung();
      this.#advance(Number.POSITIVE_INFINITY);
    }
  }

  /**
   * Everything goes to disk now, and nothing more until the answer is called, so that another reader meets the state of this
   * very height; but for a layer that memory has no room for. Throws when the disk is full.
   */
  hold(): () => void {
    this.flush();
    this.#isHeld = true;
    return () => {
      this.#isHeld = false;
    };
  }

  /** The height that is on disk: after a crash the ledger goes on from there. */
  writtenHeight(): number {
    return readHead(this.#database)?.height ?? 0;
  }

  /** An operator's quota in pages of 4 KiB; what does not fit is refused like a full disk. */
  limitPages(pages: number): void {
    this.#database.exec(`PRAGMA max_page_count = ${Math.floor(pages)}`);
  }

  close(): void {
    if (!this.#database.isOpen) return;
    try {
      if (!this.#isScratch) this.flush();
    } catch {
      // What is not on disk is replayed.
    }
    this.#checkpoints?.close();
    this.#database.close();
  }

  #takeYoung(): StateLayer | undefined {
    const young = this.#young;
    this.#young = undefined;
    return young;
  }

  #advance(steps: number): void {
    if (this.#old === undefined) {
      if (this.#isHeld || (this.#young?.size ?? 0) < this.#layerSize) return;
      this.#old = this.#takeYoung();
    }
    if (this.#old === undefined) return;
    try {
      if (this.#steps === undefined) {
        this.#database.exec('BEGIN IMMEDIATE');
        this.#steps = writeSteps(this.#statements, this.#old);
      }
      for (let done = 0; done < steps; done++) {
        if (this.#steps.next().done !== true) continue;
        this.#database.exec('COMMIT');
        this.#steps = undefined;
        this.#old = undefined;
        this.#checkpoints?.committed();
        return;
      }
    } catch (error) {
      this.#steps = undefined;
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  #readLog(name: LogName): LogHead {
    const row = this.#database.prepare('SELECT size, root FROM logs WHERE name = ?').get(name);
    if (row === undefined && this.#head === undefined) return emptyLog;
    const { size, root } = row ?? {};
    if (typeof size !== 'number' || !(root instanceof Uint8Array)) throw corrupt();
    return { size, root };
  }
}

function readHead(database: DatabaseSync): CommittedHead | undefined {
  const row = database.prepare('SELECT genesis_hash, height, app_hash FROM head').get();
  if (row === undefined) return undefined;
  const { genesis_hash: genesisHash, height, app_hash: appHash } = row;
  if (!(genesisHash instanceof Uint8Array) || !(appHash instanceof Uint8Array)) throw corrupt();
  if (typeof height !== 'number') throw corrupt();
  return { genesisHash, height, appHash };
}

function blobOf(value: unknown): Uint8Array | undefined {
  if (value === undefined) return undefined;
  if (value instanceof Uint8Array) return value;
  throw corrupt();
}

function corrupt(): CodedError {
  return new CodedError('LEDGER_CORRUPT');
}
