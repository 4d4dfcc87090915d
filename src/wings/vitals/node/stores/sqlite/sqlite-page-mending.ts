import { concatBytes } from '../../../../../primitives/bytes.ts';
import { type PageTable, pageTables } from '../guarded-tables.ts';
import { bytesIn, uintIn } from '../page-rows.ts';
import type { MendedPage, PlannedBatch } from '../page-store.ts';
import { headsIn, idNames, pagesOfSegment } from '../sealed-segment.ts';
import type { BadRow } from '../upkeep.ts';
import { arrivalTimes } from './sqlite-arrival-times.ts';
import type { SqliteBatches } from './sqlite-batches.ts';
import type { SqliteEnvelopes } from './sqlite-envelopes.ts';
import { dropPages } from './sqlite-many-pages.ts';
import type { NumberOf } from './sqlite-page-looks.ts';
import type { PagesDb } from './sqlite-pages-db.ts';
import { numbersIn, RowsOfMany } from './sqlite-rows-of-many.ts';
import type { SqliteSealedPages } from './sqlite-sealed-pages.ts';
import type { SqliteUnsealedPages } from './sqlite-unsealed-pages.ts';

/** The rooms of the store that is looked after. */
export interface PageRooms {
  readonly unsealed: SqliteUnsealedPages;
  readonly sealed: SqliteSealedPages;
  readonly batches: SqliteBatches;
  readonly envelopes: SqliteEnvelopes;
}

/** Of those that are counted what a batch stands in. */
const tablesOfBatch: readonly PageTable[] = ['batches', 'sealed', 'days', 'day_counters'];

/** Puts right what does not hold, each time in one step. Rule VT-11. */
export class SqlitePageMending {
  readonly #db: PagesDb;
  readonly #rooms: PageRooms;
  readonly #badOf: (table: string, numberOf: NumberOf) => Iterable<BadRow>;

  constructor(
    db: PagesDb,
    rooms: PageRooms,
    badOf: (table: string, numberOf: NumberOf) => Iterable<BadRow>,
  ) {
    this.#db = db;
    this.#rooms = rooms;
    this.#badOf = badOf;
  }

