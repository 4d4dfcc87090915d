import { isCoded } from '../../../primitives/errors.ts';
import { cutFile, cutOpaque, type FilePart } from '../fhir-file.ts';
import type { Skeleton } from '../skeleton.ts';
import { type KnownItem, versionOf } from './known-items.ts';

/** The items of an import as they were planned, from its file as far as it is there: a device makes its index anew. */
export function itemsOfImport(
  { ranges, fileName }: Skeleton,
  file: Uint8Array,
  importedMs: number,
): readonly KnownItem[] {
  const placed = new Map(ranges.map((it) => [`${it.offset} ${it.length}`, it.recordId] as const));
  const only = ranges.length === 1 ? ranges[0] : undefined;
  const isWhole = only?.offset === 0 && only.length === file.length;
  return partsToIndex(fileName, file, isWhole).flatMap((part) => {
    const recordId = placed.get(`${part.offset} ${part.length}`);
    if (recordId === undefined || part.facts?.resourceType === '') return [];
    const bytes = file.subarray(part.offset, part.offset + part.length);
    return [{ recordId, ...versionOf(part, bytes, importedMs) }];
  });
}

function partsToIndex(name: string, file: Uint8Array, isWhole: boolean): readonly FilePart[] {
  try {
    return cutFile(name, file).parts;
  } catch (error) {
    if (!isCoded(error)) throw error;
    return isWhole ? cutOpaque('', file.length).parts : [];
  }
}
