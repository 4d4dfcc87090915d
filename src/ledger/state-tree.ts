import { sha256 } from '../crypto/hash.ts';
import { equalBytes } from '../primitives/bytes.ts';
import { CodedError } from '../primitives/errors.ts';
import type { StateProof } from './state-proof.ts';
import { bitAt, bottomRow, emptyHash, type TreeLeaf, TreePage } from './tree-page.ts';

/**
 * The compact binary sparse Merkle tree over all rows of the state: the root in the app hash commits to every
 * row, and a short path proves one row, or that there is none.
 *
 * The way to a key is its SHA-256, most significant bit first. What holds before and after every update:
 * - A leaf stands at its shortest unique prefix: every inner node has two leaves or more below it. So the
 *   root depends on the rows alone (ST-4), and a tree of a million keys is about twenty levels deep.
 * - A page is kept exactly when its top is an inner node; the root page always.
 * - An inner node in a page's bottom row has the hash of the top of the page below it: a page that the
 *   store lost or mixed up shows (LEDGER_CORRUPT).
 *
 * An update walks down once with all changes of a block, splits them at each node by the next bit, and joins
 * on the way up: each node on a path to a change is hashed once a block, no other one at all.
 * Source: docs/protocol/state.md, rules ST-3 to ST-5.
 */

/** Where pages are kept; the path is one hex digit for every four levels, '' at the root. */
export type ReadPage = (path: string) => TreePage | undefined;

export interface TreeChange {
  readonly keyHash: Uint8Array;
  /** SHA-256 of the new value; undefined: the key goes. */
  readonly valueHash: Uint8Array | undefined;
}

export interface TreeUpdate {
  readonly root: Uint8Array;
  /** Pages that changed; undefined: the page goes. */
  readonly pages: ReadonlyMap<string, TreePage | undefined>;
}

/** A row that changed, by the hashes that the tree knows; undefined: it is gone. */
export function treeChange(key: Uint8Array, value: Uint8Array | undefined): TreeChange {
  return { keyHash: sha256(key), valueHash: value === undefined ? undefined : sha256(value) };
}

/** 32 zeros: no row at all. */
export function treeRoot(readPage: ReadPage): Uint8Array {
  return readPage('')?.hash(1) ?? emptyHash;
}

/** `changes` name each key once. Throws LEDGER_CORRUPT. */
export function updateTree(readPage: ReadPage, changes: readonly TreeChange[]): TreeUpdate {
  const updater = new Updater(readPage);
  const top = updater.writable('');
  updater.apply(top, 1, 0, changes);
  return { root: top.page.hash(1), pages: updater.dirty };
}

/** A page that is being changed, and where it hangs: one hex digit for every four levels above it. */
interface HeldPage {
  readonly page: TreePage;
  readonly path: string;
}

/**
 * `position` is a place in the page, `depth` how many bits of the keys' hashes led to it: the bit at `depth`
 * is the next one that decides.
 */
class Updater {
  readonly dirty = new Map<string, TreePage | undefined>();
  readonly #readPage: ReadPage;

  constructor(readPage: ReadPage) {
    this.#readPage = readPage;
  }

