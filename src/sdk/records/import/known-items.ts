import { sha256 } from '../../../crypto/hash.ts';
import { bytesToHex } from '../../../primitives/bytes.ts';
import type { RecordId } from '../../../primitives/ids.ts';
import type { FilePart } from '../fhir-file.ts';
import { aboutOf, identityOf } from './identity.ts';
import { jsonHash } from './json-hash.ts';
import { compareVersions, orderOf, type VersionOrder } from './version-order.ts';

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

/** A version that has no record yet. */
export type Version = Omit<KnownItem, 'recordId'>;

/** What the index of imports keeps of a part of a file. */
export function versionOf({ facts }: FilePart, bytes: Uint8Array, importedMs: number): Version {
  const contentHash = bytesToHex(sha256(bytes));
  const { key, reach } = identityOf(facts, contentHash);
  return {
    key,
    isAddress: reach === 'address',
    contentHash,
    jsonHash: bytesToHex(jsonHash(bytes, facts !== undefined)),
    about: bytesToHex(aboutOf(facts)),
    isPatient: facts?.resourceType === 'Patient',
    ...orderOf(facts, importedMs),
  };
}

export const areOrdered = (a: VersionOrder, b: VersionOrder): boolean =>
  compareVersions(a, b) !== 0;

/** Whether two items under one key are versions of one record. */
export const areVersions = (a: KnownItem, b: KnownItem): boolean =>
  a.isAddress || a.recordId === b.recordId || (lineName(a) === lineName(b) && areOrdered(a, b));

/** Equal for what may be versions of one record under one key: subject and code; of a Patient the birth date: names change. */
export function lineName({ about, isAddress, isPatient }: Version): string {
  if (isAddress) return '';
  return isPatient ? about.slice(16) : about;
}
