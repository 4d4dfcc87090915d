import { sha256, sha256Into } from '../crypto/hash.ts';
import { CodedError } from '../primitives/errors.ts';

/**
 * Four levels of the state tree as one row of the store, so that a look-up reads a few rows and not one a bit.
 *
 * Positions are in heap order: 1 is the top, 2p and 2p + 1 stand below p. So the next bit b of a key's hash
 * leads from p to 2p + b, p ^ 1 is the sibling of p, and four bits lead from 1 to 16..31, the bottom row:
 *
 *                         1                          the page `path`
 *             2                       3
 *       4           5           6           7
 *     8     9    10    11    12    13    14    15
 *   16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31  an inner node at p is the top of the page `path` ‖ hex(p - 16)
 *
 * Each position is empty (32 zeros), a leaf, or an inner node over the two below it. Below an empty position
 * and below a leaf nothing stands. So a leaf may keep its 64 bytes where its leftmost place in the bottom row
 * would be, and no two leaves meet there. Source: docs/protocol/state.md, rules ST-3 and ST-5.
 */

export interface TreeLeaf {
  /** SHA-256 of the key. */
  readonly keyHash: Uint8Array;
  /** SHA-256 of the value. */
  readonly valueHash: Uint8Array;
}

/** What stands at a position of a page. */
export type NodeKind = 'empty' | 'leaf' | 'inner';

export const emptyHash: Uint8Array = new Uint8Array(32);
/** Position 0 is not used. */
export const pagePositions = 32;
/** The first position of a page's bottom row. */
export const bottomRow = 16;

/** ST-3: SHA-256(0x00 ‖ key hash ‖ value hash). */
export function stateLeafHash({ keyHash, valueHash }: TreeLeaf): Uint8Array {
  return sha256(tagged(0, keyHash, valueHash));
}

/** ST-3: SHA-256(0x01 ‖ left ‖ right). */
export function stateInnerHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(tagged(1, left, right));
}

// Filled anew for each hash: an array of more than 64 bytes costs as much to make as the hash itself.
const pair = new Uint8Array(65);

/** tag ‖ a 32 ‖ b 32, until the next call. */
function tagged(tag: number, a: Uint8Array, b: Uint8Array): Uint8Array {
  pair[0] = tag;
  pair.set(a, 1);
  pair.set(b, 33);
  return pair;
}

/** The bit of a key's hash that chooses the way at this depth: 0 left, 1 right. */
export function bitAt(keyHash: Uint8Array, depth: number): number {
  return ((keyHash[depth >> 3] ?? 0) >> (7 - (depth & 7))) & 1;
}

const empty = 0;
const leaf = 1;
const inner = 2;
/** A leaf whose hash has been worked out: most leaves of a page are only carried along, and need none. */
const hashedLeaf = 3;
const kinds: readonly NodeKind[] = ['empty', 'leaf', 'inner', 'leaf'];

// Layout in memory: a kind for each position ‖ a hash of 32 for each ‖ key hash 32, value hash 32 for each leaf.
const hashesAt = pagePositions;
const leavesAt = hashesAt + 32 * pagePositions;
const pageBytes = leavesAt + 64 * bottomRow;

/** Of an encoded page: kinds, and 64 bytes for each position at most. */
export const maxEncodedBytes = 8 + 64 * (pagePositions - 1);

// Pages are cut from slabs: an array of its own costs more to make than a page to copy.
const slabBytes = 16 * pageBytes;
let slab = new Uint8Array(slabBytes);
let used = 0;
/** Of pages that were given back: memory that was touched before costs no fault of a page. */
const free: Uint8Array[] = [];
const maxFree = 4_096;
const noBytes = new Uint8Array(0);

/** `pageBytes` bytes of any content. */
function someBytes(): Uint8Array {
  const freed = free.pop();
  if (freed !== undefined) return freed;
  if (used === slabBytes) {
    slab = new Uint8Array(slabBytes);
    used = 0;
  }
  const bytes = new Uint8Array(slab.buffer, used, pageBytes);
  used += pageBytes;
  return bytes;
}

/** Where the hash of a position is; those of two siblings lie side by side. */
const hashAt = (position: number): number => hashesAt + 32 * position;

/** Where the leaf of a position is: no two leaves stand above the same place of the bottom row. */
function leafAt(position: number): number {
  let below = position;
  while (below < bottomRow) below *= 2;
  return leavesAt + 64 * (below - bottomRow);
}

/**
 * One page, as one array of bytes: a block changes a thousand, and as objects for each node they kept the
 * collector busy for a tenth of the ledger's time.
 */
export class TreePage {
  #bytes: Uint8Array;

  /** Empty, or as `page` is. Throws INTERNAL when that one was given back. */
  constructor(page?: TreePage) {
    this.#bytes = someBytes();
    if (page === undefined) this.#bytes.fill(0);
    else this.#bytes.set(page.#held());
  }

