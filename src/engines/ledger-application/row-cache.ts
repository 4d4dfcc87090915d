import type { LedgerView, Write } from '../../ledger/rules/outcome.ts';
import type { TableName, Tables } from '../../ledger/state.ts';

type Layers = { readonly [Name in TableName]: Map<string, Tables[Name]> };

/** The rows used last of each table, decoded: every transaction reads its sender's account three times. */
export class RowCache implements LedgerView {
  readonly #below: LedgerView;
  readonly #maxRows: number;
  readonly #layers: Layers = {
    accounts: new Map(),
    organisations: new Map(),
    keys: new Map(),
    keysets: new Map(),
    consents: new Map(),
    anchors: new Map(),
    batches: new Map(),
  };

  /** `below` answers for rows that are not kept; `maxRows` of each table are. */
  constructor(below: LedgerView, maxRows: number) {
    this.#below = below;
    this.#maxRows = maxRows;
  }

  get<Name extends TableName>(table: Name, id: string): Tables[Name] | undefined {
    const layer: Map<string, Tables[Name]> = this.#layers[table];
    const known = layer.get(id);
    if (known !== undefined) return known;
    const row = this.#below.get(table, id);
    if (row !== undefined) this.#put(table, id, row);
    return row;
  }

  /** What was committed. */
  set({ table, id, row }: Write): void {
    this.#put<TableName>(table, id, row);
  }

  #put<Name extends TableName>(table: Name, id: string, row: Tables[Name]): void {
    const layer: Map<string, Tables[Name]> = this.#layers[table];
    // A Map keeps the order of insertion: what was written or read from disk longest ago goes first.
    layer.delete(id);
    layer.set(id, row);
    if (layer.size <= this.#maxRows) return;
    const [oldest] = layer.keys();
    if (oldest !== undefined) layer.delete(oldest);
  }
}
