import type { CID } from 'multiformats/cid';
import { isCoded } from '../../primitives/errors.ts';
import type { BlobId } from '../../primitives/ids.ts';
import { type BlobTree, cidBytesOf, idOfCid, isLeafId } from '../blob-id.ts';
import type { FileBlobs } from '../file/file-blob-store.ts';
import type { Blocks } from './bitswap.ts';
import type { BlockPlace, NetworkRows } from './network-rows.ts';

const rawHead = Uint8Array.of(1, 0x55, 0x12, 32);

/**
 * The blobs of several stores, block by block: a small blob is a block, a large one is its leaves and the nodes above
 * them. What is read was held against the id by the store.
 */
export class KeptBlocks implements Blocks {
  readonly #stores: readonly FileBlobs[];
  readonly #rows: NetworkRows;

  constructor(stores: readonly FileBlobs[], rows: NetworkRows) {
    this.#stores = stores;
    this.#rows = rows;
  }

  async has(cid: CID): Promise<boolean> {
    const id = idOf(cid);
    if (id === undefined) return false;
    if (isLeafId(id) && (await this.#storeOf(id)) !== undefined) return true;
    for (const { blobId } of this.#rows.placesOf(id)) {
      if ((await this.#storeOf(blobId)) !== undefined) return true;
    }
    return false;
  }

  /** Ends without a piece when it is gone or broken since: the library takes that for "not here". */
  async *get(cid: CID): AsyncGenerator<Uint8Array> {
    const id = idOf(cid);
    const bytes = id === undefined ? undefined : await this.block(id);
    if (bytes === undefined) throw notFound();
    yield bytes;
  }

  /** Undefined: no store has it whole. */
  async block(id: BlobId): Promise<Uint8Array | undefined> {
    if (isLeafId(id)) {
      for (const store of this.#stores) {
        if (!(await store.has(id))) continue;
        const bytes = await whole(() => store.read(id));
        if (bytes !== undefined) return bytes;
      }
    }
    for (const { blobId, place } of this.#rows.placesOf(id)) {
      for (const store of this.#stores) {
        const bytes = await whole(() => partOf(store, id, { blobId, place }));
        if (bytes !== undefined) return bytes;
      }
    }
    return undefined;
  }

  /** A large blob becomes findable by its blocks; a small one is. Again is free. */
  index(id: BlobId): void {
    if (isLeafId(id) || this.#rows.isIndexed(id)) return;
    for (const store of this.#stores) {
      const tree = store.tree(id);
      if (tree === undefined) continue;
      this.#rows.indexTree(id, tree, (place) => leafIdAt(tree, place));
      return;
    }
  }

  /** When no store has the blob any more. */
  async drop(id: BlobId): Promise<void> {
    if (!isLeafId(id) && (await this.#storeOf(id)) === undefined) this.#rows.dropIndex(id);
  }

  async #storeOf(id: BlobId): Promise<FileBlobs | undefined> {
    for (const store of this.#stores) if (await store.has(id)) return store;
    return undefined;
  }
}

/** The id of a leaf of a tree. */
export function leafIdAt({ leafDigests }: BlobTree, place: number): BlobId {
  const cid = new Uint8Array(36);
  cid.set(rawHead);
  cid.set(leafDigests.subarray(32 * place, 32 * (place + 1)), rawHead.length);
  return idOfCid(cid);
}

async function partOf(
  store: FileBlobs,
  block: BlobId,
  { blobId, place }: BlockPlace,
): Promise<Uint8Array | undefined> {
  if (!(await store.has(blobId))) return undefined;
  if (place < 0) return store.tree(blobId)?.nodes[-1 - place]?.bytes;
  return store.leaf(blobId, place, cidBytesOf(block).subarray(4));
}

/** Undefined instead of bytes that do not match or were erased meanwhile. */
async function whole(read: () => Promise<Uint8Array | undefined>): Promise<Uint8Array | undefined> {
  try {
    return await read();
  } catch (error) {
    if (isCoded(error, 'BLOB_CORRUPT') || isCoded(error, 'BLOB_UNKNOWN')) return undefined;
    throw error;
  }
}

/** Undefined: no id of ours (another version, codec or hash). */
function idOf(cid: CID): BlobId | undefined {
  try {
    return idOfCid(cid.bytes);
  } catch (error) {
    if (isCoded(error, 'ID_FORMAT')) return undefined;
    throw error;
  }
}

/** What the library knows a missing block by. */
function notFound(): Error {
  const error = new Error('not here');
  error.name = 'NotFoundError';
  return error;
}
