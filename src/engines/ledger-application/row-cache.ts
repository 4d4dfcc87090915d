import type { LedgerView, StateTable, Write } from '../../ledger/table.ts';
import { Recent } from '../../primitives/recent.ts';

/**
 * The rows used last of each table, decoded: every transaction reads its sender's account three times. That there is
 * none is kept as well: each block asks for the profiles of the logs, which few ledgers have.
 */
export class RowCache implements LedgerView {
  readonly #below: LedgerView;
  readonly #maxRows: number;
  /** By table name. */
  readonly #layers = new Map<string, Recent<string, { readonly row: unknown }>>();

  /** `below` answers for rows that are not kept; at least `maxRows` of each table are, at most twice as many. */
  constructor(below: LedgerView, maxRows: number) {
    this.#below = below;
    this.#maxRows = maxRows;
  }

  get<Row>(table: StateTable<Row>, id: string): Row | undefined {
    const layer = this.#layerOf(table);
    const kept = layer.getOrMake(id, () => ({ row: this.#below.get(table, id) }));
    // Only rows of this table are ever put under its name.
    return kept.row as Row | undefined;
  }

  /** What was committed. */
  set({ table, id, row }: Write): void {
    this.#layerOf(table).set(id, { row });
  }

  #layerOf({ name }: StateTable<unknown>): Recent<string, { readonly row: unknown }> {
    const known = this.#layers.get(name);
    if (known !== undefined) return known;
    const layer = new Recent<string, { readonly row: unknown }>(this.#maxRows);
    this.#layers.set(name, layer);
    return layer;
  }
}
