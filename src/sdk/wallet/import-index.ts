import { sha256 } from '../../crypto/hash.ts';
import { bytesToHex, concatBytes, equalBytes, hexToBytes, utf8 } from '../../primitives/bytes.ts';
import { idBytes, type RecordId, recordIdOf } from '../../primitives/ids.ts';
import { areVersions, type KnownItem, type KnownItems } from '../records/import/known-items.ts';
import { compareVersions } from '../records/import/version-order.ts';
import type { HeldImport } from './content.ts';

const nameBytes = 16;
const idEnd = 32;
const hashEnd = 64;
const jsonEnd = 80;
const aboutEnd = 96;
const versionAt = 104;
const kindAt = 112;
const addressAt = 113;
const entryBytes = 128;
/** Before the entries; what begins otherwise was made by an earlier version, and is made again. */
const format = 2;
const kinds = { item: 0, patient: 1, withdrawn: 2 } as const;
/** In place of a time or version that the source does not say. */
const unsaid = 0xffff_ffff_ffff_ffffn;

/**
 * One import's items as the wallet keeps them (wallet/content.ts), 128 bytes each: SHA-256(key)[0..16] ‖ record id 16 ‖
 * SHA-256 of the bytes 32 ‖ hash as JSON 16 ‖ what it is about 16 ‖ lastUpdated in ms u64be ‖ versionId u64be ‖ kind ‖
 * 1 where the key is an address ‖ zeros.
 */
export function encodeIndex(
  items: readonly KnownItem[],
  withdrawn: readonly KnownItem[] = [],
): Uint8Array {
  const entries = [
    ...items.map((it) => entryOf(it, it.isPatient ? kinds.patient : kinds.item)),
    ...withdrawn.map((it) => entryOf(it, kinds.withdrawn)),
  ];
  return concatBytes(Uint8Array.of(format), ...entries);
}

/** Whether an index can be read by this version. */
export const isIndex = (index: Uint8Array): boolean =>
  index[0] === format && index.length % entryBytes === 1;

function entryOf(item: KnownItem, kind: number): Uint8Array {
  const entry = new Uint8Array(entryBytes);
  entry.set(nameOf(item.key));
  entry.set(idBytes(item.recordId), nameBytes);
  entry.set(hexToBytes(item.contentHash) ?? new Uint8Array(32), idEnd);
  entry.set(hexToBytes(item.jsonHash) ?? new Uint8Array(16), hashEnd);
  entry.set(hexToBytes(item.about) ?? new Uint8Array(16), jsonEnd);
  const view = new DataView(entry.buffer);
  view.setBigUint64(aboutEnd, item.updatedMs === undefined ? unsaid : BigInt(item.updatedMs));
  view.setBigUint64(versionAt, item.version === undefined ? unsaid : BigInt(item.version));
  entry[kindAt] = kind;
  entry[addressAt] = item.isAddress ? 1 : 0;
  return entry;
}

const nameOf = (key: string): Uint8Array => sha256(utf8(key)).subarray(0, nameBytes);

/** A map's key out of bytes, one character each. */
const text = (...parts: readonly Uint8Array[]): string =>
  parts.map((part) => String.fromCharCode(...part)).join('');

/** Where an entry stands: it becomes an object when somebody asks for it. */
interface Entry {
  readonly index: Uint8Array;
  readonly at: number;
}

/** Entries of one key by the hash of their bytes, the earliest import first: a source may list thousands of versions. */
type Contents = Map<string, Entry>;

/** What one key has, read once; `line` where all of it are versions of one record. */
interface Line {
  readonly byId: ReadonlyMap<RecordId, KnownItem>;
  readonly line: readonly RecordId[] | undefined;
}

/**
 * What the account has, as the planner of an import asks for it. Later imports come later; what was erased
 * counts as never imported, and so does a file of which an item was erased.
 *
 * Kept between imports, so that the hundredth reads its own entries alone: only an erasure, or an import that
 * another device made earlier, makes it read all of them again.
 */
export class ImportIndex implements KnownItems {
  #taken: readonly HeldImport[] = [];
  #erased: readonly RecordId[] = [];
  #versions = new Map<string, Contents>();
  #gone = new Map<string, Contents>();
  #patients = new Set<string>();
  #withdrawn = new Set<RecordId>();
  #doubles = new Map<RecordId, RecordId>();
  #byFile = new Map<string, RecordId>();
  #names = new Map<RecordId, string>();
  readonly #lines = new Map<string, Line>();

