import type { LogHeads } from '../../ledger/app-hash.ts';
import type { BlockWrites } from '../../ledger/ledger.ts';
import type { LogName } from '../../ledger/shapes.ts';
import type { TreePage } from '../../ledger/tree-page.ts';

export interface CommittedHead {
  readonly genesisHash: Uint8Array;
  readonly height: number;
  readonly appHash: Uint8Array;
}

/** What some blocks in a row changed, each thing once: the newest value. */
export class StateLayer {
  /** By `rowName`. */
  readonly rows = new Map<string, { readonly key: Uint8Array; readonly value: Uint8Array }>();
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
    return this.rows.size + this.pages.size + this.tiles.size;
  }

  add(head: CommittedHead, writes: BlockWrites): void {
    this.head = head;
    this.logs = writes.logs;
    for (const { key, value, write } of writes.rows) {
      this.rows.set(`${write.table.name}/${write.id}`, { key, value });
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
