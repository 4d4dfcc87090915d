import { concatBytes } from '../../../../../primitives/bytes.ts';
import { uintIn } from '../page-rows.ts';
import { pagesOfSegment } from '../sealed-segment.ts';
import type { PagesDb } from './sqlite-pages-db.ts';

/**
 * Statements about many pages at once: a call for each page costs four times what its row does. `?1` of each are their ids,
 * 16 bytes each, one after the other.
 */
const each = `WITH RECURSIVE at (i) AS
  (SELECT 0 UNION ALL SELECT i + 1 FROM at WHERE 16 * (i + 1) < length(?1))`;
const idAt = 'substr(?1, 16 * i + 1, 16)';

/** Where a page stands among sealed rows. */
export interface SealedPlace {
  /** Of the row. */
  readonly number: number;
  readonly at: number;
}

/** Of pages, in their order, where they are sealed; undefined: nowhere. */
export function sealedPlacesOf(
  db: PagesDb,
  pages: readonly Uint8Array[],
): readonly (SealedPlace | undefined)[] {
  const places = new Array<SealedPlace | undefined>(pages.length).fill(undefined);
  const sql = `${each} SELECT i, id FROM at JOIN sealed_pages ON page = ${idAt}`;
  for (const row of db.all(sql, concatBytes(...pages))) {
    const id = uintIn(row, 'id');
    const [number, at] = [Math.floor(id / pagesOfSegment), id % pagesOfSegment];
    places[uintIn(row, 'i')] = { number, at };
  }
  return places;
}

/** Of pages, by their place in the list, the numbers of those that are in no batch. */
export function unsealedPlacesOf(
  db: PagesDb,
  pages: readonly Uint8Array[],
): ReadonlyMap<number, number> {
  const sql = `${each} SELECT i, id FROM at JOIN pages ON page = ${idAt}`;
  const rows = db.all(sql, concatBytes(...pages));
  return new Map(rows.map((row) => [uintIn(row, 'i'), uintIn(row, 'id')]));
}

/** Finds them by their ids from now on, at a row and the places after each other in it. Some. */
export function nameSealed(db: PagesDb, number: number, pages: readonly Uint8Array[]): void {
  db.run(
    `${each} INSERT INTO sealed_pages SELECT ?2 + i, ${idAt} FROM at`,
    ...[concatBytes(...pages), number * pagesOfSegment],
  );
}

/** Wherever they stand: in rows of other batches, or in none. */
export function dropPages(db: PagesDb, pages: readonly Uint8Array[]): void {
  db.run(
    `${each} DELETE FROM sealed_pages WHERE page IN (SELECT ${idAt} FROM at)`,
    concatBytes(...pages),
  );
  for (const id of unsealedPlacesOf(db, pages).values()) {
    db.run('DELETE FROM bodies WHERE id = ?', id);
    db.run('DELETE FROM pages WHERE id = ?', id);
  }
}