  writable(path: string): HeldPage {
    const page = new TreePage(this.#readPage(path));
    this.dirty.set(path, page);
    return { page, path };
  }

  /** Brings `changes`, all of which lie under `position`, into the subtree there. */
  apply(held: HeldPage, position: number, depth: number, changes: readonly TreeChange[]): void {
    if (changes.length === 0) return;
    const { page } = held;
    const kind = page.kind(position);
    let list = changes;
    if (kind !== 'inner') {
      const leaves = leavesAfter(kind === 'leaf' ? page.leaf(position) : undefined, changes);
      const [only, more] = leaves;
      if (more !== undefined) list = leaves;
      // Made empty first: what stood here may come to stand deeper.
      page.clear(position);
      if (more === undefined) {
        if (only !== undefined) page.putLeaf(position, only);
        return;
      }
    }
    if (position >= bottomRow) this.#applyBelow(held, position, depth, list);
    else this.#applyHere(held, position, depth, list);
  }

  /** From the bottom row into the page below, whose top is the same node. */
  #applyBelow(
    { page, path }: HeldPage,
    position: number,
    depth: number,
    changes: readonly TreeChange[],
  ): void {
    const childPath = path + (position - bottomRow).toString(16);
    const wasInner = page.kind(position) === 'inner';
    const child = wasInner ? this.writable(childPath) : { page: new TreePage(), path: childPath };
    if (wasInner && child.page.kind(1) !== 'inner') throw new CodedError('LEDGER_CORRUPT');
    this.apply(child, 1, depth, changes);
    page.take(position, 1, child.page);
    // A page whose top is a leaf or empty is gone: what was left of it stands in this page's bottom row.
    this.dirty.set(childPath, child.page.kind(1) === 'inner' ? child.page : undefined);
  }

  #applyHere(
    held: HeldPage,
    position: number,
    depth: number,
    changes: readonly TreeChange[],
  ): void {
    const { page } = held;
    const left = 2 * position;
    const right = left + 1;
    const [only, more] = changes;
    if (only !== undefined && more === undefined) {
      // Most nodes lie on the way to one change.
      this.apply(held, left + bitAt(only.keyHash, depth), depth + 1, changes);
    } else {
      const [zeros, ones] = splitAt(changes, depth);
      this.apply(held, left, depth + 1, zeros);
      this.apply(held, right, depth + 1, ones);
    }
    const a = page.kind(left);
    const b = page.kind(right);
    if (a === 'inner' || b === 'inner' || (a === 'leaf' && b === 'leaf')) {
      page.join(position);
      return;
    }
    // A lone leaf moves up to its shortest unique prefix.
    page.take(position, a === 'empty' ? right : left);
    page.clear(left);
    page.clear(right);
  }
}

/** The leaves of a subtree that held at most `node`, once the changes are in. */
function leavesAfter(node: TreeLeaf | undefined, changes: readonly TreeChange[]): TreeLeaf[] {
  const leaves: TreeLeaf[] = [];
  let kept = node;
  for (const { keyHash, valueHash } of changes) {
    if (kept !== undefined && equalBytes(kept.keyHash, keyHash)) kept = undefined;
    if (valueHash !== undefined) leaves.push({ keyHash, valueHash });
  }
  if (kept !== undefined) leaves.push(kept);
  return leaves;
}

function splitAt(
  changes: readonly TreeChange[],
  depth: number,
): readonly [readonly TreeChange[], readonly TreeChange[]] {
  const zeros: TreeChange[] = [];
  const ones: TreeChange[] = [];
  for (const change of changes) (bitAt(change.keyHash, depth) === 0 ? zeros : ones).push(change);
  return [zeros, ones];
}

/** What `verifyStateProof` needs to see that `key` has its value, or has none. Throws LEDGER_CORRUPT. */
export function proveKey(readPage: ReadPage, key: Uint8Array): StateProof {
  const keyHash = sha256(key);
  const siblings: Uint8Array[] = [];
  let path = '';
  let page = readPage('') ?? new TreePage();
  let position = 1;
  for (let depth = 0; ; depth++) {
    if (page.kind(position) !== 'inner') {
      const found = page.kind(position) === 'leaf' ? page.leaf(position) : undefined;
      const isOther = found !== undefined && !equalBytes(found.keyHash, keyHash);
      return { siblings, neighbour: isOther ? found : undefined };
    }
    if (position >= bottomRow) {
      path += (position - bottomRow).toString(16);
      const below = readPage(path);
      if (below === undefined || !equalBytes(below.hash(1), page.hash(position))) {
        throw new CodedError('LEDGER_CORRUPT');
      }
      page = below;
      position = 1;
    }
    const bit = bitAt(keyHash, depth);
    const next = 2 * position + bit;
    siblings.push(page.hash(next ^ 1));
    position = next;
  }
}
