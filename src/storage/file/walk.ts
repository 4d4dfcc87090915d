import type { FileHandle } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { sha256 } from '../../crypto/hash.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { BlobId } from '../../primitives/ids.ts';
import { leafBytes } from '../blob-id.ts';
import type { CorruptBlob } from '../blob-store.ts';
import { isUnreadable } from './faults.ts';
import type { LargeFiles } from './large-files.ts';
import { readWhole, treeOf } from './pieces.ts';
import type { Rows } from './rows.ts';

/** So many leaves are read before they are hashed. */
const ahead = 3;

/** Its bytes, or what is wrong with it. */
type Found = number | CorruptBlob['reason'];

export interface WalkOptions {
  readonly signal?: AbortSignal | undefined;
  /** Begins with the first id after this one. */
  readonly after?: string;
  /** Waited for after so many bytes: who has time lets others have the machine. */
  readonly rest?: (bytes: number) => Promise<void>;
}

/**
 * Every blob with what was found when all of it was read. Yields the event loop now and then.
 * Throws BLOB_CORRUPT without an id when the table itself cannot be read, INTERRUPTED.
 */
export async function* walkBlobs(
  rows: Rows,
  files: LargeFiles,
  options: WalkOptions,
): AsyncGenerator<{ readonly id: BlobId; readonly found: Found }> {
  const walk = new Walk(rows, files, options);
  let after = options.after ?? '';
  for (;;) {
    const ids = idsAfter(rows, after, 64);
    for (const id of ids) {
      const found = await walk.examine(id);
      if (found !== undefined) yield { id, found };
      // Still listed but not to be found: the table has lost it. Else it was deleted meanwhile.
      else if (idsAfter(rows, after, 1)[0] === id) yield { id, found: 'missing' };
      after = id;
    }
    if (ids.length === 0) return;
    await nextTurn();
  }
}

class Walk {
  readonly #rows: Rows;
  readonly #files: LargeFiles;
  readonly #signal: AbortSignal | undefined;
  readonly #rest: (bytes: number) => Promise<void>;
  /** One is hashed while the next are read into the others: the disk is never waited for, nor does it wait. */
  readonly #buffers = Array.from({ length: ahead + 1 }, () => new Uint8Array(leafBytes));

  constructor(rows: Rows, files: LargeFiles, { signal, rest = async () => {} }: WalkOptions) {
    this.#rows = rows;
    this.#files = files;
    this.#signal = signal;
    this.#rest = rest;
  }

  /** Undefined: there is no such row. */
  async examine(id: BlobId): Promise<Found | undefined> {
    try {
      return await this.#read(id);
    } catch (error) {
      if (isCoded(error, 'BLOB_UNKNOWN')) return undefined;
      // A row that says more bytes than are read in one piece, and has no tree, is not what it was.
      if (isCoded(error, 'BODY_TOO_LARGE')) return 'changed';
      if (!isCoded(error, 'BLOB_CORRUPT')) throw error;
      const { reason } = error.details;
      return reason === 'missing' || reason === 'unreadable' ? reason : 'changed';
    }
  }

  async #read(id: BlobId): Promise<Found | undefined> {
    const tree = treeOf(this.#rows, id);
    if (tree === undefined) {
      const options = this.#signal === undefined ? { id } : { id, signal: this.#signal };
      const { length } = await readWhole(this.#rows, this.#files, options);
      await this.#rest(length);
      return length;
    }
    const file = await this.#files.open(id);
    if (file === undefined) return this.#rows.blob(id) === undefined ? undefined : 'missing';
    try {
      return await this.#hashed(file, { digests: tree.leafDigests, bytes: tree.bytes });
    } finally {
      await file.close();
    }
  }

  async #hashed(
    file: FileHandle,
    { digests, bytes }: { readonly digests: Uint8Array; readonly bytes: number },
  ): Promise<Found> {
    const count = digests.length / 32;
    const reading: Promise<Uint8Array | 'changed' | 'unreadable'>[] = [];
    try {
      for (let place = 0; place < count; place++) {
        if (this.#signal?.aborted === true) throw new CodedError('INTERRUPTED');
        for (let next = place + reading.length; next < Math.min(count, place + ahead + 1); next++) {
          reading.push(this.#leaf(file, next, bytes));
        }
        const leaf = await reading.shift();
        if (leaf === undefined || typeof leaf === 'string') return leaf ?? 'changed';
        const digest = digests.subarray(place * 32, place * 32 + 32);
        if (!equalBytes(sha256(leaf), digest)) return 'changed';
        await this.#rest(leaf.length);
      }
      return bytes;
    } finally {
      // The file is closed, and the buffers are another's, when nothing is read into them any more.
      await Promise.allSettled(reading);
    }
  }

  async #leaf(
    file: FileHandle,
    place: number,
    bytes: number,
  ): Promise<Uint8Array | 'changed' | 'unreadable'> {
    const start = place * leafBytes;
    const buffer = this.#buffers[place % this.#buffers.length] ?? new Uint8Array(leafBytes);
    const leaf = buffer.subarray(0, Math.min(leafBytes, bytes - start));
    for (let filled = 0; filled < leaf.length; ) {
      try {
        const { bytesRead } = await file.read(leaf, filled, leaf.length - filled, start + filled);
        if (bytesRead === 0) return 'changed';
        filled += bytesRead;
      } catch (error) {
        if (!isUnreadable(error)) throw error;
        return 'unreadable';
      }
    }
    return leaf;
  }
}

function idsAfter(rows: Rows, after: string, limit: number): BlobId[] {
  try {
    return rows.idsAfter(after, limit);
  } catch (error) {
    if (!isUnreadable(error) && !isCoded(error, 'ID_FORMAT')) throw error;
    throw new CodedError('BLOB_CORRUPT', { part: 'table' }, error);
  }
}
