import type { AccountId, RecordId } from '../../primitives/ids.ts';

/** A record that was opened, as far as versions go. */
export interface Versioned {
  readonly recordId: RecordId;
  /** Whose chart. */
  readonly account: AccountId;
  /** Who wrote what is inside: of an item that carries another one, the author of that one. */
  readonly author: AccountId;
  /** The record whose place it takes, as it says itself. */
  readonly previous: RecordId | undefined;
  /** The record of the same chart that it carries whole. */
  readonly carries?: RecordId | undefined;
  /** Of its anchor. */
  readonly height: number;
}

/**
 * What `previous` is worth, once both were opened: `version` when both have one author, or the newer one carries the
 * other whole; `foreign` when somebody else wrote the record that is named: then it is a record of its own, whatever it
 * says. Source: docs/protocol/items.md, rule I-71.
 */
export function linkOf(newer: Versioned, named: Versioned): 'version' | 'foreign' {
  if (newer.previous !== named.recordId || newer.account !== named.account) return 'foreign';
  const isCarried = newer.carries === named.recordId;
  return isCarried || newer.author === named.author ? 'version' : 'foreign';
}

/**
 * The line of versions that a record stands in, newest first: those before it by `previous`, and those after it. The newest is
 * the one that the ledger has last. Of one height the later of `records`.
 */
export function lineOf<T extends Versioned>(
  records: readonly T[],
  recordId: RecordId,
): readonly T[] {
  const byId = new Map(records.map((it) => [it.recordId, it]));
  const places = new Map<RecordId, Place>();
  const asked = byId.get(recordId);
  if (asked === undefined) return [];
  const placed = records.map((it) => ({ it, ...placeOf(it, byId, places) }));
  const { root } = placeOf(asked, byId, places);
  // One anchor may hold several versions: there the steps count.
  return placed
    .filter((at) => at.root === root)
    .sort((a, b) => a.it.height - b.it.height || a.steps - b.steps)
    .map(({ it }) => it)
    .toReversed();
}

/** The first version of the line, and how many steps it lies back. */
interface Place {
  readonly root: RecordId;
  readonly steps: number;
}

/** Without recursion, and each step once: an author may have written thousands. */
function placeOf<T extends Versioned>(
  start: T,
  byId: ReadonlyMap<RecordId, T>,
  places: Map<RecordId, Place>,
): Place {
  const path: T[] = [];
  const onPath = new Set<RecordId>();
  let place: Place | undefined;
  for (let at: T | undefined = start; at !== undefined && place === undefined; ) {
    path.push(at);
    onPath.add(at.recordId);
    const named: T | undefined = at.previous === undefined ? undefined : byId.get(at.previous);
    const isEnd =
      named === undefined || linkOf(at, named) === 'foreign' || onPath.has(named.recordId);
    place = places.get(at.recordId) ?? (isEnd ? { root: at.recordId, steps: 0 } : undefined);
    at = named;
  }
  let found: Place = place ?? { root: start.recordId, steps: 0 };
  for (const [back, it] of path.toReversed().entries()) {
    if (back > 0) found = { root: found.root, steps: found.steps + 1 };
    places.set(it.recordId, found);
  }
  return found;
}
