import { sha256 } from '../../../crypto/hash.ts';
import { bytesToHex } from '../../../primitives/bytes.ts';
import type { RecordId } from '../../../primitives/ids.ts';
import type { CutFile, FilePart } from '../fhir-file.ts';
import { bytesBetween, encodeSkeleton } from '../skeleton.ts';
import type { Member } from '../unpack.ts';
import { type ArchiveToCut, cutArchive, cutHeld } from './held-cut.ts';
import type { KnownItem } from './known-items.ts';
import { withNaming } from './naming.ts';
import { partsOf } from './persons.ts';
import {
  type CutBytes,
  type ImportInput,
  type PlannedItem,
  Planner,
  shortened,
} from './planner.ts';
import { inVersionOrder } from './version-order.ts';

/** What an import would do to the chart. */
export interface Changes {
  /** Sealed in this order, a version always comes after the one it replaces. */
  readonly items: readonly PlannedItem[];
  /** Parts of the file that the account had already, as JSON or byte for byte. */
  readonly unchanged: readonly KnownItem[];
  /** What the source says that it deleted: how many, and those that are in the chart. */
  readonly deleted: number;
  readonly withdrawn: readonly KnownItem[];
  /** How many parts were left out: of other people, and erased before. */
  readonly ofOthers: number;
  readonly erased: number;
}

export type ImportPlan =
  | { readonly kind: 'known'; readonly importId: RecordId }
  /** The file holds no record and nothing about one: nothing is kept of it. */
  | ({ readonly kind: 'nothing'; readonly fileHash: string; readonly cut: CutFile } & Changes)
  | ({
      readonly kind: 'new';
      /** The record id of the skeleton's item, which is of class `private`. */
      readonly importId: RecordId;
      readonly fileHash: string;
      readonly cut: CutFile;
      /** `skeleton.ts`, encoded. */
      readonly skeleton: Uint8Array;
    } & Changes);

/**
 * Plans the import of a file that is held in memory: which items it brings, which it has brought before, and
 * what is left over.
 *
 * Importing a file twice adds nothing; a changed resource becomes a new version that names the old one.
 * Throws what `cutFile` throws. Source: docs/protocol/items.md, rules I-14 to I-16.
 */
export function planImport(
  input: ImportInput,
  bytes: Uint8Array,
  members?: readonly Member[],
): ImportPlan {
  const fileHash = sha256(bytes);
  const importId = knownImport(input, fileHash);
  if (importId !== undefined) return { kind: 'known', importId };
  return planCut(input, {
    cut: cutHeld(input, bytes, members),
    fileHash,
    bytesOf: ({ offset, length, unpacked }) =>
      unpacked?.bytes ?? bytes.subarray(offset, offset + length),
    between: (parts) => bytesBetween(bytes, parts),
  });
}

/**
 * The same for a file that is streamed, and so is one item: `cutOpaque` gives its cut, `fileHash` is the
 * SHA-256 found while reading it once.
 */
export function planStreamedImport(
  input: ImportInput,
  cut: CutFile,
  fileHash: Uint8Array,
): ImportPlan {
  const importId = knownImport(input, fileHash);
  if (importId !== undefined) return { kind: 'known', importId };
  const between = () => new Uint8Array(0);
  return planCut(input, { cut, fileHash, bytesOf: () => undefined, between });
}

/**
 * The same for a packed file that is too large to be held: it is an item of its own, from which it is given back, and
 * what was read in it are items too.
 */
export function planArchive(
  input: ImportInput,
  archive: ArchiveToCut,
  fileHash: Uint8Array,
): ImportPlan {
  const importId = knownImport(input, fileHash);
  if (importId !== undefined) return { kind: 'known', importId };
  const { cut, whole } = cutArchive(input, archive);
  const bytesOf: CutBytes['bytesOf'] = ({ unpacked }) => unpacked?.bytes;
  const between = () => new Uint8Array(0);
  return planCut(input, { cut, fileHash, bytesOf, between }, whole);
}

/** What was left out of a file may be asked for again, though all that was taken of it is there. */
const knownImport = ({ known, again }: ImportInput, fileHash: Uint8Array): RecordId | undefined =>
  again === true ? undefined : known.importOf(bytesToHex(fileHash));

function planCut(input: ImportInput, bytes: CutBytes, whole?: FilePart): ImportPlan {
  const { cut, fileHash } = bytes;
  const { parts, others } = partsOf({ ...cut, parts: withNaming(cut.parts) }, input);
  const ofOthers = others.length;
  const planner = new Planner(input, bytes);
  for (const part of inVersionOrder(parts, cut, input.importedMs)) planner.take(part);
  for (const part of others) planner.leaveOut(part, input.newRecordId());
  // What is left out of it would lie in the packed file still.
  if (whole !== undefined && !planner.isTorn) planner.take(whole);
  const withdrawn = cut.deletions.flatMap((it) => planner.newestAt(it) ?? []);
  const { items, unchanged, erased } = planner;
  const changes = { items, unchanged, withdrawn, ofOthers, erased, deleted: cut.deletions.length };
  const about = { ...changes, fileHash: bytesToHex(fileHash), cut };
  if (items.length + unchanged.length + withdrawn.length === 0)
    return { kind: 'nothing', ...about };
  const ranges = planner.placed.toSorted((a, b) => a.offset - b.offset);
  const skeleton = encodeSkeleton({
    ...{ fileName: shortened(input.fileName), fileHash },
    // What a packed file holds cannot be left out of it: then it is not kept, and no import gives it back.
    ...(planner.isTorn
      ? { byteLength: 0, ranges: [], between: new Uint8Array(0) }
      : { byteLength: cut.byteLength, ranges, between: bytes.between(ranges) }),
  });
  return { kind: 'new', importId: input.newRecordId(), ...about, skeleton };
}
