import { bytesToHex, compareBytes } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import {
  bytes,
  checked,
  decodeAs,
  encodeAs,
  flag,
  list,
  type Of,
  parsed,
  type Shape,
  struct,
} from '../../primitives/shape.ts';

/**
 * Drawers: where a part of the SDK that the wallet does not know keeps what a person must not lose. Each is a
 * set of entries by a key, as bytes. A device on which that part is missing cannot read them, and still keeps,
 * copies and merges them: an entry is never lost because one of a person's devices is older.
 *
 * Source: docs/protocol/wallet.md, rules W-16 and W-17.
 */

/**
 * One drawer, as the part that owns it declares it.
 *
 * Of two values for one key the larger bytes stay, whoever wrote them and when. An entry that changes therefore
 * begins with a number that grows (a time, a count): in the one encoding of a list the larger number has the
 * larger bytes, so the newer entry wins on every device.
 */
export interface Drawer<Entry> {
  /** The part that owns it, `alerts`; with a second word where it keeps several, `alerts/rules`. */
  readonly wing: string;
  /** One entry, in both directions. */
  readonly entry: Shape<Entry>;
  /** What makes two entries the same one: 1 to 64 bytes. */
  readonly key: (entry: Entry) => Uint8Array;
}

/**
 * What is written. Two devices apart may each fill a drawer, and merging must not lose what either wrote: so
 * sixteen times as many entries are read as are written, while the bounds of one entry are the same for both.
 */
export const drawerLimits = {
  keyBytes: 64,
  valueBytes: 8 * 1024,
  entries: 1024,
  /** Keys and values of one drawer. */
  bytes: 256 * 1024,
  /** Of all drawers together: half of what a copy of the wallet may have at a hospital. */
  totalBytes: 2 * 1024 * 1024,
  /** Read only. */
  mergedEntries: 16 * 1024,
  drawers: 64,
} as const;

const upTo = (most: number, least = 0): Shape<Uint8Array> =>
  checked(bytes(), ({ length }, field) => {
    if (length < least || length > most) throw new CodedError('CBOR_SHAPE', { field });
  });

const wingName = parsed((name) => {
  if (typeof name === 'string' && /^[a-z][a-z0-9-]{0,31}(\/[a-z0-9-]{1,31})?$/.test(name)) {
    return name;
  }
  throw new CodedError('CBOR_SHAPE', { field: 'wing' });
});

const keptEntry = struct({
  key: upTo(drawerLimits.keyBytes, 1),
  value: upTo(drawerLimits.valueBytes),
  ended: flag,
});
const keptDrawer = struct({
  wing: wingName,
  entries: rising(list(keptEntry, { most: drawerLimits.mergedEntries }), (a, b) =>
    compareBytes(a.key, b.key),
  ),
});

/** The last field of a wallet: `[[wing, [[key, value, ended]...]]...]`, rising by wing and by key. */
export const keptDrawers = rising(list(keptDrawer, { most: drawerLimits.drawers }), byWing);

/** One entry as bytes. */
export type KeptEntry = Of<typeof keptEntry>;
/** One drawer as the wallet keeps it, known here or not. */
export type KeptDrawer = Of<typeof keptDrawer>;

/** A wallet, as far as drawers are concerned. */
export interface HasDrawers {
  readonly drawers: readonly KeptDrawer[];
}

/** One order and no entry twice, so that a set has one encoding. */
function rising<T>(
  shape: Shape<readonly T[]>,
  compare: (a: T, b: T) => number,
): Shape<readonly T[]> {
  return checked(shape, (entries, field) => {
    for (const [at, entry] of entries.entries()) {
      const before = entries[at - 1];
      if (before !== undefined && compare(before, entry) >= 0) {
        throw new CodedError('CBOR_SHAPE', { field });
      }
    }
  });
}

function byWing(a: { readonly wing: string }, b: { readonly wing: string }): number {
  return a.wing < b.wing ? -1 : a.wing > b.wing ? 1 : 0;
}

/**
 * What lives in a drawer. Entries that this version cannot read, for a newer one wrote them, are left out here
 * and stay where they are (`notUnderstoodIn` counts them).
 */
export function entriesOf<Entry>(content: HasDrawers, drawer: Drawer<Entry>): readonly Entry[] {
  return entriesIn(content, drawer).flatMap((it) => readEntry(drawer, it) ?? []);
}

/** How many living entries this version keeps and cannot read. */
export function notUnderstoodIn<Entry>(content: HasDrawers, drawer: Drawer<Entry>): number {
  const living = entriesIn(content, drawer);
  return living.filter((it) => readEntry(drawer, it) === undefined).length;
}

