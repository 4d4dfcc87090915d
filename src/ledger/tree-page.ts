import { sha256 } from '../crypto/hash.ts';
import { CodedError } from '../primitives/errors.ts';

/**
 * Four levels of the state tree, stored as one row, so that a lookup reads a few rows and not a row a bit.
 *
 * A page is an array of 32 positions in heap order: 1 is the top, 2p and 2p + 1 are the children of p,
 * 16 to 31 are the bottom. An inner node at the bottom is the top of the page below it.
 * Source: docs/protocol/state.md, rule ST-5.
 */
export type TreePage = (TreeNode | undefined)[];

/** Undefined in a page: empty, hash of 32 zeros. */
export type TreeNode = TreeLeaf | TreeInner;

export interface TreeLeaf {
  readonly kind: 'leaf';
  readonly keyHash: Uint8Array;
  readonly valueHash: Uint8Array;
  /** Worked out when first asked for: most leaves of a page are only carried along. */
  hash: Uint8Array | undefined;
}

export interface TreeInner {
  readonly kind: 'inner';
  readonly hash: Uint8Array;
}

export const emptyHash: Uint8Array = new Uint8Array(32);
export const pagePositions = 32;
/** The first position of a page's bottom row. */
export const bottomRow = 16;

export function stateLeafHash(keyHash: Uint8Array, valueHash: Uint8Array): Uint8Array {
  return pairHash(0, keyHash, valueHash);
}

export function stateInnerHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return pairHash(1, left, right);
}

// Filled anew for each hash: an array of more than 64 bytes costs as much to make as the hash itself.
const pair = new Uint8Array(65);

/** SHA-256(tag ‖ a 32 ‖ b 32), laid out by hand: this is where the time of a block goes. */
function pairHash(tag: number, a: Uint8Array, b: Uint8Array): Uint8Array {
  pair[0] = tag;
  pair.set(a, 1);
  pair.set(b, 33);
  return sha256(pair);
}

export function nodeHashOf(node: TreeNode | undefined): Uint8Array {
  if (node === undefined) return emptyHash;
  if (node.kind === 'inner') return node.hash;
  node.hash ??= stateLeafHash(node.keyHash, node.valueHash);
  return node.hash;
}

/** The bit of a key's hash that chooses the way at this depth: 0 left, 1 right. */
export function bitAt(keyHash: Uint8Array, depth: number): number {
  return ((keyHash[depth >> 3] ?? 0) >> (7 - (depth & 7))) & 1;
}

export function emptyPage(): TreePage {
  return new Array<TreeNode | undefined>(pagePositions).fill(undefined);
}

/** Layout: 2 bits a position (0 empty, 1 leaf, 2 inner) in 8 bytes ‖ leaf: key hash, value hash · inner: hash. */
export function encodePage(page: TreePage): Uint8Array {
  let length = 8;
  for (const node of page) if (node !== undefined) length += node.kind === 'leaf' ? 64 : 32;
  const bytes = new Uint8Array(length);
  let at = 8;
  for (let position = 1; position < pagePositions; position++) {
    const node = page[position];
    if (node === undefined) continue;
    const kind = node.kind === 'leaf' ? 1 : 2;
    bytes[position >> 2] = (bytes[position >> 2] ?? 0) | (kind << (2 * (position & 3)));
    if (node.kind === 'leaf') {
      bytes.set(node.keyHash, at);
      bytes.set(node.valueHash, at + 32);
      at += 64;
    } else {
      bytes.set(node.hash, at);
      at += 32;
    }
  }
  return bytes;
}

/** Throws LEDGER_CORRUPT: pages come from our own disk alone. */
export function decodePage(bytes: Uint8Array): TreePage {
  const page = emptyPage();
  let at = 8;
  const next = () => {
    const part = bytes.subarray(at, at + 32);
    if (part.length !== 32) throw new CodedError('LEDGER_CORRUPT', { at });
    at += 32;
    return part;
  };
  for (let position = 1; position < pagePositions; position++) {
    const kind = ((bytes[position >> 2] ?? 0) >> (2 * (position & 3))) & 3;
    if (kind === 1) {
      page[position] = { kind: 'leaf', keyHash: next(), valueHash: next(), hash: undefined };
    } else if (kind === 2) page[position] = { kind: 'inner', hash: next() };
  }
  if (at !== bytes.length) throw new CodedError('LEDGER_CORRUPT', { at });
  return page;
}
