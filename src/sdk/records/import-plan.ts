import type { RecordClass } from '../../api/classes.ts';
import { sha256 } from '../../crypto/hash.ts';
import { bytesToHex } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { RecordId } from '../../primitives/ids.ts';
import { classOf } from './class-of.ts';
import { type CutFile, cutFile, type FilePart } from './fhir-file.ts';
import { markEnteredByPatient } from './media-type.ts';
import { bytesBetween, encodeSkeleton } from './skeleton.ts';

/**
 * What stays the same over the versions of an item: `Type/id` of a FHIR resource; for anything without an
 * id, `sha256:` and the hash of its bytes.
 */
export type ItemKey = string;

/** One version of an item that the account has. */
export interface KnownItem {
  readonly recordId: RecordId;
  readonly key: ItemKey;
  /** SHA-256 of its bytes, in hex. */
  readonly contentHash: string;
}

/** What the account has already; erased items are not in it. */
export interface KnownItems {
  readonly newestOf: (key: ItemKey) => KnownItem | undefined;
  readonly versionOf: (key: ItemKey, contentHash: string) => KnownItem | undefined;
  /** The import that brought a file of this SHA-256 (hex) and still has all its items. */
  readonly importOf: (fileHash: string) => RecordId | undefined;
}

export const nothingKnown: KnownItems = {
  newestOf: () => undefined,
  versionOf: () => undefined,
  importOf: () => undefined,
};

export interface PlannedItem extends KnownItem {
  readonly part: FilePart;
  readonly recordClass: RecordClass;
  readonly mediaType: string;
  readonly name: string;
  readonly previous: RecordId | undefined;
}

export type ImportPlan =
  | { readonly kind: 'known'; readonly importId: RecordId }
  | {
      readonly kind: 'new';
      /** The record id of the skeleton's item, which is of class `private`. */
      readonly importId: RecordId;
      readonly fileHash: string;
      readonly cut: CutFile;
      /** Sealed in this order, a version always comes after the one it replaces. */
      readonly items: readonly PlannedItem[];
      /** Parts of the file that the account had already, byte for byte. */
      readonly unchanged: readonly KnownItem[];
      /** `skeleton.ts`, encoded. */
      readonly skeleton: Uint8Array;
    };

export interface ImportInput {
  /** Without folders. */
  readonly fileName: string;
  readonly known: KnownItems;
  /** The importing account is a device. */
  readonly byDevice: boolean;
  /** The class the owner chose, for all items of the file. */
  readonly chosenClass: RecordClass | undefined;
  /** Typed by the patient themselves, not brought from a system of care. */
  readonly enteredByPatient?: boolean;
  readonly newRecordId: () => RecordId;
}

const maxNameLength = 255;

/**
 * Plans the import of a file that is held in memory: which items it brings, which it has brought before, and
 * what is left over.
 *
 * Importing a file twice adds nothing; a changed resource becomes a new version that names the old one.
 * Throws what `cutFile` throws. Source: docs/protocol/items.md, rules I-14 to I-16.
 */
export function planImport(input: ImportInput, bytes: Uint8Array): ImportPlan {
  const fileHash = sha256(bytes);
  const importId = input.known.importOf(bytesToHex(fileHash));
  if (importId !== undefined) return { kind: 'known', importId };
  return planCut(input, {
    cut: cutFile(input.fileName, bytes),
    fileHash,
    hashOf: ({ offset, length }) => sha256(bytes.subarray(offset, offset + length)),
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
  const importId = input.known.importOf(bytesToHex(fileHash));
  if (importId !== undefined) return { kind: 'known', importId };
  const between = () => new Uint8Array(0);
  return planCut(input, { cut, fileHash, hashOf: () => fileHash, between });
}

interface CutBytes {
  readonly cut: CutFile;
  readonly fileHash: Uint8Array;
  readonly hashOf: (part: FilePart) => Uint8Array;
  readonly between: (parts: readonly FilePart[]) => Uint8Array;
}

function planCut(input: ImportInput, { cut, fileHash, hashOf, between }: CutBytes): ImportPlan {
  const items: PlannedItem[] = [];
  const unchanged: KnownItem[] = [];
  const newest = new Map<ItemKey, KnownItem>();
  const recordIds = new Map<FilePart, RecordId>();
  // A history lists the newest version first.
  const isHistory = cut.bundleType === 'history';
  for (const part of isHistory ? cut.parts.toReversed() : cut.parts) {
    const contentHash = bytesToHex(hashOf(part));
    const key = itemKeyOf(part, contentHash);
    const last = newest.get(key) ?? input.known.newestOf(key);
    const same = last?.contentHash === contentHash ? last : undefined;
    const found = same ?? (isHistory ? input.known.versionOf(key, contentHash) : undefined);
    if (found !== undefined) {
      unchanged.push(found);
      recordIds.set(part, found.recordId);
      continue;
    }
    const recordId = input.newRecordId();
    const about = { recordId, key, contentHash };
    newest.set(key, about);
    recordIds.set(part, recordId);
    items.push({ ...about, ...describePart(input, part), previous: last?.recordId });
  }
  const ranges = cut.parts.map((part) => {
    const recordId = recordIds.get(part);
    if (recordId === undefined) throw new CodedError('INTERNAL');
    return { offset: part.offset, length: part.length, recordId };
  });
  const skeleton = encodeSkeleton({
    fileName: shortened(input.fileName),
    fileHash,
    byteLength: cut.byteLength,
    ranges,
    between: between(cut.parts),
  });
  const importId = input.newRecordId();
  return { kind: 'new', importId, fileHash: bytesToHex(fileHash), cut, items, unchanged, skeleton };
}

function describePart(
  input: ImportInput,
  part: FilePart,
): Pick<PlannedItem, 'part' | 'recordClass' | 'mediaType' | 'name'> {
  const { facts, mediaType } = part;
  const found = classOf({
    byDevice: input.byDevice,
    mediaType,
    resourceType: facts?.resourceType,
    categories: facts?.categories ?? [],
    bundleType: facts?.bundleType,
  });
  return {
    part,
    recordClass: input.chosenClass ?? found,
    mediaType: input.enteredByPatient === true ? markEnteredByPatient(mediaType) : mediaType,
    name: shortened(facts?.title ?? input.fileName),
  };
}

/** The key an opened item would have had when it was imported: a device rebuilds its index with it. */
export function itemKeyOf({ facts }: Pick<FilePart, 'facts'>, contentHash: string): ItemKey {
  return facts?.id === undefined ? `sha256:${contentHash}` : `${facts.resourceType}/${facts.id}`;
}

function shortened(name: string): string {
  return [...name].slice(0, maxNameLength).join('');
}
