import type { OrdinaryClass, RecordClass } from '../../api/classes.ts';
import { sha256 } from '../../crypto/hash.ts';
import { bytesToHex } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { RecordId } from '../../primitives/ids.ts';
import { type Deletion, isHttp } from './bundle-entries.ts';
import { classOf, sealedClass } from './class-of.ts';
import { type CutFile, cutFile, cutOpaque, type FilePart } from './fhir-file.ts';
import {
  aboutOf,
  compareVersions,
  type Identity,
  identityOf,
  jsonHash,
  orderOf,
  type VersionOrder,
  withoutVersion,
} from './identity.ts';
import { labelsOfCda } from './labels.ts';
import { recordLimits } from './limits.ts';
import { headBytes, isCda, judgeFormat, markEnteredByPatient, textOf } from './media-type.ts';
import { type Persons, partsOf } from './persons.ts';
import type { ResourceFacts } from './resource-facts.ts';
import { bytesBetween, encodeSkeleton, type Skeleton } from './skeleton.ts';
import { isPacked, type Member } from './unpack.ts';

/** What stays the same over the versions of an item (`identity.ts`). */
export type ItemKey = string;

/** One version of an item that the account has. */
export interface KnownItem extends VersionOrder {
  readonly recordId: RecordId;
  readonly key: ItemKey;
  /** SHA-256 of its bytes, in hex. */
  readonly contentHash: string;
  /** 16 bytes in hex, equal where two contents are equal as JSON. */
  readonly jsonHash: string;
  /** 16 bytes in hex of what it is about (`aboutOf`). */
  readonly about: string;
  readonly isPatient: boolean;
  /** Its key is an address, which holds over all imports. */
  readonly isAddress: boolean;
}

/** What the account has already. */
export interface KnownItems {
  /** All versions under a key, in the order of their imports; erased ones are not among them. */
  readonly versionsOf: (key: ItemKey) => readonly KnownItem[];
  /** What was erased under a key. */
  readonly erasedOf: (key: ItemKey) => readonly KnownItem[];
  /** What each Patient of the chart is about. */
  readonly patients: () => readonly string[];
  /** The import that brought a file of this SHA-256 (hex) and still has all its items. */
  readonly importOf: (fileHash: string) => RecordId | undefined;
}

export const nothingKnown: KnownItems = {
  versionsOf: () => [],
  erasedOf: () => [],
  patients: () => [],
  importOf: () => undefined,
};

export interface PlannedItem extends KnownItem {
  readonly part: FilePart;
  readonly recordClass: RecordClass;
  /** What a private one is besides. */
  readonly ordinaryClass: OrdinaryClass;
  readonly mediaType: string;
  readonly name: string;
  /** The version that it replaces; none for one that is older than all that are known. */
  readonly previous: RecordId | undefined;
  /** What its source says to restrict it. */
  readonly labels: readonly string[];
  /** A newer version is known, or stands in the same file. */
  readonly isOlder: boolean;
}

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

