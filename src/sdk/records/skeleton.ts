import { messageObjects } from '../../api/object-types.ts';
import { currentSuite, decodeObject } from '../../api/signed.ts';
import { sha256 } from '../../crypto/hash.ts';
import { concatBytes, equalBytes } from '../../primitives/bytes.ts';
import { encodeCbor, readArray, readBytes, readText, readUint } from '../../primitives/cbor.ts';
import { CodedError } from '../../primitives/errors.ts';
import { idBytes, type RecordId, recordIdOf } from '../../primitives/ids.ts';
import { recordLimits } from './limits.ts';

/** Media type of the item, of class `other`, that every import adds. */
export const skeletonMediaType = 'application/vnd.salus.import+cbor';

export interface SkeletonRange {
  readonly offset: number;
  readonly length: number;
  readonly recordId: RecordId;
}

/**
 * What of a file is not in its items: with them it gives the file back byte for byte.
 *
 * CBOR `[suite, type, file name, SHA-256 of the file 32, length of the file, [[offset, length, record id
 * 16]...], bytes]`: ranges in rising order without overlap, then all bytes that lie in no range.
 * The import's id is the record id of the item that holds this. Source: docs/protocol/items.md, rules I-11 to I-13.
 */
export interface Skeleton {
  readonly fileName: string;
  readonly fileHash: Uint8Array;
  readonly byteLength: number;
  readonly ranges: readonly SkeletonRange[];
  readonly between: Uint8Array;
}

export function encodeSkeleton(skeleton: Skeleton): Uint8Array {
  return encodeCbor([
    currentSuite,
    messageObjects.importSkeleton,
    skeleton.fileName,
    skeleton.fileHash,
    skeleton.byteLength,
    skeleton.ranges.map(({ offset, length, recordId }) => [offset, length, idBytes(recordId)]),
    skeleton.between,
  ]);
}

/** Throws CBOR_INVALID, CBOR_SHAPE, SUITE_UNKNOWN, TYPE_UNKNOWN. */
export function decodeSkeleton(bytes: Uint8Array): Skeleton {
  const fields = decodeObject(bytes, messageObjects.importSkeleton, 5);
  const skeleton = {
    fileName: readText(fields[0], 'file name'),
    fileHash: readBytes(fields[1], 'file hash', 32),
    byteLength: readUint(fields[2], 'file length', recordLimits.maxFileBytes),
    ranges: readArray(fields[3], 'ranges').map((range) => {
      const [offset, length, recordId] = readArray(range, 'range', 3);
      return {
        offset: readUint(offset, 'offset'),
        length: readUint(length, 'length'),
        recordId: recordIdOf(readBytes(recordId, 'record id', 16)),
      };
    }),
    between: readBytes(fields[4], 'bytes'),
  };
  if (skeleton.ranges.length > recordLimits.maxItemsPerFile || !fits(skeleton)) {
    throw new CodedError('CBOR_SHAPE', { field: 'ranges' });
  }
  return skeleton;
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