  /** `imports` and `erased` as the wallet has them now. */
  update(imports: readonly HeldImport[], erased: readonly RecordId[]): this {
    const anchored = imports
      .filter((it) => it.anchored)
      .toSorted((a, b) => a.importedMs - b.importedMs);
    const goesOn =
      erased.length === this.#erased.length &&
      this.#taken.every((taken, i) => isSame(taken, anchored[i]));
    if (!goesOn) {
      for (const it of [this.#versions, this.#gone, this.#doubles, this.#byFile]) it.clear();
      for (const it of [this.#patients, this.#withdrawn, this.#names]) it.clear();
    }
    const gone = new Set<string>(erased);
    const news = anchored.slice(goesOn ? this.#taken.length : 0);
    if (!goesOn || news.length > 0) this.#lines.clear();
    for (const held of news) this.#take(held, gone);
    this.#taken = anchored;
    this.#erased = erased;
    return this;
  }

  versionsOf(key: string): readonly KnownItem[] {
    return knownIn(this.#versions.get(text(nameOf(key))), key);
  }

  erasedOf(key: string): readonly KnownItem[] {
    return knownIn(this.#gone.get(text(nameOf(key))), key);
  }

  patients(): readonly string[] {
    return [...this.#patients];
  }

  /** What the source of an import said that it deleted. */
  isWithdrawn(recordId: RecordId): boolean {
    return this.#withdrawn.has(recordId);
  }

  /** The record that this one is a second copy of: two devices imported one file at the same time. */
  doubleOf(recordId: RecordId): RecordId | undefined {
    return this.#doubles.get(recordId);
  }

  /** All known versions of the record that `recordId` is one of, the newest first, by their source's order. */
  lineOf(recordId: RecordId): readonly RecordId[] {
    const name = this.#names.get(recordId) ?? '';
    const { byId, line } = this.#lineOfName(name);
    const own = byId.get(recordId);
    if (own === undefined) return [];
    return line ?? lineIn([...byId.values()].filter((it) => areVersions(it, own)));
  }

  #lineOfName(name: string): Line {
    const held = this.#lines.get(name);
    if (held !== undefined) return held;
    const versions = knownIn(this.#versions.get(name), '');
    const byId = new Map(versions.map((it) => [it.recordId, it]));
    const line = versions.every((it) => it.isAddress) ? lineIn(versions) : undefined;
    this.#lines.set(name, { byId, line });
    return { byId, line };
  }

  importOf(fileHash: string): RecordId | undefined {
    return this.#byFile.get(fileHash);
  }

  #take(held: HeldImport, gone: ReadonlySet<string>): void {
    const { index } = held;
    let isWhole = !gone.has(held.skeleton) && isIndex(index);
    for (let at = 1; isIndex(index) && at < index.length; at += entryBytes) {
      const recordId = idIn({ index, at });
      const name = text(index.subarray(at, at + nameBytes));
      const kind = index[at + kindAt];
      if (kind === kinds.withdrawn) {
        this.#withdrawn.add(recordId);
        continue;
      }
      const isGone = gone.has(recordId);
      if (isGone) isWhole = false;
      else this.#names.set(recordId, name);
      this.#put(isGone ? this.#gone : this.#versions, name, { index, at });
      if (kind === kinds.patient && !isGone) {
        this.#patients.add(bytesToHex(index.subarray(at + jsonEnd, at + aboutEnd)));
      }
    }
    if (isWhole) this.#byFile.set(bytesToHex(held.sha256), held.skeleton);
  }

  #put(map: Map<string, Contents>, name: string, entry: Entry): void {
    const { index, at } = entry;
    const contents: Contents = map.get(name) ?? new Map();
    map.set(name, contents);
    const content = text(index.subarray(at + idEnd, at + hashEnd));
    const same = contents.get(content);
    if (same === undefined) {
      contents.set(content, entry);
      return;
    }
    const [mine, before] = [idIn(entry), idIn(same)];
    if (before !== mine) this.#doubles.set(mine, before);
  }
}

const knownIn = (contents: Contents | undefined, key: string): readonly KnownItem[] =>
  [...(contents?.values() ?? [])].map((entry) => known(key, entry));

/** The newest first, by their source's order; what it does not order stays as it was imported. */
function lineIn(versions: readonly KnownItem[]): readonly RecordId[] {
  const line = versions.toSorted(compareVersions);
  return line.map((it) => it.recordId).reverse();
}

const idIn = ({ index, at }: Entry): RecordId =>
  recordIdOf(index.subarray(at + nameBytes, at + idEnd));

/** Another device may have made an index again, with the same entries; what is filed anew has another id in it. */
function isSame(taken: HeldImport, now: HeldImport | undefined): boolean {
  if (now?.skeleton !== taken.skeleton) return false;
  return now.index === taken.index || equalBytes(now.index, taken.index);
}

function known(key: string, entry: Entry): KnownItem {
  const { index, at } = entry;
  const hex = (from: number, to: number) => bytesToHex(index.subarray(at + from, at + to));
  const view = new DataView(index.buffer, index.byteOffset + at, entryBytes);
  const number = (from: number) => {
    const value = view.getBigUint64(from);
    return value === unsaid ? undefined : Number(value);
  };
  return {
    key,
    recordId: idIn(entry),
    contentHash: hex(idEnd, hashEnd),
    jsonHash: hex(hashEnd, jsonEnd),
    about: hex(jsonEnd, aboutEnd),
    updatedMs: number(aboutEnd),
    version: number(versionAt),
    isPatient: index[at + kindAt] === kinds.patient,
    isAddress: index[at + addressAt] === 1,
  };
}

/** An index in which records have other ids; those for which `again` has none are left out. Of an earlier version: as it is. */
export function withIdsAgain(
  index: Uint8Array,
  again: (recordId: RecordId) => RecordId | undefined,
): Uint8Array {
  if (!isIndex(index)) return index;
  const entries: Uint8Array[] = [Uint8Array.of(format)];
  for (let at = 1; at < index.length; at += entryBytes) {
    const now = again(idIn({ index, at }));
    if (now === undefined) continue;
    const entry = index.slice(at, at + entryBytes);
    entry.set(idBytes(now), nameBytes);
    entries.push(entry);
  }
  return concatBytes(...entries);
}
