import { bytesToHex } from '../../../../../primitives/bytes.ts';
import { pageTables } from '../guarded-tables.ts';
import { bytesIn, readable } from '../page-rows.ts';
import type {
  LeavesStep,
  MendedPage,
  PageUpkeep,
  PlannedBatch,
  StandingPage,
  StoredShare,
} from '../page-store.ts';
import { macTable } from '../row-guard-sql.ts';
import { headsIn } from '../sealed-segment.ts';
import type { BadRow, ScrubPlace, ScrubStep } from '../upkeep.ts';
import { foundIn } from './sqlite-index-looks.ts';
import {
  leavesAfter,
  lookAt,
  lookAtIndex,
  lookAtIndexAfter,
  type NumberOf,
} from './sqlite-page-looks.ts';
import { type PageRooms, SqlitePageMending } from './sqlite-page-mending.ts';
import type { PagesDb } from './sqlite-pages-db.ts';
import { SqliteStandingPages } from './sqlite-standing-pages.ts';

/** As so many others it takes to look at a row: of what it has many of, or is long. */
const weights: Partial<Record<string, number>> = {
  ...{ sealed: 64, accepted: 256, sayings: 8, batches: 64, days: 8, day_counters: 8, envelopes: 8 },
};
/** Where pages are found by, once all MACs were looked at. */
const indexPlace = macTable('sealed_pages');
const inTurn = pageTables.filter(({ name }) => name !== 'sealed_pages');

/** Looks at what the embedded store keeps, and puts it right. Rules VT-5 to VT-8, VT-11. */
export class SqlitePageUpkeep implements PageUpkeep {
  readonly #db: PagesDb;
  readonly #rooms: PageRooms;
  readonly #standing: SqliteStandingPages;
  readonly #mending: SqlitePageMending;
  readonly lookAside: NonNullable<PageUpkeep['lookAside']>;

  constructor(db: PagesDb, rooms: PageRooms, lookAside: PageUpkeep['lookAside']) {
    this.lookAside = lookAside ?? (() => undefined);
    this.#db = db;
    this.#rooms = rooms;
    this.#standing = new SqliteStandingPages(db, rooms.unsealed);
    this.#mending = new SqlitePageMending(db, rooms, (table, numberOf) =>
      this.#badOf(table, numberOf),
    );
  }

  async scrub(place: ScrubPlace | undefined, most: number, numberOf: NumberOf): Promise<ScrubStep> {
    return this.#scrub(place, most, numberOf);
  }

  #scrub(place: ScrubPlace | undefined, most: number, numberOf: NumberOf): ScrubStep {
    const found = inTurn.findIndex(({ name }) => name === (place?.table ?? 'patients'));
    const at = Math.max(0, found);
    const table = inTurn[at] ?? pageTables[0];
    const rows = Math.max(1, Math.floor(most / (weights[table.name] ?? 1)));
    const scrubbed = this.#db.guard.scrub(table, {
      ...{ after: place?.after, most: rows },
      look: lookAt(this.#db, table.name, numberOf),
    });
    const bad = scrubbed.bad.map((it) => (it.trio === undefined ? this.#whose(it) : it));
    const following = inTurn[at + 1];
    const next =
      scrubbed.next !== undefined
        ? { table: table.name, after: scrubbed.next as ScrubPlace['after'] }
        : following && { table: following.name, after: [] };
    return { bad, rows: scrubbed.rows, bytes: scrubbed.bytes, next };
  }

  /** All of one table that does not hold. */
  *#badOf(table: string, numberOf: NumberOf): Iterable<BadRow> {
    let place: ScrubPlace | undefined = { table, after: [] };
    while (place?.table === table) {
      const step: ScrubStep = this.#scrub(place, 512, numberOf);
      yield* step.bad;
      place = step.next;
    }
  }

  /** Of which batch and patient a row is whose MAC does not hold, as far as it says. */
  #whose(bad: BadRow): BadRow {
    const { table, row } = bad;
    if (table === 'batches') {
      const [trio = '', number] = row.split(' ');
      return { ...bad, trio, batch: Number(number) };
    }
    const sql = {
      pages: 'SELECT trio, pseudonym FROM pages WHERE id = ?',
      sealed: 'SELECT trio, batch FROM sealed WHERE number = ?',
      days: 'SELECT trio, batch FROM days WHERE id = ?',
      day_counters: 'SELECT trio, batch FROM days WHERE id = ?',
    }[table];
    const found = sql === undefined ? undefined : this.#db.get(sql, Number(row));
    if (found === undefined) return bad;
    const { trio, batch, pseudonym } = found;
    return {
      ...{ ...bad, trio: String(trio) },
      ...(typeof batch === 'number' && { batch }),
      ...(pseudonym instanceof Uint8Array && { pseudonym }),
    };
  }

  async scrubWhole(isFull: boolean): Promise<readonly BadRow[]> {
    const index = foundIn('sealed_pages', () => [...lookAtIndex(this.#db, isFull)]);
    return [...this.#db.guard.scrubWhole(isFull), ...index];
  }

  async scrubWholeStep(place: ScrubPlace | undefined, most: number): Promise<ScrubStep> {
    if (place?.table === indexPlace) {
      const { bad, rows, last } = lookAtIndexAfter(this.#db, Number(place.after[0] ?? -1), most);
      const next = last === undefined ? undefined : { table: indexPlace, after: [last] };
      return { bad, rows, bytes: 0, next };
    }
    const step = this.#db.guard.walk.step(place, most);
    return { ...step, next: step.next ?? { table: indexPlace, after: [] } };
  }

  async wasWrittenByOthers(): Promise<boolean> {
    const isWritten = this.#db.guard.wasWrittenByOthers();
    if (isWritten) this.#rooms.sealed.forget();
    return isWritten;
  }

  async people(
    trio: string,
    { first, last }: { readonly first: number; readonly last: number },
  ): Promise<readonly Uint8Array[]> {
    const people = new Map<string, Uint8Array>();
    for (const row of this.#db.all(
      'SELECT heads FROM sealed WHERE trio = ? AND batch BETWEEN ? AND ?',
      ...[trio, Math.max(1, first), last],
    ))
      for (const { pseudonym } of readable(() => headsIn(bytesIn(row, 'heads'))) ?? [])
        people.set(bytesToHex(pseudonym), pseudonym);
    return [...people].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, it]) => it);
  }

  async leaves(pages: readonly Uint8Array[]): Promise<readonly Uint8Array[] | undefined> {
    return this.#standing.leaves(pages);
  }

  async leavesAfter(of: Parameters<typeof leavesAfter>[1]): Promise<LeavesStep> {
    return leavesAfter(this.#db, of);
  }

  async standing(pages: readonly Uint8Array[]): Promise<readonly (StandingPage | undefined)[]> {
    return this.#standing.pages(pages);
  }

  async shares(pages: readonly Uint8Array[]): Promise<readonly (StoredShare | undefined)[]> {
    return this.#standing.shares(pages);
  }

  async mendBatch(batch: PlannedBatch, pages: readonly MendedPage[]): Promise<void> {
    this.#mending.mendBatch(batch, pages);
  }

  async drop(code: string, numberOf: NumberOf): Promise<void> {
    this.#mending.drop(code, numberOf);
  }
}
