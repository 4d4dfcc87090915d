import type { LedgerView, StateTable, Write } from './table.ts';

/** Writes that lie over a view and may yet be dropped: of a block over the state, of a transaction over a block. */
export class Overlay implements LedgerView {
  readonly #below: LedgerView;
  /** By table name, then by id; in the order in which rows were first written within a table. */
  readonly #layers = new Map<string, Map<string, unknown>>();
  readonly #written = new Map<string, Write>();

  constructor(below: LedgerView) {
    this.#below = below;
  }

  get<Row>(table: StateTable<Row>, id: string): Row | undefined {
    // `put` made the write, so a row under a table's name is one of its rows.
    const written = this.#layers.get(table.name)?.get(id) as Row | undefined;
    return written ?? this.#below.get(table, id);
  }

  write(write: Write): void {
    const { table, id, row } = write;
    let layer = this.#layers.get(table.name);
    if (layer === undefined) {
      layer = new Map();
      this.#layers.set(table.name, layer);
    }
    layer.set(id, row);
    this.#written.set(`${table.name}/${id}`, write);
  }

  /** The last write of every row, in the order in which rows were first written. */
  writes(): readonly Write[] {
    return [...this.#written.values()];
  }
}