  /** Its owner promises that nobody looks at this page again; its memory serves another. */
  giveBack(): void {
    if (this.#bytes.length > 0 && free.length < maxFree) free.push(this.#bytes);
    this.#bytes = noBytes;
  }

  #held(): Uint8Array {
    if (this.#bytes.length === 0) throw new CodedError('INTERNAL', { what: 'page given back' });
    return this.#bytes;
  }

  /** Throws INTERNAL when the page was given back. */
  kind(position: number): NodeKind {
    return kinds[this.#kind(position)] ?? 'empty';
  }

  #kind(position: number): number {
    const kind = this.#bytes[position];
    if (kind === undefined) throw new CodedError('INTERNAL', { what: 'page given back' });
    return kind;
  }

  /** 32 zeros where nothing stands. */
  hash(position: number): Uint8Array {
    if (this.#kind(position) === leaf) this.#hashLeaf(position);
    return this.#bytes.slice(hashAt(position), hashAt(position) + 32);
  }

  /** Of a position that is a leaf. */
  leaf(position: number): TreeLeaf {
    const at = leafAt(position);
    return {
      keyHash: this.#bytes.slice(at, at + 32),
      valueHash: this.#bytes.slice(at + 32, at + 64),
    };
  }

  clear(position: number): void {
    this.#bytes[position] = empty;
    this.#bytes.fill(0, hashAt(position), hashAt(position) + 32);
  }

  putLeaf(position: number, { keyHash, valueHash }: TreeLeaf): void {
    this.#bytes[position] = leaf;
    this.#bytes.set(keyHash, leafAt(position));
    this.#bytes.set(valueHash, leafAt(position) + 32);
  }

  /** An inner node over the two below it. */
  join(position: number): void {
    this.#hashLeaf(2 * position);
    this.#hashLeaf(2 * position + 1);
    this.#bytes[position] = inner;
    this.#hashTo(position, 1, hashAt(2 * position));
  }

  /** What stands at `from`, in this page or another, stands at `position` as well. */
  take(position: number, from: number, page: TreePage = this): void {
    const kind = page.#kind(from);
    this.#bytes[position] = kind;
    this.#bytes.set(page.#bytes.subarray(hashAt(from), hashAt(from) + 32), hashAt(position));
    if (kind === empty || kind === inner) return;
    this.#bytes.set(page.#bytes.subarray(leafAt(from), leafAt(from) + 64), leafAt(position));
  }

  #hashLeaf(position: number): void {
    if (this.#bytes[position] !== leaf) return;
    this.#bytes[position] = hashedLeaf;
    this.#hashTo(position, 0, leafAt(position));
  }

  /** SHA-256(tag ‖ the 64 bytes from `at`), laid out by hand: this is where the time of a block goes. */
  #hashTo(position: number, tag: number, at: number): void {
    pair[0] = tag;
    for (let i = 0; i < 64; i++) pair[i + 1] = this.#bytes[at + i] ?? 0;
    sha256Into(this.#bytes, hashAt(position), pair);
  }

  /** Layout: 2 bits a position (0 empty, 1 leaf, 2 inner) in 8 bytes ‖ leaf: key hash, value hash · inner: hash. */
  encode(): Uint8Array {
    return this.encodeInto(new Uint8Array(maxEncodedBytes)).slice();
  }

  /** The same, at the front of `scratch`, which the next page may overwrite; it has room for `maxEncodedBytes`. */
  encodeInto(scratch: Uint8Array): Uint8Array {
    scratch.fill(0, 0, 8);
    let end = 8;
    for (let position = 1; position < pagePositions; position++) {
      const kind = this.#kind(position);
      if (kind === empty) continue;
      const [code, at, size] =
        kind === inner ? [inner, hashAt(position), 32] : [leaf, leafAt(position), 64];
      scratch[position >> 2] = (scratch[position >> 2] ?? 0) | (code << (2 * (position & 3)));
      scratch.set(this.#bytes.subarray(at, at + size), end);
      end += size;
    }
    return scratch.subarray(0, end);
  }

  /** Throws LEDGER_CORRUPT: pages come from our own disk alone. */
  static decode(encoded: Uint8Array): TreePage {
    const page = new TreePage();
    let end = 8;
    for (let position = 1; position < pagePositions; position++) {
      const kind = ((encoded[position >> 2] ?? 0) >> (2 * (position & 3))) & 3;
      if (kind === empty) continue;
      const [at, size] = kind === inner ? [hashAt(position), 32] : [leafAt(position), 64];
      const part = encoded.subarray(end, end + size);
      if (kind === hashedLeaf || part.length !== size) {
        throw new CodedError('LEDGER_CORRUPT', { position });
      }
      page.#bytes[position] = kind;
      page.#bytes.set(part, at);
      end += size;
    }
    if (end !== encoded.length) throw new CodedError('LEDGER_CORRUPT', { end });
    return page;
  }
}
