import { CodedError } from '../../../../primitives/errors.ts';
import { packColumns, unpackColumn, unpackColumns } from './page-columns.ts';
import type { PageNames, StoredShare } from './page-store.ts';

/** A page as it stands in a sealed row, beside what is the same for all of that row. */
export interface SealedPage {
  readonly names: PageNames;
  readonly kept: StoredShare;
  /** The number of its recovery envelope; 0: it has none. */
  readonly envelope: number;
  /** When it came, of this server's clock. */
  readonly atMs: number;
}

/** What is looked for, of one page. */
export interface SealedHead {
  readonly page: Uint8Array;
  readonly pseudonym: Uint8Array;
  readonly startHour: number;
  readonly n: number;
  readonly envelope: number;
  readonly atMs: number;
}

/** Pages of one row at most: to read one of them all of its row is hashed. */
export const pagesOfSegment = 64;
export const idBytes = 16;
/** Of one page. */
export const headBytes = 52;

/** Columns: page, pseudonym, hour, readings, envelope, when it came. */
export function headsOf(pages: readonly SealedPage[]): Uint8Array {
  const heads = new Uint8Array(headBytes * pages.length);
  const view = new DataView(heads.buffer);
  const starts = startsOf(pages.length);
  for (const [at, { names, envelope, atMs }] of pages.entries()) {
    heads.set(sized(names.page), starts.page + idBytes * at);
    heads.set(sized(names.pseudonym), starts.pseudonym + idBytes * at);
    view.setUint32(starts.hour + 4 * at, names.startHour);
    view.setUint32(starts.n + 4 * at, names.n);
    view.setUint32(starts.envelope + 4 * at, envelope);
    view.setUint32(starts.came + 8 * at, Math.floor(atMs / 2 ** 32));
    view.setUint32(starts.came + 8 * at + 4, atMs % 2 ** 32);
  }
  return heads;
}

/** Where the columns of so many pages begin. */
const startsOf = (rows: number) => ({
  ...{ page: 0, pseudonym: 16 * rows, hour: 32 * rows, n: 36 * rows, envelope: 40 * rows },
  came: 44 * rows,
});

function sized(id: Uint8Array): Uint8Array {
  if (id.length !== idBytes) throw new CodedError('HOME_INVALID', { column: 'page' });
  return id;
}

/** Throws HOME_INVALID. */
export function countOf(heads: Uint8Array): number {
  if (heads.length % headBytes !== 0) throw new CodedError('HOME_INVALID', { column: 'heads' });
  return heads.length / headBytes;
}

export function headAt(heads: Uint8Array, at: number): SealedHead {
  const starts = startsOf(countOf(heads));
  const view = new DataView(heads.buffer, heads.byteOffset, heads.length);
  const [page, pseudonym] = [starts.page + idBytes * at, starts.pseudonym + idBytes * at];
  const came = starts.came + 8 * at;
  return {
    page: heads.slice(page, page + idBytes),
    pseudonym: heads.slice(pseudonym, pseudonym + idBytes),
    ...{ startHour: view.getUint32(starts.hour + 4 * at), n: view.getUint32(starts.n + 4 * at) },
    envelope: view.getUint32(starts.envelope + 4 * at),
    atMs: view.getUint32(came) * 2 ** 32 + view.getUint32(came + 4),
  };
}

/** Of the pages of these heads the numbers of their envelopes, each once. Throws HOME_INVALID. */
export function envelopesIn(heads: Uint8Array): readonly number[] {
  const rows = countOf(heads);
  const view = new DataView(heads.buffer, heads.byteOffset, heads.length);
  const { envelope } = startsOf(rows);
  const found = new Set<number>();
  for (let at = 0; at < rows; at++) found.add(view.getUint32(envelope + 4 * at));
  return [...found];
}

/** Ids that stand one after the other, each in hex. */
export function idNames(ids: Uint8Array): readonly string[] {
  // All of them at once: a text of each costs ten times as much.
  const hex = Buffer.from(ids.buffer, ids.byteOffset, ids.length).toString('hex');
  return Array.from({ length: ids.length / idBytes }, (_, at) =>
    hex.slice(2 * idBytes * at, 2 * idBytes * (at + 1)),
  );
}

export const headsIn = (heads: Uint8Array): readonly SealedHead[] =>
  Array.from({ length: countOf(heads) }, (_, at) => headAt(heads, at));

/** What of a page's names is in no head. */
export type NamesBeside = Pick<
  PageNames,
  'manifestHash' | 'manifest' | 'signature' | 'sensor' | 'leaf'
>;

const nameColumns = ['manifestHash', 'manifest', 'signature', 'sensor', 'leaf'] as const;
const shareColumns = ['roll', 'histogram', 'clinical', 'salt'] as const;

export const namesBytes = (pages: readonly SealedPage[]): Uint8Array =>
  packColumns(nameColumns.map((it) => pages.map(({ names }) => names[it])));

/** Throws HOME_INVALID. */
export function namesIn(bytes: Uint8Array, rows: number): readonly NamesBeside[] {
  const columns = unpackColumns(bytes, { columns: nameColumns.length, rows });
  return Array.from({ length: rows }, (_, at) => {
    const [manifestHash, manifest, signature, sensor, leaf] = columns.map((it) => it[at] ?? none);
    return {
      ...{ manifestHash: manifestHash ?? none, manifest: manifest ?? none },
      ...{ signature: signature ?? none, sensor: sensor ?? none, leaf: leaf ?? none },
    };
  });
}

/** The leaves alone. Throws HOME_INVALID. */
export const leavesIn = (bytes: Uint8Array, rows: number): readonly Uint8Array[] =>
  unpackColumn(bytes, { columns: nameColumns.length, rows, column: nameColumns.indexOf('leaf') });

export const sharesBytes = (shares: readonly StoredShare[]): Uint8Array =>
  packColumns(shareColumns.map((it) => shares.map((share) => share[it])));

/** Throws HOME_INVALID. */
export function sharesIn(bytes: Uint8Array, rows: number): readonly StoredShare[] {
  const columns = unpackColumns(bytes, { columns: shareColumns.length, rows });
  return Array.from({ length: rows }, (_, at) => {
    const [roll, histogram, clinical, salt] = columns.map((it) => it[at] ?? none);
    return {
      ...{ roll: roll ?? none, histogram: histogram ?? none },
      ...{ clinical: clinical ?? none, salt: salt ?? none },
    };
  });
}

const none: Uint8Array = new Uint8Array(0);
