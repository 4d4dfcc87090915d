import type { BlobId } from '../primitives/ids.ts';

/**
 * Where a hospital keeps sealed bytes: content-addressed, owned, counted. What is acknowledged is on
 * disk and matches its id; what is returned was checked against the id before it was handed out.
 * Every store passes blob-store.contract.ts. Source: docs/protocol/storage.md.
 */
export interface BlobStore {
  /**
   * Keeps bytes for `owner`; resolves when they are on disk. Putting the same bytes again is free.
   * Throws BLOB_MISMATCH (not the expected id), BODY_TOO_LARGE, QUOTA_EXCEEDED, STORE_BUSY, DISK_FULL,
   * INTERRUPTED (by the signal).
   */
  put(source: BlobSource, options: PutOptions): Promise<StoredBlob>;

  /**
   * Keeps many blobs of at most 1 MiB, sharing flushes; resolves when all are on disk. Not a
   * transaction: after an error some are kept, and sending all again is harmless. Throws as `put`.
   */
  putMany(
    blobs: AsyncIterable<NamedBlob> | Iterable<NamedBlob>,
    options: PutManyOptions,
  ): Promise<StoredBlob[]>;

  has(id: BlobId): Promise<boolean>;

  /** In bytes. Throws BLOB_UNKNOWN. */
  size(id: BlobId): Promise<number>;

  /** Whole, or a range of at most 64 MiB. Throws BLOB_UNKNOWN, BLOB_RANGE, BODY_TOO_LARGE, BLOB_CORRUPT. */
  read(id: BlobId, options?: ReadOptions): Promise<Uint8Array>;

  /**
   * In pieces of at most 1 MiB, each checked before it is yielded; reads no further than it is asked.
   * Throws as `read`, on the first step of the iteration or at the corrupt piece.
   */
  readStream(id: BlobId, options?: ReadOptions): AsyncIterable<Uint8Array>;

  /** Ends the owner's claim; the bytes go when no owner is left. False: the owner had no claim. */
  delete(id: BlobId, owner: BlobOwner): Promise<boolean>;

  /** Whether this owner put the bytes here, or was handed them over: knowing an id claims nothing. */
  hasClaim(id: BlobId, owner: BlobOwner): Promise<boolean>;

  /**
   * Makes the claims of `from` on these over to `to`, so that who brought the bytes need not be remembered: an
   * anchored claim of `from` stays beside the new one, an unanchored one ends. The wait for an anchor begins anew.
   * Returns the ids that neither claims; if there are any, nothing was changed. Throws QUOTA_EXCEEDED (of `to`).
   */
  handOver(ids: readonly BlobId[], heirs: Heirs): Promise<BlobId[]>;

  /** Ends what the owner claims here and no anchor has named: these ids, or all of it. */
  endUnanchored(owner: BlobOwner, ids?: readonly BlobId[]): Promise<void>;

  /** From now on the collection leaves these alone. Returns the ids this owner has no claim to. */
  markAnchored(ids: readonly BlobId[], owner: BlobOwner): Promise<BlobId[]>;

  /** Ends claims that are unanchored since `olderThanMs` (24 h) or longer before `nowMs`. */
  collect(options: CollectOptions): Promise<Collected>;

  usage(owner: BlobOwner): Promise<Usage>;

  /** Of all owners together, every blob once. */
  total(): Promise<Amount>;

  /** Reads every stored byte. Throws BLOB_CORRUPT with `blobId` for the first that does not match. */
  verify(options?: { readonly signal?: AbortSignal }): Promise<Amount>;

  /** All that `verify` would stumble over, in the order of ids. */
  corrupt(options?: { readonly signal?: AbortSignal }): AsyncIterable<CorruptBlob>;

  /** Waits for what is being written. */
  close(): Promise<void>;
}

export type BlobSource = Uint8Array | AsyncIterable<Uint8Array>;

/**
 * As a rule an account id; at most 128 characters. `WHOLE:PART` is a part of a whole: what it claims counts
 * against its own quota and, with the whole's other parts, against the quota of `WHOLE:`.
 */
export type BlobOwner = string;

/** The sum of the parts to which this owner belongs, as the owner of a quota. Undefined: it is no part. */
export function wholeOf(owner: BlobOwner): BlobOwner | undefined {
  const end = owner.indexOf(':');
  return end === -1 || end === owner.length - 1 ? undefined : owner.slice(0, end + 1);
}

/** Who brought bytes, and in whose name they stay. */
export interface Heirs {
  readonly from: BlobOwner;
  readonly to: BlobOwner;
}

export interface NamedBlob {
  readonly id: BlobId;
  readonly bytes: Uint8Array;
}

export interface StoredBlob {
  readonly id: BlobId;
  readonly bytes: number;
}

export interface PutManyOptions {
  readonly owner: BlobOwner;
  readonly signal?: AbortSignal;
}

export interface PutOptions extends PutManyOptions {
  /** Refuses other bytes; without it the store names what it got. */
  readonly expectedId?: BlobId;
}

/** `from` inclusive (0), `to` exclusive (the size). */
export interface ReadOptions {
  readonly from?: number;
  readonly to?: number;
  readonly signal?: AbortSignal;
}

export interface CollectOptions {
  readonly nowMs: number;
  readonly olderThanMs?: number;
}

export interface Amount {
  readonly blobs: number;
  readonly bytes: number;
}

/** What left the disk because nobody claims it any more. */
export type Collected = Amount;

export interface Usage extends Amount {
  readonly quotaBytes: number;
}

export interface CorruptBlob {
  readonly id: BlobId;
  /** `missing`: the bytes are gone; `changed`: they do not match the id; `unreadable`: the disk refused. */
  readonly reason: 'missing' | 'changed' | 'unreadable';
}

/** Longest piece that `read` returns: more is had from `readStream`. */
export const maxReadBytes = 64 * 1024 * 1024;

/** How long bytes wait for the anchor that names them (docs/protocol/storage.md, S-9). */
export const unanchoredMs = 24 * 60 * 60 * 1000;

/** 16 GiB of file, sealed in chunks and padded (Padmé adds at most 1.6 % at that size). */
export const maxBlobBytes = 17 * 1024 ** 3;
