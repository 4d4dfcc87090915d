import { CodedError } from '../../primitives/errors.ts';
import type { BlobId } from '../../primitives/ids.ts';
import { Shares } from '../../primitives/shares.ts';
import { BlobHasher, type BlobTree, blobIdOf } from '../blob-id.ts';
import {
  type BlobOwner,
  type BlobSource,
  maxBlobBytes,
  type PutOptions,
  type StoredBlob,
} from '../blob-store.ts';
import type { FaultPoint } from './faults.ts';
import type { LargeFiles } from './large-files.ts';
import type { Rows } from './rows.ts';
import { headOf, piecesOf } from './source.ts';
import type { Writer } from './writer.ts';

/** Blobs up to this size are rows, larger ones files: docs/adr/0003-blob-store.md says why. */
export const maxRowBytes = 256 * 1024;

/** Of all owners together: what part files may take of the disk while they come in. */
const maxPartBytes = 16 * maxBlobBytes;

/** What a put brings to the writer, besides where the bytes are. */
interface Arrival {
  readonly id: BlobId;
  readonly bytes: number;
  readonly owner: BlobOwner;
}

export interface IntakeOptions {
  readonly now: () => number;
  readonly quotaBytesOf: (owner: BlobOwner) => number;
  /** Large blobs that come in at the same time: of one owner, and of all. */
  readonly uploadsOf: (owner: BlobOwner) => number;
  readonly maxUploads: number;
  readonly fault: (point: FaultPoint) => void;
}

interface Parts {
  readonly rows: Rows;
  readonly files: LargeFiles;
  readonly writer: Writer;
}

/** Takes bytes in: small ones to a row, larger ones through a part file, both by way of the writer. */
export class Intake {
  readonly #rows: Rows;
  readonly #files: LargeFiles;
  readonly #writer: Writer;
  readonly #options: IntakeOptions;
  /** Bytes of large blobs that are coming in and are new to their owner: they count against the quota already. */
  readonly #incoming = new Map<BlobOwner, number>();
  readonly #uploads: Shares;
  /** Bytes of part files, whoever's and whether they count against a quota or not. */
  readonly #parts: Shares;

