import { bytesToHex } from '../../../../../primitives/bytes.ts';
import { isCoded } from '../../../../../primitives/errors.ts';
import { pageTables } from '../guarded-tables.ts';
import { bytesIn } from '../page-rows.ts';
import type {
  MendedPage,
  PageUpkeep,
  PlannedBatch,
  StandingPage,
  StoredShare,
} from '../page-store.ts';
import { headsIn } from '../sealed-segment.ts';
import type { BadRow, ScrubPlace, ScrubStep } from '../upkeep.ts';
import { foundIn } from './sqlite-index-looks.ts';
import { isNamed, lookAt, lookAtIndex, type NumberOf } from './sqlite-page-looks.ts';
import { type PageRooms, SqlitePageMending } from './sqlite-page-mending.ts';
import type { PagesDb } from './sqlite-pages-db.ts';

/** A sealed row is as long as some fifty others. */
const rowsOfSealed = 64;
const inTurn = pageTables.filter(({ name }) => name !== 'sealed_pages');

/** Looks at what the embedded store keeps, and puts it right. Rules VT-5 to VT-8, VT-11. */
export class SqlitePageUpkeep implements PageUpkeep {
  readonly #db: PagesDb;
  readonly #rooms: PageRooms;
  readonly #mending: SqlitePageMending;

  constructor(db: PagesDb, rooms: PageRooms) {
    this.#db = db;
    this.#rooms = rooms;
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
    const rows = table.name === 'sealed' ? Math.max(1, Math.floor(most / rowsOfSealed)) : most;
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
    const leaves: Uint8Array[] = [];
    // From the file, and not what was read of it before.
    this.#rooms.sealed.forget();
    for (const page of pages) {
      const { unsealed, sealed } = this.#rooms;
      const found = readable(() => sealed.page(page) ?? unsealed.page(page));
      if (found === undefined) return undefined;
      leaves.push(found.leaf);
    }
    return leaves;
  }

  async standing(pages: readonly Uint8Array[]): Promise<readonly (StandingPage | undefined)[]> {
    const { unsealed, sealed } = this.#rooms;
    // From the file, and not what was read of it before.
    sealed.forget();
    const read = new Map<number, readonly StoredShare[]>();
    return pages.map((page) => {
      const found =
        readable(() => sealed.standing(page, read)) ?? readable(() => unsealed.standing(page));
      return found && isNamed(found.names) ? found : undefined;
    });
  }

  async share(page: Uint8Array): Promise<StoredShare | undefined> {
    const { unsealed, sealed } = this.#rooms;
    return readable(() => sealed.shareAsItStands(page) ?? unsealed.share(page));
  }

  async mendBatch(batch: PlannedBatch, pages: readonly MendedPage[]): Promise<void> {
    this.#mending.mendBatch(batch, pages);
  }

  async drop(code: string, numberOf: NumberOf): Promise<void> {
    this.#mending.drop(code, numberOf);
  }
}

/** Undefined: what stands there cannot be read, or was not written by this server. */
function readable<It>(read: () => It): It | undefined {
  try {
    return read();
  } catch (error) {
    if (isCoded(error, 'HOME_INVALID') || isCoded(error, 'ROW_TAMPERED')) return undefined;
    throw error;
  }
}
