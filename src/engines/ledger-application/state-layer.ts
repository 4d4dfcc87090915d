import type { LogHeads } from '../../ledger/app-hash.ts';
import type { BlockWrites } from '../../ledger/ledger.ts';
import type { LogName } from '../../ledger/shapes.ts';
import type { TreePage } from '../../ledger/tree-page.ts';

export interface CommittedHead {
  readonly genesisHash: Uint8Array;
  readonly height: number;
  readonly appHash: Uint8Array;
}

interface LayerRow {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** What some blocks in a row changed, each thing once: the newest value. */
export class StateLayer {
  /** By table name, then by id: a name of both would be a text made for each row. */
  readonly #rows = new Map<string, Map<string, LayerRow>>();
  #rowCount = 0;
  /** Undefined: the page goes. */
  readonly pages = new Map<string, TreePage | undefined>();
  /** By `tileId`. */
  readonly tiles = new Map<number, Uint8Array>();
  head: CommittedHead;
  logs: LogHeads;

  constructor(head: CommittedHead, logs: LogHeads) {
    this.head = head;
    this.logs = logs;
  }

  get size(): number {
    return this.#rowCount + this.pages.size + this.tiles.size;
  }

  /** Of a table, by its name and the id in hex. */
  row(table: string, id: string): Uint8Array | undefined {
    return this.#rows.get(table)?.get(id)?.value;
  }

  *rows(): Generator<LayerRow> {
    for (const table of this.#rows.values()) yield* table.values();
  }

  #tableOf(name: string): Map<string, LayerRow> {
    const known = this.#rows.get(name);
    if (known !== undefined) return known;
    const table = new Map<string, LayerRow>();
    this.#rows.set(name, table);
    return table;
  }

  add(head: CommittedHead, writes: BlockWrites): void {
    this.head = head;
    this.logs = writes.logs;
    for (const { key, value, write } of writes.rows) {
      const table = this.#tableOf(write.table.name);
      const before = table.size;
      table.set(write.id, { key, value });
      this.#rowCount += table.size - before;
    }
    for (const [path, page] of writes.pages) this.pages.set(path, page);
    for (const { log, level, index, hashes } of writes.tiles) {
      this.tiles.set(tileId(log, level, index), hashes);
    }
  }
}

/** Log (1 bit), tile level (4 bits), index (below 2^48). */
export function tileId(log: LogName, level: number, index: number): number {
  return ((log === 'user' ? 0 : 1) * 16 + level / 4) * 2 ** 47 + index;
}
