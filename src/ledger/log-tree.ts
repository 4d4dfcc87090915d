import { sha256 } from '../crypto/hash.ts';
import { concatBytes } from '../primitives/bytes.ts';
import { CodedError } from '../primitives/errors.ts';
import type { LogHead } from './app-hash.ts';
import { quotient } from './integers.ts';
import { merkleRoot, nodeHash } from './merkle.ts';

/**
 * An append-only log as RFC 9162 has it, over leaf hashes, that grows by touching a row or two.
 *
 * Stored are tiles: tile `index` of `level` (0, 4, 8...) holds, side by side, the hashes of up to 16
 * complete subtrees of 2^level leaves; everything between is worked out. So proofs at any size can be
 * served. Source: docs/protocol/state.md, rules ST-7 and ST-8.
 */
export type ReadTile = (level: number, index: number) => Uint8Array | undefined;

export interface Tile {
  readonly level: number;
  readonly index: number;
  /** 1 to 16 hashes of 32 bytes. */
  readonly hashes: Uint8Array;
}

const tileHeight = 4;
const tileWidth = 16;

/** Root of an empty log: SHA-256 of nothing. */
export const emptyLog: LogHead = { size: 0, root: sha256() };

/** Throws LEDGER_CORRUPT when a tile is missing. */
export function appendToLog(
  readTile: ReadTile,
  head: LogHead,
  leaves: readonly Uint8Array[],
): { readonly head: LogHead; readonly tiles: readonly Tile[] } {
  if (leaves.length === 0) return { head, tiles: [] };
  const changed = new Map<string, Tile>();
  let level = 0;
  let start = head.size;
  let pending = leaves;
  while (pending.length > 0) {
    const complete: Uint8Array[] = [];
    for (let done = 0; done < pending.length; ) {
      const index = quotient(start + done, tileWidth);
      const held = start + done - index * tileWidth;
      const before = held === 0 ? [] : hashesOf(readTile(level, index), held);
      const added = pending.slice(done, done + tileWidth - held);
      const hashes = [...before, ...added];
      changed.set(`${level}/${index}`, { level, index, hashes: concatBytes(...hashes) });
      if (hashes.length === tileWidth) complete.push(merkleRoot(hashes));
      done += added.length;
    }
    pending = complete;
    start = quotient(start, tileWidth);
    level += tileHeight;
  }
  const size = head.size + leaves.length;
  const read: ReadTile = (at, index) =>
    changed.get(`${at}/${index}`)?.hashes ?? readTile(at, index);
  return { head: { size, root: logRoot(read, size) }, tiles: [...changed.values()] };
}

/** Root over the first `size` leaves. Throws LEDGER_CORRUPT. */
export function logRoot(readTile: ReadTile, size: number): Uint8Array {
  return size === 0 ? emptyLog.root : rangeRoot(readTile, 0, size);
}

/** Sibling hashes from the leaf upwards, for `rootFromPath`. Throws LEDGER_CORRUPT. */
export function logInclusion(readTile: ReadTile, index: number, size: number): Uint8Array[] {
  const path: Uint8Array[] = [];
  let start = 0;
  let count = size;
  while (count > 1) {
    const split = splitOf(count);
    if (index < start + split) {
      path.push(rangeRoot(readTile, start + split, count - split));
      count = split;
    } else {
      path.push(rangeRoot(readTile, start, split));
      start += split;
      count -= split;
    }
  }
  return path.reverse();
}

/** For `isConsistent`, RFC 9162 section 2.1.4.1: that the log of `from` leaves is a beginning of the one of `to` leaves. */
export function logConsistency(readTile: ReadTile, from: number, to: number): Uint8Array[] {
  const proof: Uint8Array[] = [];
  let start = 0;
  let count = to;
  let wanted = from;
  let isWhole = true;
  while (wanted < count) {
    const split = splitOf(count);
    if (wanted <= split) {
      proof.push(rangeRoot(readTile, start + split, count - split));
      count = split;
    } else {
      proof.push(rangeRoot(readTile, start, split));
      start += split;
      count -= split;
      wanted -= split;
      isWhole = false;
    }
  }
  if (!isWhole) proof.push(rangeRoot(readTile, start, count));
  return proof.reverse();
}

/** Root over `count` leaves from `start`; a power of two that starts at a multiple of itself is stored. */
function rangeRoot(readTile: ReadTile, start: number, count: number): Uint8Array {
  const split = splitOf(count);
  if (2 * split === count || count === 1) return subtreeRoot(readTile, start, count);
  return nodeHash(
    rangeRoot(readTile, start, split),
    rangeRoot(readTile, start + split, count - split),
  );
}

function subtreeRoot(readTile: ReadTile, start: number, count: number): Uint8Array {
  let level = 0;
  let unit = 1;
  while (unit * tileWidth <= count) {
    unit *= tileWidth;
    level += tileHeight;
  }
  const first = quotient(start, unit);
  const width = quotient(count, unit);
  const index = quotient(first, tileWidth);
  const offset = first - index * tileWidth;
  return merkleRoot(hashesOf(readTile(level, index), offset + width).slice(offset));
}

/** The largest power of two below `count`; 0 for 1. */
function splitOf(count: number): number {
  if (count < 2) return 0;
  let split = 1;
  while (split * 2 < count) split *= 2;
  return split;
}

function hashesOf(tile: Uint8Array | undefined, count: number): Uint8Array[] {
  if (tile === undefined || tile.length < 32 * count) throw new CodedError('LEDGER_CORRUPT');
  return Array.from({ length: count }, (_, i) => tile.subarray(32 * i, 32 * i + 32));
}
