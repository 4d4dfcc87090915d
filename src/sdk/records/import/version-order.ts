import type { CutFile, FilePart } from '../fhir-file.ts';
import type { ResourceFacts } from '../resource-facts.ts';
import { identityOf } from './identity.ts';

/** When the source wrote a version, as far as it says so. */
export interface VersionOrder {
  /** ms; undefined: not said, not readable, or later than the import, which no source can know. */
  readonly updatedMs: number | undefined;
  /** A numeric versionId. */
  readonly version: number | undefined;
}

export function orderOf(facts: ResourceFacts | undefined, importedMs: number): VersionOrder {
  const spelled = facts?.lastUpdated;
  const atMs = spelled === undefined ? Number.NaN : Date.parse(spelled);
  const updatedMs = atMs >= 0 && atMs <= importedMs ? atMs : undefined;
  const digits = facts?.versionId ?? '';
  return { updatedMs, version: /^\d{1,15}$/.test(digits) ? Number(digits) : undefined };
}

/** Below 0: `a` is the older one as its source says; 0: the source does not order them. */
export function compareVersions(a: VersionOrder, b: VersionOrder): number {
  if (a.updatedMs !== undefined && b.updatedMs !== undefined && a.updatedMs !== b.updatedMs) {
    return a.updatedMs - b.updatedMs;
  }
  return a.version === undefined || b.version === undefined ? 0 : a.version - b.version;
}

/** The newest of several versions: by their source's order, else the later import. */
export function newestAmong<T extends VersionOrder>(versions: readonly T[]): T | undefined {
  let newest: T | undefined;
  for (const it of versions) {
    if (newest === undefined || compareVersions(it, newest) >= 0) newest = it;
  }
  return newest;
}

/** A history lists the newest version first, unless its versions say otherwise; a version comes after older ones. */
export function inVersionOrder(
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
    else versions.push(part);
  }
  return [...byKey].flatMap(([key, versions]) =>
    key === '' || versions.length === 1 ? versions : sorted(versions, importedMs),
  );
}

function sorted(versions: readonly FilePart[], importedMs: number): readonly FilePart[] {
  return versions
    .map((part) => ({ part, ...orderOf(part.facts, importedMs) }))
    .sort(compareVersions)
    .map(({ part }) => part);
}
