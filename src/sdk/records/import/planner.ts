import type { OrdinaryClass, RecordClass } from '../../../api/classes.ts';
import { bytesToHex } from '../../../primitives/bytes.ts';
import type { RecordId } from '../../../primitives/ids.ts';
import { isHttp, withoutVersion } from '../address.ts';
import { classOf, sealedClass } from '../class-of.ts';
import type { CutFile, FilePart } from '../fhir-file.ts';
import type { Deletion } from '../found.ts';
import type { CardsOfFiles } from '../health-card/cards-in-file.ts';
import { markEnteredByPatient } from '../media-type.ts';
import { aboutOf, identityOf } from './identity.ts';
import { KeyVersions } from './key-versions.ts';
import {
  areOrdered,
  type ItemKey,
  type KnownItem,
  type KnownItems,
  type Version,
  versionOf,
} from './known-items.ts';
import type { Persons } from './persons.ts';
import { orderOf } from './version-order.ts';

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
  /** The health cards that the file holds, read and checked. */
  readonly cards?: CardsOfFiles | undefined;
  /** What was erased comes back. */
  readonly again?: boolean | undefined;
  /** Now, by this device. */
  readonly importedMs: number;
  readonly newRecordId: () => RecordId;
}

const maxNameLength = 255;

export interface CutBytes {
  readonly cut: CutFile;
  readonly fileHash: Uint8Array;
  readonly bytesOf: (part: FilePart) => Uint8Array | undefined;
  readonly between: (parts: readonly Placed[]) => Uint8Array;
}

/** A part of the file that is given back from a record. */
export interface Placed {
  readonly offset: number;
  readonly length: number;
  readonly recordId: RecordId;
}

/** Takes the parts of a file one by one, in the order of their versions, and says what becomes of each. */
export class Planner {
  readonly items: PlannedItem[] = [];
  readonly unchanged: KnownItem[] = [];
  readonly placed: Placed[] = [];
  erased = 0;
  /** Something that stays out lies in a packed file. */
  isTorn = false;
  readonly #versions = new Map<ItemKey, KeyVersions>();
  readonly #input: ImportInput;
  readonly #bytes: CutBytes;

  constructor(input: ImportInput, bytes: CutBytes) {
    this.#input = input;
    this.#bytes = bytes;
  }

  take(part: FilePart): void {
    const version = this.#versionOf(part);
    const versions = this.#versionsOf(version.key);
    const equal = versions.equalTo(version);
    if (equal !== undefined) {
      this.unchanged.push(equal);
      // What differs in its bytes stays in the skeleton, so that this file comes back as it was.
      if (equal.contentHash === version.contentHash) this.#place(part, equal.recordId);
      return;
    }
    const mayBeErased = this.#input.again !== true && versions.newest === undefined;
    const gone = mayBeErased ? this.#erasedAs(version) : undefined;
    if (gone !== undefined) {
      this.erased += 1;
      // The file stays incomplete, as after the erasure: nothing of what was erased is kept.
      this.leaveOut(part, gone.recordId);
      return;
    }
    const recordId = this.#input.newRecordId();
    const place = versions.placeOf(version);
    const item = { recordId, ...version, ...describePart(this.#input, part), ...place };
    this.items.push(item);
    versions.add(item);
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
    return this.#versionsOf(key).newest;
  }

  /** Of a file that is streamed only its hash is known. */
  #versionOf(part: FilePart): Version {
    const { importedMs } = this.#input;
    const bytes = this.#bytes.bytesOf(part);
    if (bytes !== undefined) return versionOf(part, bytes, importedMs);
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

  #versionsOf(key: ItemKey): KeyVersions {
    const versions = this.#versions.get(key) ?? new KeyVersions(this.#input.known.versionsOf(key));
    this.#versions.set(key, versions);
    return versions;
  }

  #erasedAs(version: Version): KnownItem | undefined {
    const erased = this.#input.known.erasedOf(version.key);
    if (version.isAddress) return erased.at(-1);
    const { about, jsonHash } = version;
    return erased.findLast(
      (it) => it.jsonHash === jsonHash || (it.about === about && areOrdered(it, version)),
    );
  }
}

function describePart(
  input: ImportInput,
  part: FilePart,
): Pick<PlannedItem, 'part' | 'recordClass' | 'ordinaryClass' | 'mediaType' | 'name' | 'labels'> {
  const { facts, mediaType } = part;
  const labels = facts?.labels ?? part.labels ?? [];
  const about = part.namers?.at(-1)?.at(-1) ?? facts;
  const ordinaryClass =
    input.chosenClass ??
    classOf({
      byDevice: input.byDevice,
      mediaType,
      resourceType: about?.resourceType ?? part.judgedAs?.resourceType,
      categories: about?.categories ?? part.judgedAs?.categories ?? [],
      bundleType: facts?.bundleType ?? part.judgedAs?.bundleType,
    });
  return {
    part,
    labels,
    recordClass: part.ownersOnly === true ? 'private' : sealedClass(ordinaryClass, labels),
    ordinaryClass,
    mediaType: input.enteredByPatient === true ? markEnteredByPatient(mediaType) : mediaType,
    name: shortened(facts?.title ?? part.title ?? part.unpacked?.name ?? input.fileName),
  };
}

export function shortened(name: string): string {
  return [...name].slice(0, maxNameLength).join('');
}
