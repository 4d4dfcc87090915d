import { CID } from 'multiformats/cid';
import { CodedError } from '../../primitives/errors.ts';
import type { BlobId } from '../../primitives/ids.ts';
import { type BlobTree, cidBytesOf, isLeafId, leafBytes, treeOfLeaves } from '../blob-id.ts';
import { maxBlobBytes } from '../blob-store.ts';
import { type DagLink, linksOf } from './dag.ts';
import { leafIdAt } from './kept-blocks.ts';
import type { StorageMember } from './members.ts';
import type { SwarmNode } from './node.ts';
import { peerIdOfKey } from './peer-key.ts';

/** Blocks of one transfer that are asked for at the same time (SN-3). */
const inFlight = 16;
/** For one block, and for one of several that share a slow line. */
const blockPatienceMs = 5_000;
const leafPatienceMs = 30_000;

/** What a member did instead of giving a block: said that it has none, said that it has it and sent none, or nothing. */
export type Failure = 'has-not' | 'empty' | 'silent' | 'unreachable';

export interface FetchOptions {
  /** In the order in which they are asked. */
  readonly from: readonly StorageMember[];
  readonly signal?: AbortSignal | undefined;
  /** Told of each member that did not give what it was asked for. */
  readonly onFailure?: (member: StorageMember, failure: Failure) => void;
  /** For one block of one member; 5 s, and 30 s where several are on their way. */
  readonly patienceMs?: number;
}

/** One transfer: asks one member at a time, and stays with the one that gives. Source: SN-3, SN-19. */
export class Transfer {
  readonly #node: SwarmNode;
  readonly #options: FetchOptions;
  #members: readonly StorageMember[];

  constructor(node: SwarmNode, options: FetchOptions) {
    this.#node = node;
    this.#options = options;
    this.#members = options.from;
  }

  /** Throws BLOB_UNKNOWN: none of them gave it; INTERRUPTED by the signal. */
  async block(id: BlobId, longestMs = blockPatienceMs): Promise<Uint8Array> {
    const cid = CID.decode(cidBytesOf(id));
    for (const member of this.#members) {
      const { signal, patienceMs = longestMs } = this.#options;
      if (signal?.aborted) throw new CodedError('INTERRUPTED');
      const given = await this.#ask(member, cid, patienceMs);
      if (given instanceof Uint8Array) return given;
      if (signal?.aborted) throw new CodedError('INTERRUPTED');
      this.#options.onFailure?.(member, given);
      // Whoever failed once is asked last.
      if (this.#members[0] === member) this.#members = [...this.#members.slice(1), member];
    }
    throw new CodedError('BLOB_UNKNOWN', { blobId: id });
  }

  /** The proven tree of a large blob. Throws BLOB_MISMATCH: the nodes are not those of the profile. */
  async tree(id: BlobId): Promise<BlobTree> {
    const leaves = await this.#leavesBelow([id]);
    const bytes = leaves.reduce((sum, { fileBytes }) => sum + fileBytes, 0);
    const digests = new Uint8Array(32 * leaves.length);
    for (const [at, leaf] of leaves.entries()) {
      digests.set(cidBytesOf(leaf.id).subarray(4), 32 * at);
    }
    const tree = treeOfLeaves(digests, bytes);
    if (tree.id !== id) throw new CodedError('BLOB_MISMATCH', { blobId: id });
    return tree;
  }

  /** The leaves from one place to another, in order, some of them on their way at a time. */
  async *leaves(tree: BlobTree, first: number, end: number): AsyncGenerator<Uint8Array> {
    const coming: Promise<Uint8Array>[] = [];
    let next = first;
    for (let at = first; at < end; at++) {
      while (next < end && next < at + inFlight) {
        const block = this.block(leafIdAt(tree, next), leafPatienceMs);
        block.catch(() => {}); // Awaited in its turn, or not at all when an earlier one fails.
        coming.push(block);
        next += 1;
      }
      const leaf = await coming.shift();
      if (leaf === undefined) return;
      yield leaf;
    }
  }

  /** The bytes of a blob from one place to another. Throws BLOB_RANGE. */
  async *pieces(
    id: BlobId,
    range: { readonly from?: number; readonly to?: number } = {},
  ): AsyncGenerator<Uint8Array> {
    if (isLeafId(id)) {
      const bytes = await this.block(id);
      const { from, to } = inside(id, bytes.length, range);
      if (to > from || range.from === undefined) yield bytes.subarray(from, to);
      return;
    }
    const tree = await this.tree(id);
    const { from, to } = inside(id, tree.bytes, range);
    let start = Math.floor(from / leafBytes) * leafBytes;
    const end = Math.ceil(to / leafBytes);
    for await (const leaf of this.leaves(tree, start / leafBytes, from === to ? 0 : end)) {
      yield leaf.subarray(Math.max(0, from - start), Math.min(leaf.length, to - start));
      start += leafBytes;
    }
  }

  /** Level by level; as many links as a blob of the largest size has, and no deeper than it is. */
  async #leavesBelow(ids: readonly BlobId[], depth = 0): Promise<readonly DagLink[]> {
    const found: DagLink[] = [];
    for (const id of ids) {
      const links = linksOf(await this.block(id));
      const isLowest = links.every((link) => isLeafId(link.id));
      if (!isLowest && (depth === 1 || links.some((link) => isLeafId(link.id)))) {
        throw new CodedError('BLOB_MISMATCH', { blobId: id });
      }
      found.push(
        ...(isLowest
          ? links
          : await this.#leavesBelow(
              links.map((link) => link.id),
              depth + 1,
            )),
      );
      if (found.length > maxBlobBytes / leafBytes) throw new CodedError('BODY_TOO_LARGE');
    }
    return found;
  }

  async #ask(member: StorageMember, cid: CID, patienceMs: number): Promise<Uint8Array | Failure> {
    const patience = AbortSignal.timeout(patienceMs);
    const { signal } = this.#options;
    const within = signal === undefined ? patience : AbortSignal.any([signal, patience]);
    try {
      const peer = peerIdOfKey(member.storageKey);
      const answer = await this.#node.bitswap.want(cid, peer, within);
      if (answer.kind === 'block') return answer.bytes;
      return answer.kind === 'has' ? 'empty' : 'has-not';
    } catch {
      return within.aborted ? 'silent' : 'unreachable';
    }
  }
}

function inside(
  blobId: BlobId,
  bytes: number,
  { from = 0, to = bytes }: { readonly from?: number; readonly to?: number },
): { readonly from: number; readonly to: number } {
  const isRange = Number.isSafeInteger(from) && Number.isSafeInteger(to) && 0 <= from;
  if (!isRange || from > to || to > bytes) throw new CodedError('BLOB_RANGE', { blobId, bytes });
  return { from, to };
}
