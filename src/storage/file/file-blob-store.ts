import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { CodedError } from '../../primitives/errors.ts';
import type { BlobId } from '../../primitives/ids.ts';
import { type BlobTree, leafBytes } from '../blob-id.ts';
import {
  type Amount,
  type BlobOwner,
  type BlobSource,
  type BlobStore,
  type Collected,
  type CollectOptions,
  type CorruptBlob,
  type Heirs,
  type NamedBlob,
  type PutManyOptions,
  type PutOptions,
  type ReadOptions,
  type StoredBlob,
  type Usage,
  unanchoredMs,
} from '../blob-store.ts';
import { chunksOf, claimsPerJob, handOver, isHeld } from './claims.ts';
import { type FaultPoint, writeFault } from './faults.ts';
import { Intake } from './intake.ts';
import { LargeFiles } from './large-files.ts';
import { lockFolder } from './lock.ts';
import { readLeafOf, readPieces, readWhole, treeOf } from './pieces.ts';
import { Rows } from './rows.ts';
import { type WalkOptions, walkBlobs } from './walk.ts';
import { type Effects, Writer } from './writer.ts';

export interface FileBlobStoreOptions {
  readonly folder: string;
  readonly now: () => number;
  /** Missing: no limit. */
  readonly quotaBytesOf?: (owner: BlobOwner) => number;
  /** For checking a folder that another process may be writing: takes no lock, sweeps and writes nothing. */
  readonly readOnly?: boolean;
  readonly maxWaiting?: number;
  readonly maxWaitingBytes?: number;
  /** Large blobs that come in at the same time: of one owner (4), and of all (64). */
  readonly uploadsOf?: (owner: BlobOwner) => number;
  readonly maxUploads?: number;
  /** A ceiling for the table, in pages of 8 KiB; tests fill the disk with it. */
  readonly maxPages?: number;
  /** Crash tests stop the store at a step: what it throws is taken for a fault of the disk. */
  readonly faultPoint?: (point: FaultPoint) => void;
}

/** What a file store knows besides, for what serves its blobs leaf by leaf. */
export interface FileBlobs extends BlobStore {
  /** The next blobs after this id, in the order of ids. */
  list(after: string, limit: number): readonly ListedBlob[];
  /** All of each blob read, in the order of ids: its bytes, or what is wrong with it. Throws as `verify`. */
  examined(options: WalkOptions): AsyncGenerator<ExaminedBlob>;
  /** The proven tree of a blob that is a file; undefined for a small one and for what is not here. Throws BLOB_CORRUPT. */
  tree(id: BlobId): BlobTree | undefined;
  /**
   * Keeps a blob whose tree is proven and whose leaves the caller has held against their digests, each a piece, without
   * hashing them again. Throws as `put`.
   */
  putLeaves(
    tree: BlobTree,
    leaves: AsyncIterable<Uint8Array>,
    options: PutManyOptions,
  ): Promise<StoredBlob>;
  /** A leaf of a blob that is a file, held against the digest that the caller knows. Throws BLOB_UNKNOWN, BLOB_CORRUPT. */
  leaf(id: BlobId, place: number, digest: Uint8Array): Promise<Uint8Array>;
}

export interface ExaminedBlob {
  readonly id: BlobId;
  readonly found: number | CorruptBlob['reason'];
}

export interface ListedBlob extends StoredBlob {
  /** It has leaves that have ids of their own. */
  readonly isLarge: boolean;
}

/**
 * Opens (and creates) a store in a folder of its own and sweeps up what a crash left there.
 * Throws STORE_LOCKED, HOME_READ_ONLY, HOME_INVALID, DISK_FULL.
 */
export function openFileBlobStore(options: FileBlobStoreOptions): FileBlobs {
  const { folder, readOnly = false, maxPages = 0 } = options;
  const fault = options.faultPoint ?? (() => {});
  const filesFolder = join(folder, 'files');
  let release = () => {};
  try {
    if (!readOnly) {
      mkdirSync(filesFolder, { recursive: true, mode: 0o700 });
      release = lockFolder(join(folder, 'lock.sqlite'));
    }
    const rows = new Rows(join(folder, 'blobs.sqlite'), { readOnly, maxPages });
    const unlock = release;
    release = () => {
      rows.close();
      unlock();
    };
    const files = new LargeFiles(filesFolder, fault);
    if (!readOnly) {
      files.sweep((id) => rows.blob(id)?.isFile === true);
      rows.scrub();
    }
    return new FileBlobStore({ ...options, rows, files, release, fault });
  } catch (error) {
    release();
    throw writeFault(error);
  }
}

