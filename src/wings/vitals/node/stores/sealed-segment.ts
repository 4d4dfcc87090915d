import { concatBytes, u32be } from '../../../../primitives/bytes.ts';
import { CodedError } from '../../../../primitives/errors.ts';
import { packColumns, unpackColumns } from './page-columns.ts';
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
const widths = [idBytes, idBytes, 4, 4, 4, 8] as const;
/** Of one page. */
export const headBytes = 52;

/** Columns: page, pseudonym, hour, readings, envelope, when it came. */
export const headsOf = (pages: readonly SealedPage[]): Uint8Array =>
  concatBytes(
    ...pages.map(({ names }) => sized(names.page)),
    ...pages.map(({ names }) => sized(names.pseudonym)),
    ...pages.map(({ names }) => u32be(names.startHour)),
    ...pages.map(({ names }) => u32be(names.n)),
    ...pages.map(({ envelope }) => u32be(envelope)),
    ...pages.map(({ atMs }) =>
      concatBytes(u32be(Math.floor(atMs / 2 ** 32)), u32be(atMs % 2 ** 32)),
    ),
  );

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
  const rows = countOf(heads);
  const view = new DataView(heads.buffer, heads.byteOffset, heads.length);
  const starts = widths.map((_, column) => {
    const before = widths.slice(0, column).reduce((sum, it) => sum + it, 0);
    return before * rows + (widths[column] ?? 0) * at;
  });
  const [page = 0, pseudonym = 0, hour = 0, n = 0, envelope = 0, came = 0] = starts;
  return {
    page: heads.slice(page, page + idBytes),
    pseudonym: heads.slice(pseudonym, pseudonym + idBytes),
    ...{ startHour: view.getUint32(hour), n: view.getUint32(n) },
    envelope: view.getUint32(envelope),
    atMs: view.getUint32(came) * 2 ** 32 + view.getUint32(came + 4),
  };
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
