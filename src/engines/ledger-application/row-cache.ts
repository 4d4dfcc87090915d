import type { LedgerView, Write } from '../../ledger/rules/outcome.ts';
import type { TableName, Tables } from '../../ledger/state.ts';
import { Recent } from '../../primitives/recent.ts';

type Layers = { readonly [Name in TableName]: Recent<string, Tables[Name]> };

/** The rows used last of each table, decoded: every transaction reads its sender's account three times. */
export class RowCache implements LedgerView {
  readonly #below: LedgerView;
  readonly #layers: Layers;

  /** `below` answers for rows that are not kept; at least `maxRows` of each table are, at most twice as many. */
  constructor(below: LedgerView, maxRows: number) {
    this.#below = below;
    const layer = <Row>() => new Recent<string, Row>(maxRows);
    this.#layers = {
      accounts: layer(),
      organisations: layer(),
      keys: layer(),
      keysets: layer(),
      consents: layer(),
      anchors: layer(),
      batches: layer(),
    };
  }

  get<Name extends TableName>(table: Name, id: string): Tables[Name] | undefined {
    const layer: Recent<string, Tables[Name]> = this.#layers[table];
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
    const layer: Recent<string, Tables[Name]> = this.#layers[table];
    layer.set(id, row);
  }
}
