import type { LedgerView, Write } from './rules/outcome.ts';
import type { TableName, Tables } from './state.ts';

type Layers = { readonly [Name in TableName]: Map<string, Tables[Name]> };

/** Writes that lie over a view and may yet be dropped: of a block over the state, of a transaction over a block. */
export class Overlay implements LedgerView {
  readonly #below: LedgerView;
  readonly #written = new Map<string, Write>();
  readonly #layers: Layers = {
    accounts: new Map(),
    organisations: new Map(),
    keys: new Map(),
    keysets: new Map(),
    consents: new Map(),
    anchors: new Map(),
    batches: new Map(),
  };

  constructor(below: LedgerView) {
    this.#below = below;
  }

  get<Name extends TableName>(table: Name, id: string): Tables[Name] | undefined {
    return this.#layers[table].get(id) ?? this.#below.get(table, id);
  }

  write(write: Write): void {
    this.#put(write);
    this.#written.set(`${write.table}/${write.id}`, write);
  }

  /** The last write of every row, in the order in which rows were first written. */
  writes(): readonly Write[] {
    return [...this.#written.values()];
  }

  #put<Name extends TableName>(write: { table: Name; id: string; row: Tables[Name] }): void {
    this.#layers[write.table].set(write.id, write.row);
  }
}
