import type { LedgerView, StateTable, Write } from './table.ts';

/** Writes that lie over a view and may yet be dropped: of a block over the state, of a transaction over a block. */
export class Overlay implements LedgerView {
  readonly #below: LedgerView;
  /** By table name, then by id: where in `#writes` the row stands. */
  readonly #places = new Map<string, Map<string, number>>();
  /** The last write of every row, in the order in which rows were first written. */
  readonly #writes: Write[] = [];

  constructor(below: LedgerView) {
    this.#below = below;
  }

  get<Row>(table: StateTable<Row>, id: string): Row | undefined {
    const place = this.#places.get(table.name)?.get(id);
    if (place === undefined) return this.#below.get(table, id);
    // `put` made the write, so a row under a table's name is one of its rows.
    return this.#writes[place]?.row as Row;
  }

  write(write: Write): void {
    const { table, id } = write;
    let places = this.#places.get(table.name);
    if (places === undefined) {
      places = new Map();
      this.#places.set(table.name, places);
    }
    const place = places.get(id);
    if (place !== undefined) this.#writes[place] = write;
    else places.set(id, this.#writes.push(write) - 1);
  }

  /** The last write of every row, in the order in which rows were first written. */
  writes(): readonly Write[] {
    return this.#writes;
  }
}
