import { equalBytes } from '../primitives/bytes.ts';
import { CodedError } from '../primitives/errors.ts';
import { nodeHash } from './merkle.ts';

/** More leaves than one delivery brings have no proof together. */
export const maxProvenLeaves = 4_096;
const hashBytes = 32;
/** What halving by a shift takes; an anchor has far fewer leaves. */
const maxCount = 0x7fff_ffff;

/** A leaf and its place in the tree. */
export interface PlacedLeaf {
  readonly index: number;
  readonly leaf: Uint8Array;
}

const half = (value: number): number => value >>> 1;

/** A node of one level: what is known of it, or has yet to be shown. */
interface Node<Known> {
  readonly place: number;
  readonly known: Known;
}

/**
 * Goes through an RFC 9162 tree from some leaves up to its root, level by level from the leaves, each from left to
 * right: `shown` is called for every node that the leaves do not give, in the one order in which a multiproof has
 * them; `joined` makes a node of its two halves. Places rise strictly and lie in the tree: the caller's business.
 */
function climb<Known>(
  leaves: readonly Node<Known>[],
  count: number,
  shown: (level: number, place: number) => Known,
  joined: (left: Known, right: Known) => Known,
): Known | undefined {
  let nodes = leaves;
  let level = 0;
  for (let size = count; size > 1; size = half(size + 1)) {
    const above: Node<Known>[] = [];
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i];
      if (node === undefined) break;
      const { place, known } = node;
      const parent = half(place);
      if (place % 2 === 1) {
        above.push({ place: parent, known: joined(shown(level, place - 1), known) });
      } else if (place + 1 === size) {
        // An odd last one has no sibling and moves up as it is.
        above.push({ place: parent, known });
      } else {
        const next = nodes[i + 1];
        const isPair = next?.place === place + 1;
        if (isPair) i += 1;
        const right = isPair ? next.known : shown(level, place + 1);
        above.push({ place: parent, known: joined(known, right) });
      }
    }
    nodes = above;
    level += 1;
  }
  return nodes[0]?.known;
}

/**
 * The hashes that lead from these leaves to the root: `nodeAt` gives a node of the tree, level 0 being the leaves.
 * Throws INTERNAL for places that do not rise or lie outside.
 */
export function multiproof(
  indexes: readonly number[],
  count: number,
  nodeAt: (level: number, place: number) => Uint8Array,
): Uint8Array[] {
  if (!areThere(indexes, count)) throw new CodedError('INTERNAL', { leaves: indexes.length });
  const siblings: Uint8Array[] = [];
  const show = (level: number, place: number): undefined => {
    siblings.push(nodeAt(level, place));
  };
  climb(
    indexes.map((place) => ({ place, known: undefined })),
    count,
    show,
    () => undefined,
  );
  return siblings;
}

/**
 * Whether these leaves, in rising order, are those of the tree with this root at their places. There is one list of
 * siblings that says so: one hash more, less or elsewhere is a no. Source: docs/protocol/receipts.md, rule R-11.
 */
export function areIncluded(
  leaves: readonly PlacedLeaf[],
  count: number,
  siblings: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  const indexes = leaves.map((it) => it.index);
  if (!areThere(indexes, count)) return false;
  const hashes = [root, ...siblings];
  if (![...hashes, ...leaves.map((it) => it.leaf)].every((it) => it.length === hashBytes)) {
    return false;
  }
  let used = 0;
  const missing = new Uint8Array(hashBytes);
  const reached = climb(
    leaves.map(({ index, leaf }) => ({ place: index, known: leaf })),
    count,
    () => siblings[used++] ?? missing,
    nodeHash,
  );
  return used === siblings.length && reached !== undefined && equalBytes(reached, root);
}

/** Leaves of one tree and what proves them together: for who wants the path of one of them. */
export interface ProvenLeaves {
  readonly leaves: readonly PlacedLeaf[];
  readonly count: number;
  readonly siblings: readonly Uint8Array[];
}

/**
 * The path of one of the leaves alone (RFC 9162 section 2.1.3.1), out of a multiproof that holds: each sibling of it is
 * shown there or follows. Throws INTERNAL for a leaf that is not among them.
 */
export function pathIn({ leaves, count, siblings }: ProvenLeaves, index: number): Uint8Array[] {
  if (!leaves.some((it) => it.index === index)) throw new CodedError('INTERNAL', { index });
  const path: Uint8Array[] = [];
  let used = 0;
  const missing = new Uint8Array(hashBytes);
  interface Known {
    readonly hash: Uint8Array;
    /** It is the leaf that is meant, or stands above it. */
    readonly isAbove: boolean;
  }
  climb<Known>(
    leaves.map((it) => ({
      place: it.index,
      known: { hash: it.leaf, isAbove: it.index === index },
    })),
    count,
    () => ({ hash: siblings[used++] ?? missing, isAbove: false }),
    (left, right) => {
      if (left.isAbove) path.push(right.hash);
      if (right.isAbove) path.push(left.hash);
      return { hash: nodeHash(left.hash, right.hash), isAbove: left.isAbove || right.isAbove };
    },
  );
  return path;
}

function areThere(indexes: readonly number[], count: number): boolean {
  if (!Number.isSafeInteger(count) || count < 1 || count > maxCount) return false;
  if (indexes.length === 0 || indexes.length > maxProvenLeaves) return false;
  let before = -1;
  return indexes.every((index) => {
    const rises = Number.isSafeInteger(index) && index > before && index < count;
    before = index;
    return rises;
  });
}
