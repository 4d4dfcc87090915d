import { sha256 } from '../../crypto/hash.ts';
import { bytesToHex, concatBytes, hexToBytes, utf8 } from '../../primitives/bytes.ts';
import { idBytes, type RecordId, recordIdOf } from '../../primitives/ids.ts';
import type { KnownItem, KnownItems } from '../records/import-plan.ts';
import type { HeldImport } from './content.ts';

const nameBytes = 16;
const idEnd = 32;
const entryBytes = 64;

/** One import's items as the wallet keeps them: 64 bytes each (wallet/content.ts). */
export function encodeIndex(items: readonly KnownItem[]): Uint8Array {
  return concatBytes(
    ...items.flatMap(({ key, recordId, contentHash }) => [
      nameOf(key),
      idBytes(recordId),
      hexToBytes(contentHash) ?? new Uint8Array(32),
    ]),
  );
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
  #newest = new Map<string, Entry>();
  #versions = new Map<string, Entry>();
  #byFile = new Map<string, RecordId>();

  /** `imports` and `erased` as the wallet has them now. */
  update(imports: readonly HeldImport[], erased: readonly RecordId[]): this {
    const anchored = imports
      .filter((it) => it.anchored)
      .toSorted((a, b) => a.importedMs - b.importedMs);
    const goesOn =
      erased.length === this.#erased.length &&
      this.#taken.every((taken, i) => isSame(taken, anchored[i]));
    if (!goesOn) {
      this.#newest.clear();
      this.#versions.clear();
      this.#byFile.clear();
    }
    const gone = new Set<string>(erased);
    for (const held of anchored.slice(goesOn ? this.#taken.length : 0)) this.#take(held, gone);
    this.#taken = anchored;
    this.#erased = erased;
    return this;
  }

  newestOf(key: string): KnownItem | undefined {
    return known(key, this.#newest.get(text(nameOf(key))));
  }

  versionOf(key: string, contentHash: string): KnownItem | undefined {
    const content = hexToBytes(contentHash) ?? new Uint8Array(0);
    return known(key, this.#versions.get(text(nameOf(key), content)));
  }

  importOf(fileHash: string): RecordId | undefined {
    return this.#byFile.get(fileHash);
  }

  #take(held: HeldImport, gone: ReadonlySet<string>): void {
    const { index } = held;
    let isWhole = !gone.has(held.skeleton);
    for (let at = 0; at + entryBytes <= index.length; at += entryBytes) {
      if (gone.size > 0 && gone.has(recordIdOf(index.subarray(at + nameBytes, at + idEnd)))) {
        isWhole = false;
        continue;
      }
      const entry = { index, at };
      const name = index.subarray(at, at + nameBytes);
      this.#newest.set(text(name), entry);
      this.#versions.set(text(name, index.subarray(at + idEnd, at + entryBytes)), entry);
    }
    if (isWhole) this.#byFile.set(bytesToHex(held.sha256), held.skeleton);
  }
}

/** An index is written once; another device may have made it again, with the same entries. */
function isSame(taken: HeldImport, now: HeldImport | undefined): boolean {
  return now?.skeleton === taken.skeleton && now.index.length === taken.index.length;
}

function known(key: string, entry: Entry | undefined): KnownItem | undefined {
  if (entry === undefined) return undefined;
  const { index, at } = entry;
  return {
    key,
    recordId: recordIdOf(index.subarray(at + nameBytes, at + idEnd)),
    contentHash: bytesToHex(index.subarray(at + idEnd, at + entryBytes)),
  };
}

/** An index in which records have other ids; those for which `again` has none are left out. */
export function withIdsAgain(
  index: Uint8Array,
  again: (recordId: RecordId) => RecordId | undefined,
): Uint8Array {
  const entries: Uint8Array[] = [];
  for (let at = 0; at + entryBytes <= index.length; at += entryBytes) {
    const now = again(recordIdOf(index.subarray(at + nameBytes, at + idEnd)));
    if (now === undefined) continue;
    const [name, hash] = [
      index.subarray(at, at + nameBytes),
      index.subarray(at + idEnd, at + entryBytes),
    ];
    entries.push(name, idBytes(now), hash);
  }
  return concatBytes(...entries);
}
