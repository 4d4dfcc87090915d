import { sha256 } from '../../../crypto/hash.ts';
import { concatBytes } from '../../../primitives/bytes.ts';
import {
  bytes,
  decodeAs,
  encodeAs,
  list,
  type Of,
  struct,
  text,
  uint,
  uintTo,
} from '../../../primitives/shape.ts';

/**
 * A ledger's whole state after one height, as bytes that are the same on every node: rows by their keys, then the leaves of
 * both logs. Source: docs/protocol/cometbft.md, rules CB-12 and CB-13.
 */
export const snapshotFormat = 1;

/** A snapshot is made after each height that is a multiple of this; more seldom than a member takes to fetch one. */
export const defaultSnapshotEvery = 1_000;
/** The newest so many are kept: one is still fetched while the next is made. */
export const keptSnapshots = 2;

/** A chunk ends with the row or leaf that reaches this; the longest row is far shorter. */
export const chunkBytes = 4 * 1024 * 1024;
/** What is read of a chunk at most; CometBFT carries 16 MB. */
export const maxChunkBytes = 8 * 1024 * 1024;
/** 64 GiB of state; CometBFT carries 4 MB of metadata. */
export const maxChunks = 16_384;
export const maxMetadataBytes = 1024 * 1024;
const maxRowsInChunk = 1_000_000;
export const leafBytes = 32;

const metadata = struct({
  format: uintTo(0xffff),
  chainId: text(50),
  genesisHash: bytes(32),
  height: uint,
  rows: uint,
  /** Leaves of each log. */
  user: uint,
  doc: uint,
  /** SHA-256 of each chunk, in their order. */
  chunks: list(bytes(32), { least: 1, most: maxChunks }),
});
export type SnapshotMetadata = Of<typeof metadata>;

export const encodeMetadata = (value: SnapshotMetadata): Uint8Array => encodeAs(metadata, value);
/** Throws CBOR_INVALID, CBOR_SHAPE. */
export const decodeMetadata = (encoded: Uint8Array): SnapshotMetadata =>
  decodeAs(metadata, encoded, 'snapshot');

/** By which a snapshot is known: it stands for every byte of it. */
export const snapshotHash = (encodedMetadata: Uint8Array): Uint8Array => sha256(encodedMetadata);

const chunk = struct({
  rows: list(struct({ key: bytes(), value: bytes() }), { most: maxRowsInChunk }),
  /** Leaf hashes side by side, 32 bytes each. */
  user: bytes(),
  doc: bytes(),
});
export type SnapshotChunk = Of<typeof chunk>;
export type SnapshotRow = SnapshotChunk['rows'][number];

export const encodeChunk = (value: SnapshotChunk): Uint8Array => encodeAs(chunk, value);
/** Throws CBOR_INVALID, CBOR_SHAPE. */
export const decodeChunk = (encoded: Uint8Array): SnapshotChunk =>
  decodeAs(chunk, encoded, 'chunk');

/** What a snapshot is cut from, in its order. */
export interface SnapshotSource {
  /** By key, as bytes compare. */
  readonly rows: Iterable<SnapshotRow>;
  /** Leaf hashes, some side by side. */
  readonly user: Iterable<Uint8Array>;
  readonly doc: Iterable<Uint8Array>;
}

interface Filling {
  rows: SnapshotRow[];
  user: Uint8Array[];
  doc: Uint8Array[];
  bytes: number;
}

const empty = (): Filling => ({ rows: [], user: [], doc: [], bytes: 0 });

/** Cuts a state into chunks: where one ends follows from the rows and leaves alone. At least one. */
export function* cutChunks(source: SnapshotSource, size = chunkBytes): Generator<SnapshotChunk> {
  let filling = empty();
  let isFirst = true;
  function* full(): Generator<SnapshotChunk> {
    if (filling.bytes < size) return;
    yield closed(filling);
    isFirst = false;
    filling = empty();
  }
  for (const row of source.rows) {
    filling.rows.push(row);
    filling.bytes += row.key.length + row.value.length;
    yield* full();
  }
  for (const log of ['user', 'doc'] as const) {
    for (const leaves of source[log]) {
      filling[log].push(leaves);
      filling.bytes += leaves.length;
      yield* full();
    }
  }
  if (isFirst || filling.bytes > 0) yield closed(filling);
}

const closed = ({ rows, user, doc }: Filling): SnapshotChunk => ({
  ...{ rows, user: concatBytes(...user), doc: concatBytes(...doc) },
});
