import { type Genesis } from '../../../src/ledger/genesis.ts';
import { MemoryStore } from '../../memory-store.ts';
export declare const genesis: Genesis;
/** What a batch anchors: a refusal's 32 bytes, and longer ones as tombstones have. */
export declare const batchLeaves: readonly Uint8Array[];
export interface MadeBlock {
    readonly height: number;
    readonly timeMs: number;
    readonly txs: readonly Uint8Array[];
    readonly results: readonly {
        readonly code: number;
        readonly data: Uint8Array;
    }[];
    readonly appHash: Uint8Array;
    readonly rows: readonly {
        readonly key: Uint8Array;
        readonly value: Uint8Array;
    }[];
    readonly header: Uint8Array;
    readonly commit: Uint8Array;
}
declare function run(): Promise<{
    genesisBytes: Uint8Array<ArrayBufferLike>;
    before: Pick<import("../../../src/ledger/ledger.ts").ExecutedBlock, "appHash" | "writes">;
    store: MemoryStore;
    blocks: MadeBlock[];
}>;
export declare const ledger: () => ReturnType<typeof run>;
export {};
