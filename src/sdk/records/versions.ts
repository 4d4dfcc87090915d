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
}

/**
 * What `previous` is worth, once both were opened: `version` when both have one author, or the newer one carries the
 * other whole; `foreign` when somebody else wrote the record that is named: then it is a record of its own, whatever it
 * says. Source: docs/protocol/items.md, rule I-51.
 */
export function linkOf(newer: Versioned, named: Versioned): 'version' | 'foreign' {
  if (newer.previous !== named.recordId || newer.account !== named.account) return 'foreign';
  const isCarried = newer.carries === named.recordId;
  return isCarried || newer.author === named.author ? 'version' : 'foreign';
}

/**
 * The line of versions that a record stands in, newest first: those before it by `previous`, and those after it. Of two
 * that name the same one the later of `records` counts as newer. `records` are in the order of the ledger.
 */
export function lineOf<T extends Versioned>(
  records: readonly T[],
  recordId: RecordId,
): readonly T[] {
  const byId = new Map(records.map((it) => [it.recordId, it]));
  const rootOf = (start: T): T => {
    let at = start;
    for (const seen = new Set<RecordId>(); !seen.has(at.recordId); ) {
      seen.add(at.recordId);
      const named = at.previous === undefined ? undefined : byId.get(at.previous);
      if (named === undefined || linkOf(at, named) === 'foreign') return at;
      at = named;
    }
    return at;
  };
  const asked = byId.get(recordId);
  if (asked === undefined) return [];
  const root = rootOf(asked);
  return records.filter((it) => rootOf(it) === root).toReversed();
}
