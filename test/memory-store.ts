import type { LogHead } from '../src/ledger/app-hash.ts';
import type { BlockWrites, LedgerStore } from '../src/ledger/ledger.ts';
import { emptyLog } from '../src/ledger/log-tree.ts';
import type { LogName } from '../src/ledger/shapes.ts';
import { TreePage } from '../src/ledger/tree-page.ts';
import { bytesToHex } from '../src/primitives/bytes.ts';

/** A ledger's state in memory, stored as bytes like the real one. */
export class MemoryStore implements LedgerStore {
  readonly rows = new Map<string, Uint8Array>();
  readonly pages = new Map<string, Uint8Array>();
  readonly tiles = new Map<string, Uint8Array>();
  readonly #logs = new Map<LogName, LogHead>();

  apply(writes: BlockWrites): void {
    for (const { key, value } of writes.rows) this.rows.set(bytesToHex(key), value);
    for (const [path, page] of writes.pages) {
      if (page === undefined) this.pages.delete(path);
      else this.pages.set(path, page.encode());
    }
    for (const { log, level, index, hashes } of writes.tiles) {
      this.tiles.set(`${log}/${level}/${index}`, hashes);
    }
    this.#logs.set('user', writes.logs.user).set('doc', writes.logs.doc);
  }

  row(key: Uint8Array): Uint8Array | undefined {
    return this.rows.get(bytesToHex(key));
  }

  page(path: string): TreePage | undefined {
    const bytes = this.pages.get(path);
    return bytes === undefined ? undefined : TreePage.decode(bytes);
  }

  tile(log: LogName, level: number, index: number): Uint8Array | undefined {
    return this.tiles.get(`${log}/${level}/${index}`);
  }

  logHead(log: LogName): LogHead {
    return this.#logs.get(log) ?? emptyLog;
  }
}
