import { equalBytes } from '../../../../../primitives/bytes.ts';
import { bytesIn, type Row, readable } from '../page-rows.ts';
import type { StandingPage, StoredShare } from '../page-store.ts';
import { countOf, leavesIn, sharesIn } from '../sealed-segment.ts';
import { sealedPlacesOf, unsealedPlacesOf } from './sqlite-many-pages.ts';
import { isNamed } from './sqlite-page-looks.ts';
import type { PagesDb } from './sqlite-pages-db.ts';
import { boundOfSealed, namesOfSegment } from './sqlite-sealed-pages.ts';
import type { SqliteUnsealedPages } from './sqlite-unsealed-pages.ts';

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
    const found = this.#sealed(pages, {
      large: 'names, shares',
      read: ({ shares, ...named }) => {
        // Names under their MAC; shares as they stand, which binds them to nothing yet.
        const names = readable(() => namesOfSegment(this.#db.held('sealed', named)));
        return names && { names, shares: readable(() => sharesOf({ ...named, shares })) };
      },
      pick: ({ names, shares }, at, page) => {
        const stored = names[at];
        if (stored === undefined || !equalBytes(stored.page, page)) return undefined;
        const kept = shares?.[at];
        return { names: stored, batch: stored.batch, ...(kept && { kept }) };
      },
    });
    this.#rest(pages, found, (page) => this.#unsealed.standing(page));
    return found.map((it) => (it !== undefined && isNamed(it.names) ? it : undefined));
  }

  /** Kept shares as they stand, whatever became of their rows; in the order of the pages. */
  shares(pages: readonly Uint8Array[]): readonly (StoredShare | undefined)[] {
    const found = this.#sealed(pages, {
      large: 'shares',
      read: (row) => readable(() => sharesOf(row)),
      pick: (shares, at) => shares[at],
    });
    this.#rest(pages, found, (page) => this.#unsealed.share(page));
    return found;
  }

  /** In their order; undefined: of one there is none, or its row does not hold. */
  leaves(pages: readonly Uint8Array[]): readonly Uint8Array[] | undefined {
    const found = this.#sealed(pages, {
      large: 'names',
      read: (row) => readable(() => leavesOf(this.#db.held('sealed', row))) ?? [],
      pick: (leaves, at) => leaves[at] ?? none,
    });
    this.#rest(pages, found, (page) => this.#unsealed.page(page)?.leaf);
    const leaves = found.flatMap((it) => (it === undefined || it === none ? [] : [it]));
    return leaves.length === pages.length ? leaves : undefined;
  }

  /** Of the pages that are sealed what `pick` finds in what `read` makes of their rows, each read once. */
  #sealed<Part, Found>(
    pages: readonly Uint8Array[],
    of: {
      readonly large: 'names' | 'shares' | 'names, shares';
      readonly read: (row: Row) => Part | undefined;
      readonly pick: (part: Part, at: number, page: Uint8Array) => Found | undefined;
    },
  ): (Found | undefined)[] {
    const found = new Array<Found | undefined>(pages.length).fill(undefined);
    const sql = `SELECT ${boundOfSealed}, ${of.large} FROM sealed WHERE number = ?`;
    const parts = new Map<number, Part | undefined>();
    for (const [index, place] of sealedPlacesOf(this.#db, pages).entries()) {
      if (place === undefined) continue;
      const { number, at } = place;
      if (!parts.has(number)) {
        const row = this.#db.get(sql, number);
        parts.set(number, row && of.read(row));
      }
      const part = parts.get(number);
      if (part !== undefined) found[index] = of.pick(part, at, pages[index] ?? none);
    }
    return found;
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
const leavesOf = (row: Row): readonly Uint8Array[] =>
  leavesIn(bytesIn(row, 'names'), countOf(bytesIn(row, 'heads')));
