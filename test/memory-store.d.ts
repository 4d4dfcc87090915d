import type { LogHead } from '../src/ledger/app-hash.ts';
import type { BlockWrites, LedgerStore } from '../src/ledger/ledger.ts';
import type { LogName } from '../src/ledger/shapes.ts';
import { TreePage } from '../src/ledger/tree-page.ts';
/** A ledger's state in memory, stored as bytes like the real one. */
export declare class MemoryStore implements LedgerStore {
    #private;
    readonly rows: Map<string, Uint8Array<ArrayBufferLike>>;
    readonly pages: Map<string, Uint8Array<ArrayBufferLike>>;
    readonly tiles: Map<string, Uint8Array<ArrayBufferLike>>;
    apply(writes: BlockWrites): void;
    row(key: Uint8Array): Uint8Array | undefined;
    page(path: string): TreePage | undefined;
    tile(log: LogName, level: number, index: number): Uint8Array | undefined;
    logHead(log: LogName): LogHead;
}