interface Parts extends FileBlobStoreOptions {
  readonly rows: Rows;
  readonly files: LargeFiles;
  readonly release: () => void;
  readonly fault: (point: FaultPoint) => void;
}

class FileBlobStore implements FileBlobs {
  readonly #rows: Rows;
  readonly #files: LargeFiles;
  readonly #writer: Writer;
  readonly #intake: Intake;
  readonly #quotaBytesOf: (owner: BlobOwner) => number;
  readonly #now: () => number;
  readonly #isReadOnly: boolean;
  readonly #release: () => void;
  #closed = false;

  constructor(parts: Parts) {
    const { rows, files, now, fault, uploadsOf = () => 4, maxUploads = 64 } = parts;
    const { maxWaiting = 10_000, maxWaitingBytes = 64 * 1024 * 1024 } = parts;
    this.#rows = rows;
    this.#files = files;
    this.#now = now;
    this.#writer = new Writer(rows, files, { limits: { maxWaiting, maxWaitingBytes }, fault });
    this.#quotaBytesOf = parts.quotaBytesOf ?? (() => Number.MAX_SAFE_INTEGER);
    const options = { now, fault, uploadsOf, maxUploads, quotaBytesOf: this.#quotaBytesOf };
    this.#intake = new Intake({ rows, files, writer: this.#writer }, options);
    this.#isReadOnly = parts.readOnly === true;
    this.#release = parts.release;
  }

  async put(source: BlobSource, options: PutOptions): Promise<StoredBlob> {
    this.#checkWritable();
    return await this.#intake.put(source, options);
  }

  async putMany(
    blobs: AsyncIterable<NamedBlob> | Iterable<NamedBlob>,
    options: PutManyOptions,
  ): Promise<StoredBlob[]> {
    const stored: StoredBlob[] = [];
    let group: NamedBlob[] = [];
    let groupBytes = 0;
    const flush = async () => {
      const puts = group.map(({ id, bytes }) => this.put(bytes, { ...options, expectedId: id }));
      group = [];
      groupBytes = 0;
      for (const outcome of await Promise.allSettled(puts)) {
        if (outcome.status === 'rejected') throw outcome.reason;
        stored.push(outcome.value);
      }
    };
    for await (const blob of blobs) {
      if (blob.bytes.length > leafBytes) {
        throw new CodedError('BODY_TOO_LARGE', { blobId: blob.id, bytes: blob.bytes.length });
      }
      group.push(blob);
      groupBytes += blob.bytes.length;
      if (group.length >= 512 || groupBytes >= 4 * 1024 * 1024) await flush();
    }
    await flush();
    return stored;
  }

  async has(id: BlobId): Promise<boolean> {
    return this.#rows.blob(id) !== undefined;
  }

  async size(id: BlobId): Promise<number> {
    const row = this.#rows.blob(id);
    if (row === undefined) throw new CodedError('BLOB_UNKNOWN', { blobId: id });
    return row.bytes;
  }

  read(id: BlobId, options: ReadOptions = {}): Promise<Uint8Array> {
    return readWhole(this.#rows, this.#files, { ...options, id });
  }

  readStream(id: BlobId, options: ReadOptions = {}): AsyncIterable<Uint8Array> {
    return readPieces(this.#rows, this.#files, { ...options, id });
  }

  async delete(id: BlobId, owner: BlobOwner): Promise<boolean> {
    this.#checkWritable();
    return this.#writer.submit({
      bytes: 0,
      apply: (effects) => {
        if (!this.#rows.hasClaim({ id, owner })) return false;
        this.#endClaim(id, owner, effects);
        return true;
      },
    });
  }

  async hasClaim(id: BlobId, owner: BlobOwner): Promise<boolean> {
    return this.#rows.hasClaim({ id, owner });
  }

  async handOver(ids: readonly BlobId[], heirs: Heirs): Promise<BlobId[]> {
    this.#checkWritable();
    const unknown = ids.filter((id) => !isHeld(this.#rows, id, heirs));
    if (unknown.length > 0) return unknown;
    for (const some of chunksOf([...new Set(ids)])) {
      const limits = { nowMs: this.#now(), quotaBytesOf: this.#quotaBytesOf };
      const apply = () => handOver(this.#rows, { ...heirs, ids: some }, limits);
      unknown.push(...(await this.#writer.submit({ bytes: 0, apply })));
    }
    return unknown;
  }

  async endUnanchored(owner: BlobOwner, ids?: readonly BlobId[]): Promise<void> {
    this.#checkWritable();
    const end = (list: (rows: Rows) => BlobId[]) =>
      this.#writer.submit({
        bytes: 0,
        apply: (effects) => {
          const ended = list(this.#rows);
          for (const id of ended) this.#endClaim(id, owner, effects);
          return ended.length;
        },
      });
    for (const some of chunksOf(ids ?? [])) {
      await end((rows) => some.filter((id) => rows.isUnanchored({ id, owner })));
    }
    let left = ids === undefined ? claimsPerJob : 0;
    while (left === claimsPerJob) left = await end((rows) => rows.unanchoredOf(owner, left));
  }

  async markAnchored(ids: readonly BlobId[], owner: BlobOwner): Promise<BlobId[]> {
    this.#checkWritable();
    const unknown: BlobId[] = [];
    for (const some of chunksOf(ids)) {
      const apply = () => some.filter((id) => !this.#rows.anchorClaim({ id, owner }));
      unknown.push(...(await this.#writer.submit({ bytes: 0, apply })));
    }
    return unknown;
  }

  async collect({ nowMs, olderThanMs = unanchoredMs }: CollectOptions): Promise<Collected> {
    this.#checkWritable();
    let blobs = 0;
    let bytes = 0;
    for (;;) {
      const ended = await this.#writer.submit({
        bytes: 0,
        apply: (effects) => {
          const claims = this.#rows.unanchored(nowMs - olderThanMs, claimsPerJob);
          const gone = claims.map(({ id, owner }) => this.#endClaim(id, owner, effects));
          // The log may still name who brought what was handed over since the last collection.
          effects.rowsErased ||= claims.length < claimsPerJob;
          return { claims: claims.length, gone };
        },
      });
      for (const blobBytes of ended.gone) {
        if (blobBytes === undefined) continue;
        blobs += 1;
        bytes += blobBytes;
      }
      if (ended.claims < claimsPerJob) return { blobs, bytes };
    }
  }

  list(after: string, limit: number): readonly ListedBlob[] {
    return this.#rows.listAfter(after, limit);
  }

  examined(options: WalkOptions): AsyncGenerator<ExaminedBlob> {
    return walkBlobs(this.#rows, this.#files, options);
  }

  tree(id: BlobId): BlobTree | undefined {
    return treeOf(this.#rows, id);
  }

  async putLeaves(
    tree: BlobTree,
    leaves: AsyncIterable<Uint8Array>,
    options: PutManyOptions,
  ): Promise<StoredBlob> {
    this.#checkWritable();
    return await this.#intake.put(leaves, { ...options, expectedId: tree.id }, tree);
  }

  leaf(id: BlobId, place: number, digest: Uint8Array): Promise<Uint8Array> {
    return readLeafOf(this.#rows, this.#files, { id, place, digest });
  }

  async usage(owner: BlobOwner): Promise<Usage> {
    return { ...this.#rows.usage(owner), quotaBytes: this.#quotaBytesOf(owner) };
  }

  async total(): Promise<Amount> {
    return this.#rows.total();
  }

  async verify({ signal }: { readonly signal?: AbortSignal } = {}): Promise<Amount> {
    let blobs = 0;
    let bytes = 0;
    for await (const { id, found } of walkBlobs(this.#rows, this.#files, { signal })) {
      if (typeof found === 'string') {
        throw new CodedError('BLOB_CORRUPT', { blobId: id, reason: found });
      }
      blobs += 1;
      bytes += found;
    }
    return { blobs, bytes };
  }

  async *corrupt({ signal }: { readonly signal?: AbortSignal } = {}): AsyncGenerator<CorruptBlob> {
    for await (const { id, found } of walkBlobs(this.#rows, this.#files, { signal })) {
      if (typeof found === 'string') yield { id, reason: found };
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    while (this.#intake.uploads > 0) await nextTurn();
    await this.#writer.idle();
    if (!this.#isReadOnly) this.#rows.scrub();
    this.#release();
  }

  #checkWritable(): void {
    if (this.#closed) throw new CodedError('STORE_BUSY', { closed: true });
    if (this.#isReadOnly) throw new CodedError('HOME_READ_ONLY');
  }

  /** The bytes that left with this claim; undefined while somebody else has one. */
  #endClaim(id: BlobId, owner: BlobOwner, effects: Effects): number | undefined {
    const gone = this.#rows.deleteClaim({ id, owner });
    if (gone === undefined) return undefined;
    if (gone.isFile) effects.filesErased.add(id);
    effects.rowsErased = true;
    return gone.bytes;
  }
}
