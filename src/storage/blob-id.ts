import { base32 } from 'multiformats/bases/base32';
import { sha256 } from '../crypto/hash.ts';
import { concatBytes } from '../primitives/bytes.ts';
import { CodedError } from '../primitives/errors.ts';
import { type BlobId, parseBlobId } from '../primitives/ids.ts';

/**
 * The one content address of Salus: the CIDv1 that every IPFS node gives the same bytes under the
 * importer profile `unixfs-v1-2025` (IPIP-499): raw leaves of 1 MiB, balanced dag-pb nodes of up to
 * 1,024 links, SHA-256. Bytes up to 1 MiB are one raw leaf, so their id is their plain SHA-256.
 *
 * Pure: runs in a browser as well. Source: docs/protocol/storage.md, rules S-1 to S-4.
 */
export const leafBytes = 1024 * 1024;

const raw = 0x55;
const dagPb = 0x70;
const digestBytes = 32;

/** Sizes of the tree. Only tests use another than the profile's, to reach three levels quickly. */
export interface TreeShape {
  readonly leafBytes: number;
  readonly maxLinks: number;
}

export const profileShape: TreeShape = { leafBytes, maxLinks: 1024 };

/** A dag-pb block between the leaves and the root (the last one is the root). */
export interface DagNode {
  readonly id: BlobId;
  readonly bytes: Uint8Array;
}

export interface BlobTree {
  readonly id: BlobId;
  readonly bytes: number;
  /** SHA-256 of every leaf in file order, 32 bytes each; at least one. */
  readonly leafDigests: Uint8Array;
  /** Lowest level first, root last; empty when the blob is one leaf. */
  readonly nodes: readonly DagNode[];
}

/** The id of bytes that are at hand as a whole. */
export function blobIdOf(bytes: Uint8Array, shape: TreeShape = profileShape): BlobId {
  if (bytes.length <= shape.leafBytes) return idOf(raw, sha256(bytes));
  return new BlobHasher(shape).update(bytes).finish().id;
}

/** The id of bytes that come in pieces; holds one leaf and 32 bytes for each leaf before it. */
export class BlobHasher {
  readonly #shape: TreeShape;
  readonly #digests: Uint8Array[] = [];
  #leaf = new Uint8Array(0);
  #held = 0;
  #bytes = 0;

  constructor(shape: TreeShape = profileShape) {
    this.#shape = shape;
  }

