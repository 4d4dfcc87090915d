import { bytesToHex } from '../../../../../primitives/bytes.ts';
import { bytesIn, type Row, readable, uintIn } from '../page-rows.ts';
import type { PlannedBatch } from '../page-store.ts';
import { headsIn } from '../sealed-segment.ts';
import { unsealedPlacesOf } from './sqlite-many-pages.ts';
import type { PagesDb } from './sqlite-pages-db.ts';
import { boundOfSealed } from './sqlite-sealed-pages.ts';

/**
 * When these pages of a batch came, in their order, as far as rows say so that hold: its own, and those of pages in no batch; undefined:
 * none does. Rule VT-11.
 */
export function arrivalTimes(
  db: PagesDb,
  { trio, number }: Pick<PlannedBatch, 'trio' | 'number'>,
  pages: readonly Uint8Array[],
): readonly (number | undefined)[] {
  const came = new Map<string, number>();
  const sql = `SELECT ${boundOfSealed} FROM sealed WHERE trio = ? AND batch = ?`;
  for (const row of db.all(sql, trio, number)) {
    const heads = isHeld(db, 'sealed', row) ? headsIn(bytesIn(row, 'heads')) : [];
    for (const { page, atMs } of heads) came.set(bytesToHex(page), atMs);
  }
  const times = pages.map((page) => came.get(bytesToHex(page)));
  for (const [at, id] of unsealedPlacesOf(db, pages)) {
    const row = db.get('SELECT * FROM pages WHERE id = ?', id);
    if (row !== undefined && isHeld(db, 'pages', row)) times[at] ??= uintIn(row, 'at_ms');
  }
  return times;
}

const isHeld = (db: PagesDb, table: 'pages' | 'sealed', row: Row): boolean =>
  readable(() => db.held(table, row)) !== undefined;
