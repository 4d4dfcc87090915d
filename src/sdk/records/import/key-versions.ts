import type { RecordId } from '../../../primitives/ids.ts';
import { areOrdered, type KnownItem, lineName, type Version } from './known-items.ts';
import { compareVersions, newestAmong, type VersionOrder } from './version-order.ts';

/**
 * The versions under one key: those of the chart and those that this file brought. A file may hold 50,000 of one
 * record, so nothing here looks at all that the file brought.
 */
export class KeyVersions {
  /** By their source's order, else the later import. */
  newest: KnownItem | undefined;
  /** By the hash of the bytes and by that as JSON, which has another length; the first that has it. */
  readonly #equal = new Map<string, KnownItem>();
  readonly #lines = new Map<string, Line>();

  constructor(known: readonly KnownItem[]) {
    for (const it of known) this.#take(it).known.push(it);
  }

  /** The version of the same bytes, else of the same JSON. */
  equalTo({ contentHash, jsonHash }: Version): KnownItem | undefined {
    return this.#equal.get(contentHash) ?? this.#equal.get(jsonHash);
  }

  add(item: KnownItem): void {
    const line = this.#take(item);
    const { brought } = line;
    if (brought === undefined || compareVersions(item, brought) >= 0) line.brought = item;
  }

  /** A newer version names the newest before it. An older one cannot stand between what is sealed already: it names none. */
  placeOf(version: Version): {
    readonly previous: RecordId | undefined;
    readonly isOlder: boolean;
  } {
    const line = this.#lines.get(lineName(version));
    if (line === undefined) return { previous: undefined, isOlder: false };
    if (line.latest.isAfter(version)) return { previous: undefined, isOlder: true };
    if (version.isAddress) return { previous: this.newest?.recordId, isOlder: false };
    // Without an address: those of this file, and of other imports those that the source itself orders.
    const before = [...line.known.filter((it) => areOrdered(it, version)), line.brought];
    const previous = newestAmong(before.filter((it) => it !== undefined))?.recordId;
    return { previous, isOlder: false };
  }

  #take(item: KnownItem): Line {
    const { contentHash, jsonHash } = item;
    for (const hash of [contentHash, jsonHash]) {
      if (!this.#equal.has(hash)) this.#equal.set(hash, item);
    }
    if (this.newest === undefined || compareVersions(item, this.newest) >= 0) this.newest = item;
    const name = lineName(item);
    const line = this.#lines.get(name) ?? { known: [], brought: undefined, latest: new Latest() };
    this.#lines.set(name, line);
    line.latest.add(item);
    return line;
  }
}

/** Versions of one record under one key. */
interface Line {
  readonly known: KnownItem[];
  /** The newest that this file brought. */
  brought: KnownItem | undefined;
  readonly latest: Latest;
}

/** The latest of many orders, to tell whether any of them comes after another one. */
class Latest {
  #updatedMs = Number.NEGATIVE_INFINITY;
  #version = Number.NEGATIVE_INFINITY;
  /** The highest versionId of those that were written at this moment, or at none. */
  readonly #versions = new Map<number | undefined, number>();

  add({ updatedMs, version = Number.NEGATIVE_INFINITY }: VersionOrder): void {
    if (updatedMs !== undefined) this.#updatedMs = Math.max(this.#updatedMs, updatedMs);
    this.#version = Math.max(this.#version, version);
    this.#versions.set(updatedMs, Math.max(this.#highest(updatedMs), version));
  }

  /** As `compareVersions` says of each: by the moments where both have one, else by the versionIds. */
  isAfter({ updatedMs, version }: VersionOrder): boolean {
    if (updatedMs !== undefined && this.#updatedMs > updatedMs) return true;
    if (version === undefined) return false;
    if (updatedMs === undefined) return this.#version > version;
    return Math.max(this.#highest(updatedMs), this.#highest(undefined)) > version;
  }

  #highest(updatedMs: number | undefined): number {
    return this.#versions.get(updatedMs) ?? Number.NEGATIVE_INFINITY;
  }
}
