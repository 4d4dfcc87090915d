import type { FileHandle } from 'node:fs/promises';
import { sha256 } from '../../crypto/hash.ts';
import { concatBytes, equalBytes } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { BlobId } from '../../primitives/ids.ts';
import { type BlobTree, blobIdOf, cidBytesOf, leafBytes, treeOfLeaves } from '../blob-id.ts';
import { type CorruptBlob, maxReadBytes, type ReadOptions } from '../blob-store.ts';
import { isUnreadable } from './faults.ts';
import type { LargeFiles } from './large-files.ts';
import type { BlobRow, Rows } from './rows.ts';

interface Reading extends ReadOptions {
  readonly id: BlobId;
}

interface Range {
  readonly from: number;
  readonly to: number;
}

/** A range in one piece. Throws BODY_TOO_LARGE above 64 MiB, and as `readPieces`. */
export async function readWhole(
  rows: Rows,
  files: LargeFiles,
  reading: Reading,
): Promise<Uint8Array> {
  const small = readable(reading.id, () => rows.small(reading.id));
  if (small !== undefined && reading.from === undefined && reading.to === undefined) {
    checkSignal(reading.signal);
    return proven(reading.id, small.bytes, small.content);
  }
  const { from, to } = rangeOf(rowOf(rows, reading.id), reading);
  if (to - from > maxReadBytes) throw new CodedError('BODY_TOO_LARGE', { bytes: to - from });
  const pieces: Uint8Array[] = [];
  for await (const piece of readPieces(rows, files, reading)) pieces.push(piece);
  return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : concatBytes(...pieces);
}

/**
 * The bytes of a range, leaf by leaf, each proven against the id before it is handed out: a row by its
 * hash, a file by the digests of the leaves that are touched, those by the tree above them.
 *
 * Throws BLOB_UNKNOWN, BLOB_RANGE, BLOB_CORRUPT {blobId, reason}, INTERRUPTED.
 */
export async function* readPieces(
  rows: Rows,
  files: LargeFiles,
  reading: Reading,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { id, signal } = reading;
  const row = rowOf(rows, id);
  const range = rangeOf(row, reading);
  checkSignal(signal);
  if (!row.isFile) {
    const content = contentOf(rows, row);
    if (range.to > range.from) yield content.subarray(range.from, range.to);
    return;
  }
  const digests = provenTree(row).leafDigests;
  const file = await files.open(id);
  if (file === undefined) {
    rowOf(rows, id); // Deleted since: unknown, not corrupt.
    throw corrupt(id, 'missing');
  }
  try {
    for (let i = Math.floor(range.from / leafBytes); i * leafBytes < range.to; i++) {
      checkSignal(signal);
      const start = i * leafBytes;
      const leaf = await readLeaf(file, row, start);
      const digest = digests.subarray(i * 32, (i + 1) * 32);
      if (!equalBytes(sha256(leaf), digest)) throw corrupt(id, 'changed');
      yield leaf.subarray(Math.max(0, range.from - start), Math.min(leaf.length, range.to - start));
    }
  } finally {
    await file.close();
  }
}

function rowOf(rows: Rows, id: BlobId): BlobRow {
  const row = readable(id, () => rows.blob(id));
  if (row === undefined) throw new CodedError('BLOB_UNKNOWN', { blobId: id });
  return row;
}

function rangeOf(row: BlobRow, { from = 0, to = row.bytes }: ReadOptions): Range {
  const isInside = Number.isSafeInteger(from) && Number.isSafeInteger(to) && 0 <= from;
  if (!isInside || from > to || to > row.bytes) {
    throw new CodedError('BLOB_RANGE', { blobId: row.id, bytes: row.bytes });
  }
  return { from, to };
}

function contentOf(rows: Rows, row: BlobRow): Uint8Array {
  const content = readable(row.id, () => rows.content(row.id));
  if (content === undefined) throw corrupt(row.id, 'missing');
  return proven(row.id, row.bytes, content);
}

/** Throws BLOB_CORRUPT. */
function proven(id: BlobId, bytes: number, content: Uint8Array): Uint8Array {
  if (content.length !== bytes || blobIdOf(content) !== id) throw corrupt(id, 'changed');
  return content;
}

/** One leaf, by the digest that is its own id: no tree needs to be proven for it. Throws BLOB_UNKNOWN, BLOB_CORRUPT. */
export async function readLeafOf(
  rows: Rows,
  files: LargeFiles,
  leaf: { readonly id: BlobId; readonly place: number; readonly digest: Uint8Array },
): Promise<Uint8Array> {
  const { id, place, digest } = leaf;
  const row = rowOf(rows, id);
  const file = await files.open(id);
  if (file === undefined) throw corrupt(id, 'missing');
  try {
    const bytes = await readLeaf(file, row, place * leafBytes);
    if (!equalBytes(sha256(bytes), digest)) throw corrupt(id, 'changed');
    return bytes;
  } finally {
    await file.close();
  }
}

/** The tree of a blob of several leaves; undefined for what is none. Throws BLOB_CORRUPT. */
export function treeOf(rows: Rows, id: BlobId): BlobTree | undefined {
  const row = readable(id, () => rows.blob(id));
  return row?.leaves === undefined ? undefined : provenTree(row);
}

/** Over the stored list of digests, or the one in the id, proven against the id. */
function provenTree({ id, bytes, leaves }: BlobRow): BlobTree {
  const digests = leaves ?? cidBytesOf(id).subarray(4);
  const count = Math.max(1, Math.ceil(bytes / leafBytes));
  if (digests.length !== 32 * count) throw corrupt(id, 'changed');
  const tree = treeOfLeaves(digests, bytes);
  if (tree.id !== id) throw corrupt(id, 'changed');
  return tree;
}

async function readLeaf(file: FileHandle, row: BlobRow, start: number): Promise<Uint8Array> {
  const leaf = new Uint8Array(Math.min(leafBytes, row.bytes - start));
  let filled = 0;
  while (filled < leaf.length) {
    const part = leaf.subarray(filled);
    let bytesRead: number;
    try {
      ({ bytesRead } = await file.read(part, 0, part.length, start + filled));
    } catch (error) {
      throw isUnreadable(error) ? corrupt(row.id, 'unreadable', error) : error;
    }
    if (bytesRead === 0) throw corrupt(row.id, 'changed');
    filled += bytesRead;
  }
  return leaf;
}

function readable<T>(id: BlobId, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw isUnreadable(error) ? corrupt(id, 'unreadable', error) : error;
  }
}

function corrupt(blobId: BlobId, reason: CorruptBlob['reason'], cause?: unknown): CodedError {
  return new CodedError('BLOB_CORRUPT', { blobId, reason }, cause);
}

function checkSignal(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new CodedError('INTERRUPTED');
}
