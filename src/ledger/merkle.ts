import { sha256 } from '../crypto/hash.ts';
import { equalBytes } from '../primitives/bytes.ts';
import { CodedError } from '../primitives/errors.ts';

/**
 * RFC 9162 (and 6962) Merkle trees over whole lists: block data, block results, anchors, batches.
 * leaf = SHA-256(0x00 ‖ content), node = SHA-256(0x01 ‖ left ‖ right), empty tree = SHA-256('').
 */
const leafTag = Uint8Array.of(0);
const nodeTag = Uint8Array.of(1);
// Filled anew for each hash: an array of more than 64 bytes costs as much to make as the hash itself.
const pair = Uint8Array.of(1, ...new Uint8Array(64));
/** By length: a zero, and room for a short content. */
const shortLeaves = Array.from({ length: 97 }, (_, length) => new Uint8Array(1 + length));

/** SHA-256(0x00 ‖ content). */
export function leafHash(content: Uint8Array): Uint8Array {
  const tagged = shortLeaves[content.length];
  if (tagged === undefined) return sha256(leafTag, content);
  for (let i = 0; i < content.length; i++) tagged[i + 1] = content[i] ?? 0;
  return sha256(tagged);
}

/** SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  if (left.length !== 32 || right.length !== 32) return sha256(nodeTag, left, right);
  for (let i = 0; i < 32; i++) {
    pair[i + 1] = left[i] ?? 0;
    pair[i + 33] = right[i] ?? 0;
  }
  return sha256(pair);
}

/** Two hashes of other lengths could be cut elsewhere and still hash alike. */
function areHashes(...hashes: readonly Uint8Array[]): boolean {
  return hashes.every((hash) => hash.length === 32);
}

/** The largest power of two that is smaller than `count` (count >= 2). */
function splitOf(count: number): number {
  let split = 1;
  while (split * 2 < count) split *= 2;
  return split;
}

/** Root over leaf hashes (not contents). */
export function merkleRoot(leaves: readonly Uint8Array[]): Uint8Array {
  const [first] = leaves;
  if (first === undefined) return sha256();
  if (leaves.length === 1) return first;
  const split = splitOf(leaves.length);
  return nodeHash(merkleRoot(leaves.slice(0, split)), merkleRoot(leaves.slice(split)));
}

/** The root that `path` leads to, or undefined when the path is not one of a tree of this size. */
export function rootFromPath(
  leaf: Uint8Array,
  index: number,
  count: number,
  path: readonly Uint8Array[],
): Uint8Array | undefined {
  if (!Number.isSafeInteger(index) || index < 0 || index >= count) return undefined;
  if (!areHashes(leaf, ...path)) return undefined;
  let position = index;
  let last = count - 1;
  let hash = leaf;
  for (const sibling of path) {
    if (last === 0) return undefined;
    if (position % 2 === 1 || position === last) {
      hash = nodeHash(sibling, hash);
      while (position % 2 === 0 && position !== 0) {
        position /= 2;
        last = (last - (last % 2)) / 2;
      }
    } else {
      hash = nodeHash(hash, sibling);
    }
    position = (position - (position % 2)) / 2;
    last = (last - (last % 2)) / 2;
  }
  return last === 0 ? hash : undefined;
}

/** Whether `path` leads from `leaf` at `index` of `count` to `root` (RFC 9162, 2.1.3.2). */
export function isIncluded(
  leaf: Uint8Array,
  index: number,
  count: number,
  path: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  const reached = rootFromPath(leaf, index, count, path);
  return reached !== undefined && equalBytes(reached, root);
}

export interface TreeHead {
  readonly size: number;
  readonly root: Uint8Array;
}

/**
 * Whether the newer tree is the older one with leaves appended (RFC 9162 section 2.1.4.2).
 *
 * Everything grows out of an empty tree, so that such a claim says nothing and is refused.
 */
export function isConsistent(
  older: TreeHead,
  newer: TreeHead,
  path: readonly Uint8Array[],
): boolean {
  if (!Number.isSafeInteger(older.size) || !Number.isSafeInteger(newer.size)) return false;
  if (older.size < 0 || older.size > newer.size) return false;
  if (older.size === 0 && !(newer.size === 0 && equalBytes(older.root, sha256()))) return false;
  if (older.size === newer.size) return path.length === 0 && equalBytes(older.root, newer.root);
  if (!areHashes(older.root, newer.root, ...path)) return false;

  let position = older.size - 1;
  let last = newer.size - 1;
  while (position % 2 === 1) {
    position = half(position);
    last = half(last);
  }
  // Position 0: the old tree is one whole subtree of the new one, and its root starts the climb.
  const hashes = position === 0 ? [older.root, ...path] : path;
  const [start, ...siblings] = hashes;
  if (start === undefined) return false;
  let olderHash = start;
  let newerHash = start;
  for (const sibling of siblings) {
    if (last === 0) return false;
    if (position % 2 === 1 || position === last) {
      olderHash = nodeHash(sibling, olderHash);
      newerHash = nodeHash(sibling, newerHash);
      while (position % 2 === 0 && position !== 0) {
        position = half(position);
        last = half(last);
      }
    } else {
      newerHash = nodeHash(newerHash, sibling);
    }
    position = half(position);
    last = half(last);
  }
  return last === 0 && equalBytes(olderHash, older.root) && equalBytes(newerHash, newer.root);
}

/** Halves without bit operations, which end at 2^31. */
function half(value: number): number {
  return (value - (value % 2)) / 2;
}

/**
 * The tree over leaf hashes, kept level by level so that the path of every one of a thousand receipts or rows
 * costs no hash.
 *
 * Pairing neighbours from below, with an odd last one moved up, gives the same tree as RFC 6962's split.
 */
export interface MerkleTree {
  readonly root: Uint8Array;
  /** Sibling hashes from the leaf upwards (RFC 9162 section 2.1.3.1). */
  path(index: number): Uint8Array[];
  /** A node of a level; level 0 are the leaves. Throws INTERNAL where there is none. */
  nodeAt(level: number, place: number): Uint8Array;
}

/** The whole tree, for its root and the path of any leaf. */
export function merkleTree(leaves: readonly Uint8Array[]): MerkleTree {
  const levels: (readonly Uint8Array[])[] = [leaves];
  let level = leaves;
  while (level.length > 1) {
    const above: Uint8Array[] = [];
    for (let i = 0; i < level.length; i += 2) {
      const left = level[i];
      const right = level[i + 1];
      if (left !== undefined) above.push(right === undefined ? left : nodeHash(left, right));
    }
    levels.push(above);
    level = above;
  }
  return {
    root: level[0] ?? sha256(),
    nodeAt(height, place) {
      const node = levels[height]?.[place];
      if (node === undefined) throw new CodedError('INTERNAL', { level: height, place });
      return node;
    },
    path(index) {
      const siblings: Uint8Array[] = [];
      let position = index;
      for (const row of levels) {
        const sibling = row[position % 2 === 0 ? position + 1 : position - 1];
        if (sibling !== undefined) siblings.push(sibling);
        position = (position - (position % 2)) / 2;
      }
      return siblings;
    },
  };
}