  update(chunk: Uint8Array): this {
    const whole = this.#shape.leafBytes;
    this.#bytes += chunk.length;
    let at = 0;
    while (at < chunk.length) {
      if (this.#held === 0 && chunk.length - at >= whole) {
        this.#digests.push(sha256(chunk.subarray(at, at + whole)));
        at += whole;
        continue;
      }
      const part = chunk.subarray(at, at + whole - this.#held);
      this.#keep(part);
      at += part.length;
      if (this.#held === whole) this.#closeLeaf();
    }
    return this;
  }

  finish(): BlobTree {
    if (this.#held > 0 || this.#digests.length === 0) this.#closeLeaf();
    return treeOfLeaves(concatBytes(...this.#digests), this.#bytes, this.#shape);
  }

  #keep(part: Uint8Array): void {
    const needed = this.#held + part.length;
    if (needed > this.#leaf.length) {
      // Grown by doubling: most blobs are a few KiB and should not cost a whole leaf of memory.
      const room = Math.min(this.#shape.leafBytes, Math.max(needed, 2 * this.#leaf.length, 4096));
      const grown = new Uint8Array(room);
      grown.set(this.#leaf.subarray(0, this.#held));
      this.#leaf = grown;
    }
    this.#leaf.set(part, this.#held);
    this.#held = needed;
  }

  #closeLeaf(): void {
    this.#digests.push(sha256(this.#leaf.subarray(0, this.#held)));
    this.#held = 0;
  }
}

interface Link {
  readonly cid: Uint8Array;
  readonly fileBytes: number;
  readonly treeBytes: number;
}

/**
 * The tree over leaves whose digests are known: how a store proves a stored list of digests against the
 * id, and rebuilds the dag-pb blocks that other IPFS nodes ask for.
 *
 * Throws BLOB_MISMATCH when the number of digests does not fit the number of bytes.
 */
export function treeOfLeaves(
  leafDigests: Uint8Array,
  bytes: number,
  shape: TreeShape = profileShape,
): BlobTree {
  const count = Math.max(1, Math.ceil(bytes / shape.leafBytes));
  if (leafDigests.length !== count * digestBytes) throw new CodedError('BLOB_MISMATCH', { bytes });

  let level: Link[] = [];
  for (let i = 0; i < count; i++) {
    const fileBytes = Math.min(shape.leafBytes, bytes - i * shape.leafBytes);
    const digest = leafDigests.subarray(i * digestBytes, (i + 1) * digestBytes);
    level.push({ cid: cidBytes(raw, digest), fileBytes, treeBytes: fileBytes });
  }
  const nodes: DagNode[] = [];
  while (level.length > 1) {
    const above: Link[] = [];
    for (let i = 0; i < level.length; i += shape.maxLinks) {
      const links = level.slice(i, i + shape.maxLinks);
      const block = encodeNode(links);
      const cid = cidBytes(dagPb, sha256(block));
      nodes.push({ id: idOfCid(cid), bytes: block });
      above.push({
        cid,
        fileBytes: links.reduce((sum, link) => sum + link.fileBytes, 0),
        treeBytes: block.length + links.reduce((sum, link) => sum + link.treeBytes, 0),
      });
    }
    level = above;
  }
  const id = nodes.at(-1)?.id ?? idOf(raw, leafDigests);
  return { id, bytes, leafDigests, nodes };
}

/** Whether the id names one raw leaf, so that its digest is the SHA-256 of the bytes themselves. */
export function isLeafId(id: BlobId): boolean {
  return id.startsWith('bafkrei');
}

/** Binary CIDv1, 36 bytes: version ‖ codec ‖ 0x12 ‖ 0x20 ‖ SHA-256. */
export function cidBytesOf(id: BlobId): Uint8Array {
  return base32.decode(id);
}

/** Throws ID_FORMAT unless `cid` is 36 bytes: CIDv1, raw or dag-pb, SHA-256. */
export function idOfCid(cid: Uint8Array): BlobId {
  return parseBlobId(base32.encode(cid));
}

function idOf(codec: number, digest: Uint8Array): BlobId {
  return idOfCid(cidBytes(codec, digest));
}

function cidBytes(codec: number, digest: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(1, codec, 0x12, digestBytes), digest);
}

/** dag-pb PBNode {Links 2, Data 1}, links first (canonical); Data = UnixFS {file, size, block sizes}. */
function encodeNode(links: readonly Link[]): Uint8Array {
  const fileBytes = links.reduce((sum, link) => sum + link.fileBytes, 0);
  const unixFs = concatBytes(
    intField(1, 2),
    intField(3, fileBytes),
    ...links.map((link) => intField(4, link.fileBytes)),
  );
  const pbLinks = links.map((link) => {
    const name = bytesField(2, new Uint8Array(0));
    return bytesField(2, concatBytes(bytesField(1, link.cid), name, intField(3, link.treeBytes)));
  });
  return concatBytes(...pbLinks, bytesField(1, unixFs));
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let left = value;
  while (left > 127) {
    bytes.push((left % 128) + 128);
    left = Math.floor(left / 128);
  }
  return Uint8Array.from([...bytes, left]);
}

function intField(field: number, value: number): Uint8Array {
  return concatBytes(varint(field * 8), varint(value));
}

function bytesField(field: number, bytes: Uint8Array): Uint8Array {
  return concatBytes(varint(field * 8 + 2), varint(bytes.length), bytes);
}