function entriesIn<Entry>(content: HasDrawers, { wing }: Drawer<Entry>): readonly KeptEntry[] {
  const found = content.drawers.find((it) => it.wing === wing);
  return found?.entries.filter((it) => !it.ended) ?? [];
}

/** In an array, so that an entry may be anything. */
function readEntry<Entry>(drawer: Drawer<Entry>, { value }: KeptEntry): [Entry] | undefined {
  try {
    return [decodeAs(drawer.entry, value, drawer.wing)];
  } catch (error) {
    if (!isCoded(error)) throw error;
    return undefined;
  }
}

/**
 * The content with one entry more, or with a newer value under its key (as merging has it: the larger bytes
 * stay, and what was ended stays ended). Throws DRAWER_FULL.
 */
export function withEntry<Content extends HasDrawers, Entry>(
  content: Content,
  drawer: Drawer<Entry>,
  entry: Entry,
): Content {
  const kept = { key: drawer.key(entry), value: encodeAs(drawer.entry, entry), ended: false };
  if (kept.key.length === 0 || kept.key.length > drawerLimits.keyBytes) {
    throw new CodedError('INTERNAL', { wing: drawer.wing, keyBytes: kept.key.length });
  }
  return withKept(content, drawer.wing, kept);
}

/**
 * The content in which the entry under this key has ended, for good and on every device. Nothing changes where
 * there is none.
 */
export function withEnded<Content extends HasDrawers, Entry>(
  content: Content,
  drawer: Drawer<Entry>,
  key: Uint8Array,
): Content {
  const held = entriesIn(content, drawer).find((it) => compareBytes(it.key, key) === 0);
  return held === undefined ? content : withKept(content, drawer.wing, { ...held, ended: true });
}

function withKept<Content extends HasDrawers>(
  content: Content,
  wing: string,
  kept: KeptEntry,
): Content {
  const drawers = mergeDrawers(content.drawers, [{ wing, entries: [kept] }]);
  const before = sizeOf(content.drawers, wing);
  const after = sizeOf(drawers, wing);
  const { entries, bytes, valueBytes, totalBytes } = drawerLimits;
  const total = (all: readonly KeptDrawer[]) =>
    all.reduce((sum, it) => sum + sizeOf(all, it.wing).bytes, 0);
  // What is there may still change and end in a drawer that merging made larger than one device may.
  const isFull =
    kept.value.length > valueBytes ||
    (after.entries > entries && after.entries > before.entries) ||
    (after.bytes > bytes && after.bytes > before.bytes) ||
    (after.bytes > before.bytes && total(drawers) > totalBytes);
  if (isFull) throw new CodedError('DRAWER_FULL', { wing, ...after });
  return { ...content, drawers };
}

function sizeOf(
  drawers: readonly KeptDrawer[],
  wing: string,
): { readonly entries: number; readonly bytes: number } {
  const entries = drawers.find((it) => it.wing === wing)?.entries ?? [];
  const bytes = entries.reduce((sum, it) => sum + it.key.length + it.value.length, 0);
  return { entries: entries.length, bytes };
}

/**
 * The drawers of two devices: all of both, by wing and key. The same from either side, in any order and any
 * number of times; no part needs to be known here.
 */
export function mergeDrawers(
  mine: readonly KeptDrawer[],
  theirs: readonly KeptDrawer[],
): readonly KeptDrawer[] {
  const wings = new Map<string, Map<string, KeptEntry>>();
  for (const { wing, entries } of [...mine, ...theirs]) {
    const joined = wings.get(wing) ?? new Map<string, KeptEntry>();
    wings.set(wing, joined);
    for (const entry of entries) {
      const key = bytesToHex(entry.key);
      const held = joined.get(key);
      joined.set(key, joinEntries(held ?? entry, entry));
    }
  }
  return [...wings]
    .map(([wing, joined]) => ({
      wing,
      entries: [...joined.values()].sort((a, b) => compareBytes(a.key, b.key)),
    }))
    .sort(byWing);
}

/** What has ended says nothing any more: its secrets go, and the room they took. */
function joinEntries(a: KeptEntry, b: KeptEntry): KeptEntry {
  if (a.ended || b.ended) return { key: a.key, value: new Uint8Array(0), ended: true };
  const { value } = compareBytes(a.value, b.value) >= 0 ? a : b;
  return { key: a.key, value, ended: false };
}
