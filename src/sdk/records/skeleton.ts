import { messageObjects } from '../../api/object-types.ts';
import { currentSuite } from '../../api/signed.ts';
import { sha256 } from '../../crypto/hash.ts';
import { concatBytes, equalBytes } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { RecordId } from '../../primitives/ids.ts';
import {
  bytes,
  checked,
  decodeAs,
  encodeAs,
  list,
  type Of,
  recordId,
  struct,
  text,
  typed,
  uint,
  uintTo,
} from '../../primitives/shape.ts';
import { recordLimits } from './limits.ts';

/** Media type of the item that every import adds. */
export const skeletonMediaType = 'application/vnd.salus.import+cbor';
/** It names every item of the file, restricted ones too, and may hold their bytes: the owner's alone (K-6). */
export const skeletonClass = 'private';

/** Where an item stands in the file. */
const skeletonRange = struct({ offset: uint, length: uint, recordId });
export type SkeletonRange = Of<typeof skeletonRange>;

/**
 * What of a file is not in its items: with them it gives the file back byte for byte.
 * The import's id is the record id of the item that holds this. Source: docs/protocol/items.md, rules I-11 to I-13.
 */
const skeletonObject = typed(currentSuite, messageObjects.importSkeleton, {
  fileName: text(),
  /** SHA-256 of the file. */
  fileHash: bytes(32),
  byteLength: uintTo(recordLimits.maxFileBytes),
  /** In rising order, without overlap. */
  ranges: list(skeletonRange, { most: recordLimits.maxItemsPerFile }),
  /** All bytes that lie in no range. */
  between: bytes(),
});
export type Skeleton = Of<typeof skeletonObject>;

const fittingSkeleton = checked(skeletonObject, (skeleton) => {
  if (!fits(skeleton)) throw new CodedError('CBOR_SHAPE', { field: 'ranges' });
});

/** The body of an import’s own item: what is left of a file when its resources are out (I-11). */
export function encodeSkeleton(skeleton: Skeleton): Uint8Array {
  return encodeAs(fittingSkeleton, skeleton);
}

/** Throws CBOR_INVALID, CBOR_SHAPE, SUITE_UNKNOWN, TYPE_UNKNOWN. */
export function decodeSkeleton(encoded: Uint8Array): Skeleton {
  return decodeAs(fittingSkeleton, encoded);
}

function fits({ ranges, between, byteLength }: Skeleton): boolean {
  let at = 0;
  let covered = 0;
  for (const { offset, length } of ranges) {
    if (offset < at) return false;
    at = offset + length;
    covered += length;
  }
  return at <= byteLength && covered + between.length === byteLength;
}

/** The bytes of a file that lie in none of the ranges, which are in rising order. */
export function bytesBetween(
  file: Uint8Array,
  ranges: readonly { readonly offset: number; readonly length: number }[],
): Uint8Array {
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (const { offset, length } of ranges) {
    pieces.push(file.subarray(at, offset));
    at = offset + length;
  }
  pieces.push(file.subarray(at));
  return concatBytes(...pieces);
}

/** The file in order: pieces that the skeleton holds itself, and items to be read. */
export function* partsOfFile(
  skeleton: Skeleton,
): Generator<Uint8Array | SkeletonRange, void, undefined> {
  let at = 0;
  let taken = 0;
  for (const range of skeleton.ranges) {
    const gap = range.offset - at;
    if (gap > 0) yield skeleton.between.subarray(taken, taken + gap);
    yield range;
    taken += gap;
    at = range.offset + range.length;
  }
  if (taken < skeleton.between.length) yield skeleton.between.subarray(taken);
}

/**
 * Gives a file back as it was imported. `readItem` answers undefined for an item that is not there any more.
 *
 * Throws EXPORT_INCOMPLETE when an item is missing, or the whole does not have the SHA-256 it had.
 */
export async function rebuildFile(
  skeleton: Skeleton,
  readItem: (recordId: RecordId) => Promise<Uint8Array | undefined> | Uint8Array | undefined,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for (const part of partsOfFile(skeleton)) {
    if (part instanceof Uint8Array) {
      pieces.push(part);
      continue;
    }
    const bytes = await readItem(part.recordId);
    if (bytes?.length !== part.length) {
      throw new CodedError('EXPORT_INCOMPLETE', { recordId: part.recordId });
    }
    pieces.push(bytes);
  }
  const file = concatBytes(...pieces);
  if (!equalBytes(sha256(file), skeleton.fileHash)) throw new CodedError('EXPORT_INCOMPLETE');
  return file;
}