export interface ImportInput {
  /** Without folders. */
  readonly fileName: string;
  readonly known: KnownItems;
  /** The importing account is a device. */
  readonly byDevice: boolean;
  /** The class the owner chose, for all items of the file. */
  readonly chosenClass: OrdinaryClass | undefined;
  /** Typed by the patient themselves, not brought from a system of care. */
  readonly enteredByPatient?: boolean;
  readonly strict?: boolean | undefined;
  /** Whose records of a file about several people. */
  readonly persons?: Persons | undefined;
  /** What was erased comes back. */
  readonly again?: boolean | undefined;
  /** Now, by this device. */
  readonly importedMs: number;
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
export function planImport(
  input: ImportInput,
  bytes: Uint8Array,
  members?: readonly Member[],
): ImportPlan {
  const fileHash = sha256(bytes);
  const importId = knownImport(input, fileHash);
  if (importId !== undefined) return { kind: 'known', importId };
  return planCut(input, {
    cut: members === undefined ? cutOne(input, bytes) : cutMembers(input, bytes, members),
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

/** What was left out of a file may be asked for again, though all that was taken of it is there. */
const knownImport = ({ known, again }: ImportInput, fileHash: Uint8Array): RecordId | undefined =>
  again === true ? undefined : known.importOf(bytesToHex(fileHash));

interface CutBytes {
  readonly cut: CutFile;
  readonly fileHash: Uint8Array;
  readonly bytesOf: (part: FilePart) => Uint8Array | undefined;
  readonly between: (parts: readonly Placed[]) => Uint8Array;
}

/** A part of the file that is given back from a record. */
interface Placed {
  readonly offset: number;
  readonly length: number;
  readonly recordId: RecordId;
}

function planCut(input: ImportInput, bytes: CutBytes): ImportPlan {
  const { cut, fileHash } = bytes;
  const { parts, others } = partsOf(cut, input);
  const ofOthers = others.length;
  const planner = new Planner(input, bytes);
  const named = withNaming(parts);
  for (const part of inVersionOrder(named, cut, input.importedMs)) planner.take(part);
  for (const part of others) planner.leaveOut(part, input.newRecordId());
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

/** A Binary takes class and labels of the document or report that names it: alone it says of neither. */
function withNaming(parts: readonly FilePart[]): readonly FilePart[] {
  const namers = new Map<string, ResourceFacts>();
  for (const { facts } of parts) {
    for (const url of facts?.attachments ?? []) if (facts) namers.set(withoutVersion(url), facts);
  }
  if (namers.size === 0) return parts;
  return parts.map((part) => {
    const { facts } = part;
    if (facts?.resourceType !== 'Binary') return part;
    const address = facts.fullUrl === undefined ? '' : withoutVersion(facts.fullUrl);
    const namer = namers.get(`Binary/${facts.id ?? ''}`) ?? namers.get(address);
    if (namer === undefined) return part;
    const labels = [...new Set([...facts.labels, ...namer.labels])];
    return { ...part, facts: { ...facts, labels }, namer };
  });
}

/** A history lists the newest version first, unless its versions say otherwise; a version comes after older ones. */
function inVersionOrder(
  parts: readonly FilePart[],
  cut: CutFile,
  importedMs: number,
): readonly FilePart[] {
  const listed = cut.bundleType === 'history' ? parts.toReversed() : parts;
  const byKey = new Map<string, FilePart[]>();
  for (const part of listed) {
    const { facts } = part;
    const key = facts?.id === undefined ? '' : identityOf(facts, '').key;
    const versions = byKey.get(key);
    if (versions === undefined) byKey.set(key, [part]);
    else if (key === '') versions.push(part);
    else insertByOrder(versions, part, importedMs);
  }
  return [...byKey.values()].flat();
}

function insertByOrder(versions: FilePart[], part: FilePart, importedMs: number): void {
  const order = orderOf(part.facts, importedMs);
  let at = versions.length;
  while (at > 0 && compareVersions(orderOf(versions[at - 1]?.facts, importedMs), order) > 0) at--;
  versions.splice(at, 0, part);
}

class Planner {
  readonly items: PlannedItem[] = [];
  readonly unchanged: KnownItem[] = [];
  readonly placed: Placed[] = [];
  erased = 0;
  /** Something that stays out lies in a packed file. */
  isTorn = false;
  /** Versions that this file brought, by key. */
  readonly #brought = new Map<ItemKey, KnownItem[]>();
  readonly #input: ImportInput;
  readonly #bytes: CutBytes;

  constructor(input: ImportInput, bytes: CutBytes) {
    this.#input = input;
    this.#bytes = bytes;
  }

  take(part: FilePart): void {
    const { newRecordId } = this.#input;
    const { facts } = part;
    const about = this.#aboutOf(part);
    const { contentHash } = about;
    const identity = identityOf(facts, contentHash);
    const versions = this.#versionsOf(identity);
    const same = versions.find((it) => it.contentHash === contentHash);
    const equal = same ?? versions.find((it) => it.jsonHash === about.jsonHash);
    if (equal !== undefined) {
      this.unchanged.push(equal);
      // What differs in its bytes stays in the skeleton, so that this file comes back as it was.
      if (same !== undefined) this.#place(part, same.recordId);
      return;
    }
    const gone = this.#input.again === true ? undefined : this.#erasedAs(identity, about);
    if (gone !== undefined && versions.length === 0) {
      this.erased += 1;
      // The file stays incomplete, as after the erasure: nothing of what was erased is kept.
      this.leaveOut(part, gone.recordId);
      return;
    }
    const line = identity.reach === 'address' ? versions : this.#chained(identity, about, versions);
    const recordId = newRecordId();
    const { previous, isOlder } = placeIn(line, about);
    const item = { recordId, ...about, ...describePart(this.#input, part), previous, isOlder };
    this.items.push(item);
    const brought = this.#brought.get(identity.key);
    if (brought === undefined) this.#brought.set(identity.key, [item]);
    else brought.push(item);
    this.#place(part, recordId);
  }

  /** Nothing of the part is kept: its place names a record that is not there. */
  leaveOut(part: FilePart, recordId: RecordId): void {
    if (part.unpacked !== undefined) this.isTorn = true;
    this.#place(part, recordId);
  }

  /** The newest known version of what the source deleted. */
  newestAt({ address, base }: Deletion): KnownItem | undefined {
    const bare = withoutVersion(address);
    const key = isHttp(bare) || base === undefined ? bare : `${base}/${bare}`;
    const { known } = this.#input;
    const versions = [...known.versionsOf(key), ...(this.#brought.get(key) ?? [])];
    return newestAmong(versions);
  }

  /** Of a file that is streamed only its hash is known. */
  #aboutOf(part: FilePart): Omit<KnownItem, 'recordId'> {
    const { importedMs } = this.#input;
    const bytes = this.#bytes.bytesOf(part);
    if (bytes !== undefined) return aboutPart(part, bytes, importedMs);
    const contentHash = bytesToHex(this.#bytes.fileHash);
    const none = bytesToHex(aboutOf(undefined));
    const order = orderOf(undefined, importedMs);
    const key = identityOf(undefined, contentHash).key;
    const jsonHash = contentHash.slice(0, 32);
    const flags = { isPatient: false, isAddress: false };
    return { key, contentHash, jsonHash, about: none, ...flags, ...order };
  }

  #place({ offset, length, unpacked }: FilePart, recordId: RecordId): void {
    // The file that it is packed in lies in the skeleton whole.
    if (unpacked !== undefined) return;
    this.placed.push({ offset, length, recordId });
  }

  #versionsOf({ key }: Identity): readonly KnownItem[] {
    const { known } = this.#input;
    return [...known.versionsOf(key), ...(this.#brought.get(key) ?? [])];
  }

  #erasedAs({ key, reach }: Identity, about: Omit<KnownItem, 'recordId'>): KnownItem | undefined {
    const erased = this.#input.known.erasedOf(key);
    if (reach === 'address') return erased.at(-1);
    return erased.findLast(
      (it) => it.jsonHash === about.jsonHash || (it.about === about.about && areOrdered(it, about)),
    );
  }

  /** Without an address: those of this file, and of other imports those that the source itself orders. */
  #chained(
    { key }: Identity,
    about: Omit<KnownItem, 'recordId'>,
    versions: readonly KnownItem[],
  ): readonly KnownItem[] {
    const brought = new Set(this.#brought.get(key));
    return versions.filter(
      (it) =>
        (brought.has(it) && isAboutSame(it, about)) ||
        (isAboutSame(it, about) && areOrdered(it, about)),
    );
  }
}

const hashOf = (bytes: Uint8Array, facts: FilePart['facts']): string =>
  bytesToHex(jsonHash(bytes, facts !== undefined));

const areOrdered = (a: VersionOrder, b: VersionOrder): boolean => compareVersions(a, b) !== 0;

/** Whether two items under one key are versions of one record. */
export const areVersions = (a: KnownItem, b: KnownItem): boolean =>
  a.isAddress || a.recordId === b.recordId || (isAboutSame(a, b) && areOrdered(a, b));

/** Subject and code agree; of two Patients the birth date: names change. */
function isAboutSame(a: Pick<KnownItem, 'about' | 'isPatient'>, b: typeof a): boolean {
  return a.isPatient && b.isPatient ? a.about.slice(16) === b.about.slice(16) : a.about === b.about;
}

/** The newest of several versions: by their source's order, else the later import. */
export function newestAmong(versions: readonly KnownItem[]): KnownItem | undefined {
  let newest: KnownItem | undefined;
  for (const it of versions) {
    if (newest === undefined || compareVersions(it, newest) >= 0) newest = it;
  }
  return newest;
}

/** A newer version names the newest before it. An older one cannot stand between what is sealed already: it names none. */
function placeIn(
  line: readonly KnownItem[],
  about: VersionOrder,
): { readonly previous: RecordId | undefined; readonly isOlder: boolean } {
  const isOlder = line.some((it) => compareVersions(it, about) > 0);
  return { previous: isOlder ? undefined : newestAmong(line)?.recordId, isOlder };
}

function describePart(
  input: ImportInput,
  part: FilePart,
): Pick<PlannedItem, 'part' | 'recordClass' | 'ordinaryClass' | 'mediaType' | 'name' | 'labels'> {
  const { facts, mediaType } = part;
  const labels = facts?.labels ?? part.labels ?? [];
  const ordinaryClass =
    input.chosenClass ??
    classOf({
      byDevice: input.byDevice,
      mediaType,
      resourceType: (part.namer ?? facts)?.resourceType,
      categories: (part.namer ?? facts)?.categories ?? [],
      bundleType: facts?.bundleType,
    });
  return {
    part,
    labels,
    recordClass: sealedClass(ordinaryClass, labels),
    ordinaryClass,
    mediaType: input.enteredByPatient === true ? markEnteredByPatient(mediaType) : mediaType,
    name: shortened(facts?.title ?? part.unpacked?.name ?? input.fileName),
  };
}

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
    return [{ recordId, ...aboutPart(part, bytes, importedMs) }];
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

function aboutPart(
  { facts }: FilePart,
  bytes: Uint8Array,
  importedMs: number,
): Omit<KnownItem, 'recordId'> {
  const contentHash = bytesToHex(sha256(bytes));
  const { key, reach } = identityOf(facts, contentHash);
  return {
    key,
    isAddress: reach === 'address',
    contentHash,
    jsonHash: hashOf(bytes, facts),
    about: bytesToHex(aboutOf(facts)),
    isPatient: facts?.resourceType === 'Patient',
    ...orderOf(facts, importedMs),
  };
}

function cutOne({ fileName, strict }: ImportInput, bytes: Uint8Array): CutFile {
  const cut = labelledCut(cutFile(fileName, bytes, { strict }), bytes);
  if (!isPacked(cut.mediaType)) return cut;
  return { ...cut, notes: [{ kind: 'foreign', type: 'a packed file, not opened', at: 0 }] };
}

/** A file that is read as what it holds; itself it stays in the skeleton. */
function cutMembers(input: ImportInput, bytes: Uint8Array, members: readonly Member[]): CutFile {
  const cuts = members.flatMap((member) => cutMember(input, member, members.length > 1));
  const parts = cuts.flatMap((it) => it.parts);
  if (parts.length > recordLimits.maxItemsPerFile) throw new CodedError('BUNDLE_TOO_MANY');
  const [only] = cuts;
  return {
    kind: cuts.length === 1 && only !== undefined ? only.kind : 'bundle',
    mediaType: judgeFormat(input.fileName, bytes.subarray(0, headBytes)).mediaType,
    byteLength: bytes.length,
    bundleType: cuts.length === 1 ? only?.bundleType : undefined,
    parts,
    notes: cuts.flatMap((it) => it.notes),
    deletions: cuts.flatMap((it) => it.deletions),
    persons: cuts.flatMap((it) => it.persons),
  };
}

function cutMember(input: ImportInput, member: Member, isOneOfMany: boolean): CutFile[] {
  const { name, bytes } = member;
  if (bytes.length === 0) return [];
  try {
    const cut = cutOne({ ...input, fileName: name }, bytes);
    const parts = cut.parts.map((part) => {
      const own = bytes.subarray(part.offset, part.offset + part.length);
      return { ...part, unpacked: { bytes: own, name } };
    });
    return [{ ...cut, parts }];
  } catch (error) {
    if (!isOneOfMany || input.strict === true || !isCoded(error)) throw error;
    const reason = `${name} cannot be read`;
    const none = cutOpaque('application/octet-stream', bytes.length);
    return [{ ...none, parts: [], notes: [{ kind: 'unreadable', reason, at: 0 }] }];
  }
}

/** A CDA document says inside what restricts it. */
function labelledCut(cut: CutFile, bytes: Uint8Array): CutFile {
  if (!isCda(cut.mediaType)) return cut;
  const labels = labelsOfCda(textOf(bytes, cut.mediaType));
  return { ...cut, parts: cut.parts.map((part) => ({ ...part, labels })) };
}

function shortened(name: string): string {
  return [...name].slice(0, maxNameLength).join('');
}
