import { encodeAs } from '../primitives/shape.ts';
import { quotient } from './integers.ts';
import { isIncluded, leafHash, merkleTree, nodeHash } from './merkle.ts';
import { type HeldIdentity, heldIdentity, type Keys, maxIdentities } from './tables/keys.ts';

/**
 * The identities that a directory's row has no room for: an RFC 9162 tree over them, of which the row keeps the
 * roots of the complete subtrees. Appending needs no more, and whoever has the identities proves each.
 * Source: docs/protocol/acts.md, rule ID-6.
 */
export type Folded = Keys['folded'];

/** SHA-256(0x00 ‖ CBOR[identity, from height, until height]). */
export function foldedLeaf(held: HeldIdentity): Uint8Array {
  return leafHash(encodeAs(heldIdentity, held));
}

/** The tree with one leaf more. */
function appended({ count, peaks }: Folded, leaf: Uint8Array): Folded {
  const next = [...peaks];
  let joined = leaf;
  // Each complete subtree at the end that is as large as what was joined so far becomes one with it.
  for (let size = count; size % 2 === 1; size = quotient(size, 2)) {
    const last = next.pop();
    if (last !== undefined) joined = nodeHash(last, joined);
  }
  return { count: count + 1, peaks: [...next, joined] };
}

/** Row and tree after an identity was added: the newest 16 stay in the row. */
export function foldedTo(
  folded: Folded,
  identities: readonly HeldIdentity[],
): Pick<Keys, 'folded' | 'identities'> {
  const over = identities.length > maxIdentities ? identities.length - maxIdentities : 0;
  const old = identities.slice(0, over);
  return {
    folded: old.reduce((tree, held) => appended(tree, foldedLeaf(held)), folded),
    identities: identities.slice(over),
  };
}

/** Undefined: nothing is folded. */
function rootOf({ peaks }: Folded): Uint8Array | undefined {
  return peaks.reduceRight<Uint8Array | undefined>(
    (right, peak) => (right === undefined ? peak : nodeHash(peak, right)),
    undefined,
  );
}

/** A folded identity, which one it is (0: that of the enrolment), and its path. */
export interface FoldedIdentity {
  readonly held: HeldIdentity;
  readonly index: number;
  /** Sibling hashes from the leaf upwards. */
  readonly path: readonly Uint8Array[];
}

/** `all`: those that are folded, oldest first. */
export function proveFolded(
  all: readonly HeldIdentity[],
  index: number,
): FoldedIdentity | undefined {
  const held = all[index];
  if (held === undefined) return undefined;
  return { held, index, path: merkleTree(all.map(foldedLeaf)).path(index) };
}

/** Whether an account had this identity: `folded` is of its own row, which is proven. */
export function isFolded({ held, index, path }: FoldedIdentity, folded: Folded): boolean {
  const root = rootOf(folded);
  return root !== undefined && isIncluded(foldedLeaf(held), index, folded.count, path, root);
}
