import { sha256 } from '../crypto/hash.ts';
import { equalBytes } from '../primitives/bytes.ts';

/**
 * RFC 9162 (and 6962) Merkle trees over whole lists: block data, block results, anchors, batches.
 * leaf = SHA-256(0x00 ‖ content), node = SHA-256(0x01 ‖ left ‖ right), empty tree = SHA-256('').
 */
const leafTag = Uint8Array.of(0);
const nodeTag = Uint8Array.of(1);

export function leafHash(content: Uint8Array): Uint8Array {
  return sha256(leafTag, content);
}

export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(nodeTag, left, right);
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

/** Sibling hashes from the leaf upwards (RFC 9162 section 2.1.3.1). */
export function inclusionPath(leaves: readonly Uint8Array[], index: number): Uint8Array[] {
  if (leaves.length <= 1) return [];
  const split = splitOf(leaves.length);
  return index < split
    ? [...inclusionPath(leaves.slice(0, split), index), merkleRoot(leaves.slice(split))]
    : [...inclusionPath(leaves.slice(split), index - split), merkleRoot(leaves.slice(0, split))];
}

/** The root that `path` leads to, or undefined when the path is not one of a tree of this size. */
export function rootFromPath(
  leaf: Uint8Array,
  index: number,
  count: number,
  path: readonly Uint8Array[],
): Uint8Array | undefined {
  if (!Number.isSafeInteger(index) || index < 0 || index >= count) return undefined;
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
