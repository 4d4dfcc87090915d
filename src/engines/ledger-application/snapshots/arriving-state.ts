import { rmSync } from 'node:fs';
import { sha256 } from '../../../crypto/hash.ts';
import { appHashOf } from '../../../ledger/app-hash.ts';
import type { RowWrite } from '../../../ledger/ledger.ts';
import { appendToLog } from '../../../ledger/log-tree.ts';
import { tables } from '../../../ledger/protocol.ts';
import type { LogName } from '../../../ledger/shapes.ts';
import { treeChange, treeRoot, updateTree } from '../../../ledger/state-tree.ts';
import { decodeRow, type StateTable } from '../../../ledger/table.ts';
import { bytesToHex, compareBytes, equalBytes, utf8 } from '../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../primitives/errors.ts';
import { StateDatabase } from '../state-database.ts';
import {
  decodeChunk,
  leafBytes,
  maxChunkBytes,
  type SnapshotChunk,
  type SnapshotMetadata,
  type SnapshotRow,
} from './format.ts';

/** What is being fetched, and what the light client says the app hash after its height is. */
export interface Arriving {
  readonly metadata: SnapshotMetadata;
  readonly appHash: Uint8Array;
}

const slash = 0x2f;
/** By the bytes of their names: those that come need be no text. */
const byName = new Map(tables.map((table) => [bytesToHex(utf8(table.name)), table]));
const noHash = new Uint8Array(32);

/**
 * A state that comes from others, chunk by chunk, in a file of its own beside the one in use: nothing is believed of it
 * before its root is that of the header. Source: docs/protocol/cometbft.md, rule CB-13.
 */
export class ArrivingState {
  readonly path: string;
  readonly #arriving: Arriving;
  readonly #database: StateDatabase;
  #next = 0;
  #rows = 0;
  #lastKey: Uint8Array = new Uint8Array(0);

  /** `path`: of a new file; one that a broken attempt left is removed. */
  constructor(path: string, arriving: Arriving) {
    removeState(path);
    this.path = path;
    this.#arriving = arriving;
    this.#database = new StateDatabase(path);
  }

  /** The chunk that is wanted next. */
  get next(): number {
    return this.#next;
  }

  get isComplete(): boolean {
    return this.#next === this.#arriving.metadata.chunks.length;
  }

  /** Whether these are the bytes that the snapshot names in this place. */
  isNamed(index: number, chunk: Uint8Array): boolean {
    const named = this.#arriving.metadata.chunks[index];
    return named !== undefined && chunk.length <= maxChunkBytes && equalBytes(sha256(chunk), named);
  }

  /** The next chunk, which the snapshot names. Throws SNAPSHOT_WRONG: the snapshot itself is none. */
  take(encoded: Uint8Array): void {
    const chunk = readChunk(encoded);
    const { metadata } = this.#arriving;
    const rows = chunk.rows.map((row) => this.#rowWrite(row));
    this.#rows += rows.length;
    const user = this.#append('user', chunk.user);
    const doc = this.#append('doc', chunk.doc);
    const isTooMuch =
      this.#rows > metadata.rows || user.head.size > metadata.user || doc.head.size > metadata.doc;
    if (isTooMuch) throw wrong('size');
    const changes = rows.map(({ key, value }) => treeChange(key, value));
    const { pages } = updateTree((path) => this.#database.page(path), changes);
    const tiles = [
      ...user.tiles.map((tile) => ({ ...tile, log: 'user' as const })),
      ...doc.tiles.map((tile) => ({ ...tile, log: 'doc' as const })),
    ];
    const { genesisHash } = metadata;
    this.#database.commit(
      { genesisHash, height: 0, appHash: noHash },
      { rows, pages, tiles, logs: { user: user.head, doc: doc.head } },
    );
    this.#next += 1;
  }

  /** Rows come by their keys, each once, of tables that this build knows. */
  #rowWrite({ key, value }: SnapshotRow): RowWrite {
    if (compareBytes(key, this.#lastKey) <= 0) throw wrong('order');
    this.#lastKey = key;
    const at = key.indexOf(slash);
    const table = byName.get(bytesToHex(key.subarray(0, Math.max(at, 0))));
    if (table === undefined) throw wrong('table');
    const id = bytesToHex(key.subarray(at + 1));
    return { key, value, write: { table, id, row: readRow(table, value) } };
  }

  #append(log: LogName, leaves: Uint8Array) {
    if (leaves.length % leafBytes !== 0) throw wrong('leaves');
    const each = Array.from({ length: leaves.length / leafBytes }, (_, at) =>
      leaves.subarray(at * leafBytes, (at + 1) * leafBytes),
    );
    return appendToLog(
      (level, index) => this.#database.tile(log, level, index),
      this.#database.logHead(log),
      each,
    );
  }

  /** All of it is there: it is the state after its height, on disk and closed. Throws SNAPSHOT_WRONG. */
  finish(): void {
    const { metadata, appHash } = this.#arriving;
    const { genesisHash, height, rows, user, doc } = metadata;
    const logs = { user: this.#database.logHead('user'), doc: this.#database.logHead('doc') };
    if (this.#rows !== rows || logs.user.size !== user || logs.doc.size !== doc)
      throw wrong('size');
    const root = treeRoot((path) => this.#database.page(path));
    if (!equalBytes(appHashOf(root, logs), appHash)) throw wrong('app_hash');
    this.#database.commit(
      { genesisHash, height, appHash },
      { rows: [], pages: new Map(), tiles: [], logs },
    );
    this.#database.flush();
    this.#database.close();
  }

  /** Nothing of it stays. */
  discard(): void {
    this.#database.close();
    removeState(this.path);
  }
}

/** A state's file, and SQLite's beside it. */
export function removeState(path: string): void {
  for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`, { force: true });
}

function readChunk(encoded: Uint8Array): SnapshotChunk {
  try {
    return decodeChunk(encoded);
  } catch (cause) {
    if (isCoded(cause)) throw wrong('chunk', cause);
    throw cause;
  }
}

function readRow(table: StateTable<unknown>, value: Uint8Array): unknown {
  try {
    return decodeRow(table, value);
  } catch (cause) {
    if (isCoded(cause)) throw wrong('row', cause);
    throw cause;
  }
}

const wrong = (what: string, cause?: unknown): CodedError =>
  new CodedError('SNAPSHOT_WRONG', { what }, cause);
