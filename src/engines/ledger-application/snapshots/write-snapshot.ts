import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import { sha256 } from '../../../crypto/hash.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { tileId } from '../state-layer.ts';
import { chunkFile, metadataFile } from './files.ts';
import {
  cutChunks,
  encodeChunk,
  encodeMetadata,
  type SnapshotRow,
  snapshotFormat,
} from './format.ts';

/** What is to be written, of which state, and where. */
export interface SnapshotOrder {
  /** `state.db`. */
  readonly path: string;
  /** Below it stands a folder a snapshot, by its height. */
  readonly folder: string;
  readonly chainId: string;
  readonly height: number;
  /** Smaller only in tests. */
  readonly chunkBytes?: number;
}

/**
 * Writes the snapshot of a state while others write on: it reads `state.db` as it is at the first read, which has to be the
 * state after `height`. A folder with that name is whole; a half written one has another. `onBegun`: from here on the file
 * may change. False: the file holds another height by now. Source: docs/protocol/cometbft.md, rule CB-12.
 */
export function writeSnapshot(order: SnapshotOrder, onBegun: () => void): boolean {
  const database = new DatabaseSync(order.path, { readOnly: true, timeout: 2_000 });
  try {
    database.exec('BEGIN');
    const head = database.prepare('SELECT genesis_hash, height FROM head').get();
    onBegun();
    if (head?.height !== order.height) return false;
    writeFiles(order, database, blob(head.genesis_hash));
    return true;
  } finally {
    database.close();
  }
}

function writeFiles(order: SnapshotOrder, database: DatabaseSync, genesisHash: Uint8Array): void {
  const { folder, chainId, height } = order;
  const made = join(folder, String(height));
  const making = `${made}.making`;
  rmSync(making, { recursive: true, force: true });
  mkdirSync(making, { recursive: true, mode: 0o700 });
  const sizes = { user: logSize(database, 'user'), doc: logSize(database, 'doc') };
  const source = {
    rows: rowsOf(database),
    user: leavesOf(database, 'user', sizes.user),
    doc: leavesOf(database, 'doc', sizes.doc),
  };
  const chunks: Uint8Array[] = [];
  let rows = 0;
  for (const chunk of cutChunks(source, order.chunkBytes)) {
    const encoded = encodeChunk(chunk);
    writeFileSync(join(making, chunkFile(chunks.length)), encoded, { mode: 0o600 });
    chunks.push(sha256(encoded));
    rows += chunk.rows.length;
  }
  const metadata = { format: snapshotFormat, chainId, genesisHash, height, rows, ...sizes, chunks };
  writeFileSync(join(making, metadataFile), encodeMetadata(metadata), { mode: 0o600 });
  rmSync(made, { recursive: true, force: true });
  renameSync(making, made);
}

function* rowsOf(database: DatabaseSync): Generator<SnapshotRow> {
  for (const { k, v } of database.prepare('SELECT k, v FROM kv ORDER BY k').iterate()) {
    yield { key: blob(k), value: blob(v) };
  }
}

const tileWidth = 16;

/** Of the lowest tiles, each with up to 16 leaves: those of one log follow each other by their ids. */
function* leavesOf(
  database: DatabaseSync,
  log: 'user' | 'doc',
  size: number,
): Generator<Uint8Array> {
  const tiles = database.prepare('SELECT hashes FROM tiles WHERE id >= ? AND id < ? ORDER BY id');
  const count = Math.ceil(size / tileWidth);
  let left = size;
  for (const { hashes } of tiles.iterate(tileId(log, 0, 0), tileId(log, 0, count))) {
    const held = Math.min(left, tileWidth);
    const leaves = blob(hashes);
    if (leaves.length < held * 32) throw new CodedError('LEDGER_CORRUPT', { what: 'storage' });
    yield leaves.subarray(0, held * 32);
    left -= held;
  }
  if (left !== 0) throw new CodedError('LEDGER_CORRUPT', { what: 'storage' });
}

function logSize(database: DatabaseSync, name: 'user' | 'doc'): number {
  const size = database.prepare('SELECT size FROM logs WHERE name = ?').get(name)?.size;
  if (typeof size !== 'number') throw new CodedError('LEDGER_CORRUPT', { what: 'storage' });
  return size;
}

function blob(value: SQLOutputValue | undefined): Uint8Array {
  if (!(value instanceof Uint8Array)) throw new CodedError('LEDGER_CORRUPT', { what: 'storage' });
  return value;
}