  /** `written`: tables that alone are written, so counted anew; missing: any. */
  #mended(work: () => void, written?: readonly PageTable[]): void {
    const { guard } = this.#db;
    this.#rooms.sealed.forget();
    this.#db.together(() =>
      guard.mending(() => {
        work();
        guard.recount(written);
      }),
    );
  }

  /** The batch, its pages and their sums as they are to be, in place of what stands there. */
  mendBatch(batch: PlannedBatch, pages: readonly MendedPage[]): void {
    const { trio, number, root, firstHour, lastHour } = batch;
    this.#mended(() => {
      const own = pages.map(({ names }) => names.page);
      const envelopes = this.#envelopesOf(batch, idNames(concatBytes(...own)));
      const came = arrivalTimes(this.#db, batch, own);
      this.#dropBatch(trio, number);
      this.#db.run(
        'INSERT INTO batches VALUES (?, ?, ?, 1, ?, ?, ?)',
        ...[trio, number, root, firstHour, lastHour, concatBytes(...batch.pages)],
      );
      dropPages(this.#db, own);
      const put = this.#rooms.sealed.put(
        batch,
        pages.map((page, at) => ({
          ...page,
          atMs: came[at] ?? page.atMs,
          envelope: envelopes[at] ?? 0,
        })),
      );
      this.#rooms.batches.addDays(batch, put);
    }, tablesOfBatch);
  }

  /** What an envelope says of its pages, in their order, 0: none does. The pages' own rows may be lost, or be others'. */
  #envelopesOf({ trio, number }: PlannedBatch, names: readonly string[]): readonly number[] {
    const { envelopes } = this.#rooms;
    const named = envelopes.ofBatch(trio, number);
    const all = names.every((it) => named.has(it)) ? named : envelopes.ofPages();
    return names.map((it) => all.get(it) ?? 0);
  }

  #dropBatch(trio: string, number: number): void {
    const run = this.#db.run.bind(this.#db);
    run('DELETE FROM batches WHERE trio = ? AND number = ?', trio, number);
    run(
      'DELETE FROM day_counters WHERE id IN (SELECT id FROM days WHERE trio = ? AND batch = ?)',
      ...[trio, number],
    );
    run('DELETE FROM days WHERE trio = ? AND batch = ?', trio, number);
    for (const row of this.#db.all(
      'SELECT number FROM sealed WHERE trio = ? AND batch = ?',
      trio,
      number,
    )) {
      const from = uintIn(row, 'number') * pagesOfSegment;
      run('DELETE FROM sealed_pages WHERE id BETWEEN ? AND ?', from, from + pagesOfSegment - 1);
    }
    run('DELETE FROM sealed WHERE trio = ? AND batch = ?', trio, number);
  }

  /** Rows that do not hold go; a page that waits and has lost its body is refused, so that its sensor shares it anew. */
  drop(code: string, numberOf: NumberOf): void {
    this.#mended(() => {
      for (const table of ['pages', 'bodies', 'envelopes']) {
        const key = table === 'envelopes' ? 'number' : 'id';
        for (const bad of [...this.#badOf(table, numberOf)])
          if (/^[0-9]+$/.test(bad.row) && bad.table === table && bad.bound !== 'list')
            this.#db.run(`DELETE FROM ${table} WHERE ${key} = ?`, Number(bad.row));
      }
      for (const table of pageTables) this.#db.guard.dropBad(table);
      this.#db.run('DELETE FROM day_counters WHERE id NOT IN (SELECT id FROM days)');
      this.#nameLists('sayings', 'said');
      this.#nameLists('accepted', 'accepted');
      this.#refuseBodiless(code);
      this.#nameSealed();
      this.#trimEnvelopes();
    });
  }

  /** Each page names the row whose list it is in, and lists have no page that is gone. */
  #nameLists(table: 'sayings' | 'accepted', column: 'said' | 'accepted'): void {
    const rows = table === 'sayings' ? RowsOfMany.sayings(this.#db) : RowsOfMany.shares(this.#db);
    this.#db.run(`UPDATE pages SET ${column} = NULL WHERE ${column} IS NOT NULL`);
    for (const row of this.#db.all(`SELECT number, ids FROM ${table}`)) {
      const number = uintIn(row, 'number');
      const gone = new Set<number>();
      for (const id of numbersIn(bytesIn(row, 'ids'))) {
        const sql = `UPDATE pages SET ${column} = ? WHERE id = ?`;
        if (this.#db.run(sql, number, id).changes !== 1) gone.add(id);
      }
      if (gone.size > 0) rows.takeOut(number, (id) => gone.has(id));
    }
  }

  #refuseBodiless(code: string): void {
    this.#db.run(
      `UPDATE pages SET code = ?, envelope = 0 WHERE accepted IS NULL AND code IS NULL
       AND id NOT IN (SELECT id FROM bodies)`,
      code,
    );
    this.#db.run(
      `DELETE FROM bodies WHERE id NOT IN
       (SELECT id FROM pages WHERE accepted IS NULL AND code IS NULL)`,
    );
  }

  /** Of envelopes' pages those that still are; an envelope without one goes. After `#nameSealed`. */
  #trimEnvelopes(): void {
    const { envelopes } = this.#rooms;
    for (const [name, number] of envelopes.ofPages()) {
      const page = Buffer.from(name, 'hex');
      const isHere =
        this.#db.get('SELECT 1 FROM sealed_pages WHERE page = ?', page) ??
        this.#db.get('SELECT 1 FROM pages WHERE page = ? AND envelope = ?', page, number);
      if (isHere === undefined) envelopes.leave(number, page);
    }
  }

  /** The index of sealed pages, anew. */
  #nameSealed(): void {
    this.#db.run('DELETE FROM sealed_pages');
    for (const row of this.#db.all('SELECT number, heads FROM sealed')) {
      const from = uintIn(row, 'number') * pagesOfSegment;
      for (const [at, { page }] of headsIn(bytesIn(row, 'heads')).entries())
        this.#db.run('INSERT OR IGNORE INTO sealed_pages VALUES (?, ?)', from + at, page);
    }
  }
}
