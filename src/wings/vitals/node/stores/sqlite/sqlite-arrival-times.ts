import { bytesToHex } from '../../../../../primitives/bytes.ts';
import { isCoded } from '../../../../../primitives/errors.ts';
import { bytesIn, type Row, uintIn } from '../page-rows.ts';
import type { PlannedBatch } from '../page-store.ts';
import { headsIn } from '../sealed-segment.ts';
import type { PagesDb } from './sqlite-pages-db.ts';

const boundOfSealed =
  'number, trio, panel, day, batch, first, last, heads, names_hash, shares_hash';

/** When the pages of a batch came, by page id in hex, as far as rows say so that hold: its own, and of pages in no batch. Rule VT-11. */
export function arrivalTimes(
  db: PagesDb,
  { trio, number, pages }: Pick<PlannedBatch, 'trio' | 'number' | 'pages'>,
): ReadonlyMap<string, number> {
  const came = new Map<string, number>();
  for (const page of pages) {
    const row = db.get('SELECT * FROM pages WHERE page = ?', page);
    if (row !== undefined && isHeld(db, 'pages', row))
      came.set(bytesToHex(page), uintIn(row, 'at_ms'));
  }
  const sql = `SELECT ${boundOfSealed} FROM sealed WHERE trio = ? AND batch = ?`;
  for (const row of db.all(sql, trio, number)) {
    if (!isHeld(db, 'sealed', row)) continue;
    for (const { page, atMs } of headsIn(bytesIn(row, 'heads'))) came.set(bytesToHex(page), atMs);
  }
  return came;
}

function isHeld(db: PagesDb, table: 'pages' | 'sealed', row: Row): boolean {
  try {
    return db.held(table, row) === row;
  } catch (error) {
    if (!isCoded(error, 'ROW_TAMPERED')) throw error;
    return false;
  }
}
