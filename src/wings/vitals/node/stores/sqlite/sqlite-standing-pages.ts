import { equalBytes } from '../../../../../primitives/bytes.ts';
import { bytesIn, type Row, readable } from '../page-rows.ts';
import type { StandingPage, StoredPage, StoredShare } from '../page-store.ts';
import { countOf, sharesIn } from '../sealed-segment.ts';
import { sealedPlacesOf, unsealedPlacesOf } from './sqlite-many-pages.ts';
import { isNamed } from './sqlite-page-looks.ts';
import type { PagesDb } from './sqlite-pages-db.ts';
import { namesOfSegment } from './sqlite-sealed-pages.ts';
import type { SqliteUnsealedPages } from './sqlite-unsealed-pages.ts';

/** What stands of one sealed row; missing: that part cannot be read, or was not written by this server. */
interface StandingRow {
  readonly names?: readonly StoredPage[];
  /** As they stand, which binds them to nothing yet. */
  readonly shares?: readonly StoredShare[];
}

const bound = 'number, trio, panel, day, batch, first, last, heads, names_hash, shares_hash';

/** Of many pages what stands, each row of theirs read once, and from the file. Rule VT-11. */
export class SqliteStandingPages {
  readonly #db: PagesDb;
  readonly #unsealed: SqliteUnsealedPages;

  constructor(db: PagesDb, unsealed: SqliteUnsealedPages) {
    this.#db = db;
    this.#unsealed = unsealed;
  }

  /** In their order; undefined: its row does not hold, or there is none. */
  pages(pages: readonly Uint8Array[]): readonly (StandingPage | undefined)[] {
    const found = this.#sealed(pages, 'names, shares', (row, at, page) => {
      const stored = row.names?.[at];
      if (stored === undefined || !equalBytes(stored.page, page)) return undefined;
      const { state: _, batch, ...names } = stored;
      const kept = row.shares?.[at];
      return { names, batch, ...(kept && { kept }) };
    });
    this.#rest(pages, found, (page) => this.#unsealed.standing(page));
    return found.map((it) => (it !== undefined && isNamed(it.names) ? it : undefined));
  }

  /** Kept shares as they stand, whatever became of their rows; in the order of the pages. */
  shares(pages: readonly Uint8Array[]): readonly (StoredShare | undefined)[] {
    const found = this.#sealed(pages, 'shares', ({ shares }, at) => shares?.[at]);
    this.#rest(pages, found, (page) => this.#unsealed.share(page));
    return found;
  }

  /** In their order; undefined: of one there is none, or its row does not hold. */
  leaves(pages: readonly Uint8Array[]): readonly Uint8Array[] | undefined {
    const found = this.#sealed(pages, 'names', ({ names }, at) => names?.[at]?.leaf ?? none);
    this.#rest(pages, found, (page) => this.#unsealed.page(page)?.leaf);
    const leaves = found.flatMap((it) => (it === undefined || it === none ? [] : [it]));
    return leaves.length === pages.length ? leaves : undefined;
  }

  /** Of the pages that are sealed what `pick` finds in their rows. `large`: the columns that it looks at. */
  #sealed<Found>(
    pages: readonly Uint8Array[],
    large: 'names' | 'shares' | 'names, shares',
    pick: (row: StandingRow, at: number, page: Uint8Array) => Found | undefined,
  ): (Found | undefined)[] {
    const found = new Array<Found | undefined>(pages.length).fill(undefined);
    const places = sealedPlacesOf(this.#db, pages);
    const rows = new Map<number, StandingRow>();
    for (const [index, place] of places.entries()) {
      if (place === undefined) continue;
      const row = rows.get(place.number) ?? this.#row(place.number, large);
      rows.set(place.number, row);
      found[index] = pick(row, place.at, pages[index] ?? none);
    }
    return found;
  }

  #row(number: number, large: string): StandingRow {
    const row = this.#db.get(`SELECT ${bound}, ${large} FROM sealed WHERE number = ?`, number);
    if (row === undefined) return {};
    const { shares: _, ...named } = row;
    const names =
      row.names === undefined
        ? undefined
        : readable(() => namesOfSegment(this.#db.held('sealed', named)));
    const shares = row.shares === undefined ? undefined : readable(() => sharesOf(row));
    return { ...(names && { names }), ...(shares && { shares }) };
  }

  /** Of pages of which nothing was found what stands of them in no batch. */
  #rest<Found>(
    pages: readonly Uint8Array[],
    found: (Found | undefined)[],
    read: (page: Uint8Array) => Found | undefined,
  ): void {
    if (!found.includes(undefined)) return;
    for (const index of unsealedPlacesOf(this.#db, pages).keys())
      found[index] ??= readable(() => read(pages[index] ?? none));
  }
}

const none = new Uint8Array(0);
const sharesOf = (row: Row): readonly StoredShare[] =>
  sharesIn(bytesIn(row, 'shares'), countOf(bytesIn(row, 'heads')));