  constructor({ rows, files, writer }: Parts, options: IntakeOptions) {
    this.#rows = rows;
    this.#files = files;
    this.#writer = writer;
    this.#options = options;
    this.#uploads = new Shares({ each: options.uploadsOf, all: options.maxUploads });
    this.#parts = new Shares({
      each: (owner) => options.uploadsOf(owner) * maxBlobBytes,
      all: maxPartBytes,
    });
  }

  /** Large blobs that are coming in now. */
  get uploads(): number {
    return this.#uploads.taken;
  }

  /** As `BlobStore.put`. `proven`: the tree of the bytes, which were held against it where they came from. */
  async put(source: BlobSource, options: PutOptions, proven?: BlobTree): Promise<StoredBlob> {
    const { owner, signal } = options;
    if (owner.length === 0 || owner.length > 128) {
      throw new CodedError('ID_FORMAT', { field: 'owner' });
    }
    if (signal?.aborted) throw new CodedError('INTERRUPTED');
    this.#writer.admit(0);
    if (source instanceof Uint8Array && source.length <= maxRowBytes) {
      // A copy: the caller may use its buffer again before the batch is written.
      return this.#putRow(source.slice(), options);
    }
    const pieces = piecesOf(source, signal);
    try {
      const head = await headOf(pieces, maxRowBytes);
      return head.isWhole
        ? await this.#putRow(head.bytes, options)
        : await this.#putFile(
            { head: head.bytes, rest: pieces },
            options,
            proven === undefined ? new BlobHasher() : new Counted(proven),
          );
    } finally {
      await pieces.return();
    }
  }

  /** Throws QUOTA_EXCEEDED when the owner has no room for `bytes` more. */
  #checkQuota(owner: BlobOwner, bytes: number): void {
    const quotaBytes = this.#options.quotaBytesOf(owner);
    const usedBytes = this.#rows.usage(owner).bytes;
    if (usedBytes + bytes > quotaBytes) {
      throw new CodedError('QUOTA_EXCEEDED', { quotaBytes, usedBytes });
    }
  }

  async #putRow(content: Uint8Array, options: PutOptions): Promise<StoredBlob> {
    this.#writer.admit(content.length);
    const id = blobIdOf(content);
    checkExpected(id, options.expectedId);
    const arrival = { id, bytes: content.length, owner: options.owner };
    return this.#writer.submit({
      bytes: content.length,
      apply: () => {
        const isClaimed = this.#checkClaim(arrival);
        this.#options.fault('commit:row');
        if (this.#rows.blob(id) === undefined) {
          this.#rows.insertBlob(id, content.length, { content });
        } else {
          // The acknowledgement is about these bytes: a row that went bad is mended by them.
          const stands = this.#rows.content(id);
          if (stands === undefined || blobIdOf(stands) !== id) {
            this.#rows.replaceContent(id, content);
          }
        }
        return this.#claim(arrival, isClaimed);
      },
    });
  }

  async #putFile(
    { head, rest }: { readonly head: Uint8Array; readonly rest: AsyncIterable<Uint8Array> },
    options: PutOptions,
    hasher: BlobHasher | Counted,
  ): Promise<StoredBlob> {
    const { owner } = options;
    if (!this.#uploads.take(owner)) {
      throw new CodedError('STORE_BUSY', { uploads: this.#uploads.heldBy(owner) });
    }
    let part: string | undefined;
    try {
      const { path, handle } = await this.#files.begin();
      part = path;
      let tree: BlobTree;
      try {
        await this.#receive(head, rest, options, async (piece) => {
          await this.#files.write(handle, piece);
          hasher.update(piece);
        });
        tree = hasher.finish();
        checkExpected(tree.id, options.expectedId);
        await this.#files.sync(handle);
      } finally {
        await handle.close();
      }
      const arrival = { id: tree.id, bytes: tree.bytes, owner };
      const leaves = tree.nodes.length > 0 ? tree.leafDigests : undefined;
      return await this.#publish(part, arrival, leaves);
    } catch (error) {
      if (part !== undefined) this.#files.removePart(part);
      throw error;
    } finally {
      this.#uploads.give(owner);
    }
  }

  /**
   * Hands every piece on, within the quota and the largest size. Bytes that the owner has already cost no room; but that
   * a stream has the id it came under is known at its end only, so it is cut where those bytes end.
   */
  async #receive(
    head: Uint8Array,
    rest: AsyncIterable<Uint8Array>,
    { owner, expectedId }: PutOptions,
    keep: (piece: Uint8Array) => Promise<void>,
  ): Promise<void> {
    const isNew = expectedId === undefined || !this.#rows.hasClaim({ id: expectedId, owner });
    // Of a blob that others alone have the stream must not tell that it is here, nor how long it is.
    const known = isNew ? undefined : this.#rows.blob(expectedId)?.bytes;
    let bytes = 0;
    const count = (more: number) => {
      if (known !== undefined && bytes + more > known) {
        throw new CodedError('BLOB_MISMATCH', { bytes: known });
      }
      if (bytes + more > maxBlobBytes) throw new CodedError('BODY_TOO_LARGE', { bytes });
      if (isNew) this.#checkQuota(owner, (this.#incoming.get(owner) ?? 0) + more);
      if (!this.#parts.take(owner, more)) throw new CodedError('STORE_BUSY');
      bytes += more;
      if (isNew) this.#incoming.set(owner, (this.#incoming.get(owner) ?? 0) + more);
    };
    try {
      count(head.length);
      await keep(head);
      for await (const piece of rest) {
        count(piece.length);
        await keep(piece);
      }
    } finally {
      this.#parts.give(owner, bytes);
      const left = (this.#incoming.get(owner) ?? 0) - (isNew ? bytes : 0);
      if (left > 0) this.#incoming.set(owner, left);
      else this.#incoming.delete(owner);
    }
  }

  #publish(part: string, arrival: Arrival, leaves: Uint8Array | undefined): Promise<StoredBlob> {
    const { id, bytes } = arrival;
    return this.#writer.submit({
      bytes: 0,
      apply: (effects) => {
        const isClaimed = this.#checkClaim(arrival);
        this.#files.publish(part, id);
        effects.folderTouched = true;
        this.#options.fault('commit:row');
        if (this.#rows.blob(id) === undefined) {
          this.#rows.insertBlob(id, bytes, leaves === undefined ? {} : { leaves });
        } else {
          this.#rows.replaceLeaves(id, leaves);
        }
        return this.#claim(arrival, isClaimed);
      },
      discard: () => {
        this.#files.removePart(part);
        if (this.#rows.blob(id) === undefined) this.#files.remove(id);
      },
    });
  }

  /** Throws QUOTA_EXCEEDED; otherwise says whether the owner had these bytes already. */
  #checkClaim(arrival: Arrival): boolean {
    if (this.#rows.hasClaim(arrival)) return true;
    this.#checkQuota(arrival.owner, arrival.bytes);
    return false;
  }

  #claim(arrival: Arrival, isClaimed: boolean): StoredBlob {
    const nowMs = this.#options.now();
    if (isClaimed) this.#rows.renewClaim(arrival, nowMs);
    else this.#rows.insertClaim(arrival, arrival.bytes, nowMs);
    return { id: arrival.id, bytes: arrival.bytes };
  }
}

/** In the place of a hasher, for bytes that are proven: all of them must come. */
class Counted {
  readonly #tree: BlobTree;
  #bytes = 0;

  constructor(tree: BlobTree) {
    this.#tree = tree;
  }

  update(piece: Uint8Array): this {
    this.#bytes += piece.length;
    return this;
  }

  /** Throws BLOB_MISMATCH. */
  finish(): BlobTree {
    if (this.#bytes !== this.#tree.bytes) throw new CodedError('BLOB_MISMATCH');
    return this.#tree;
  }
}

/** Throws BLOB_MISMATCH. */
function checkExpected(id: BlobId, expected: BlobId | undefined): void {
  if (expected !== undefined && expected !== id) {
    throw new CodedError('BLOB_MISMATCH', { blobId: expected });
  }
}
