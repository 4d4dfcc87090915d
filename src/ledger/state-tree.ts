import { sha256 } from '../crypto/hash.ts';
import { equalBytes } from '../primitives/bytes.ts';
import { CodedError } from '../primitives/errors.ts';
import type { StateProof } from './state-proof.ts';
import { bitAt, bottomRow, emptyHash, type TreeLeaf, TreePage } from './tree-page.ts';

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

export function treeChange(key: Uint8Array, value: Uint8Array | undefined): TreeChange {
  return { keyHash: sha256(key), valueHash: value === undefined ? undefined : sha256(value) };
}

export function treeRoot(readPage: ReadPage): Uint8Array {
  return readPage('')?.hash(1) ?? emptyHash;
}

/**
 * The compact binary sparse Merkle tree over all rows of the state: a leaf stands at its shortest unique
 * prefix, so a tree of a million keys is about twenty levels deep, and a proof is short.
 *
 * `changes` name each key once. Only paths to changed keys are hashed again, each node once a block.
 * Source: docs/protocol/state.md, rules ST-3 and ST-4.
 */
export function updateTree(readPage: ReadPage, changes: readonly TreeChange[]): TreeUpdate {
  const updater = new Updater(readPage);
  const top = updater.writable('');
  updater.apply(top, '', 1, 0, changes);
  return { root: top.hash(1), pages: updater.dirty };
}

class Updater {
  readonly dirty = new Map<string, TreePage | undefined>();
  readonly #readPage: ReadPage;

  constructor(readPage: ReadPage) {
    this.#readPage = readPage;
  }

  writable(path: string): TreePage {
    const page = new TreePage(this.#readPage(path));
    this.dirty.set(path, page);
    return page;
  }

  /** Brings `changes`, all of which lie under `position` of `page`, into the subtree there. */
  apply(
    page: TreePage,
    path: string,
    position: number,
    depth: number,
    changes: readonly TreeChange[],
  ): void {
    if (changes.length === 0) return;
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
    if (position >= bottomRow) this.#applyBelow(page, path, position, depth, list);
    else this.#applyHere(page, path, position, depth, list);
  }

  #applyBelow(
    page: TreePage,
    path: string,
    position: number,
    depth: number,
    changes: readonly TreeChange[],
  ): void {
    const childPath = path + (position - bottomRow).toString(16);
    const wasInner = page.kind(position) === 'inner';
    const child = wasInner ? this.writable(childPath) : new TreePage();
    if (wasInner && child.kind(1) !== 'inner') throw new CodedError('LEDGER_CORRUPT');
    this.apply(child, childPath, 1, depth, changes);
    page.take(position, 1, child);
    this.dirty.set(childPath, child.kind(1) === 'inner' ? child : undefined);
  }

  #applyHere(
    page: TreePage,
    path: string,
    position: number,
    depth: number,
    changes: readonly TreeChange[],
  ): void {
    const left = 2 * position;
    const right = left + 1;
    const [only, more] = changes;
    if (only !== undefined && more === undefined) {
      // Most nodes lie on the way to one change.
      this.apply(page, path, left + bitAt(only.keyHash, depth), depth + 1, changes);
    } else {
      const [zeros, ones] = splitAt(changes, depth);
      this.apply(page, path, left, depth + 1, zeros);
      this.apply(page, path, right, depth + 1, ones);
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
