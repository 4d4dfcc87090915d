import { type Wrapping } from '../../../src/sdk/records/item-wrap.ts';
import { type Format } from './write.ts';
export declare const epochSalt: Uint8Array;
export declare const sekOf: (recordClass: string, epoch: number) => Uint8Array;
export declare const segments: Format;
/** Sealed once more by every run, always to the same bytes. */
export declare function sealedItems(): Promise<{
    index: number;
    length: 0 | 700 | 3900 | 5000 | 16384 | 40000;
    epoch: number;
    sek: Uint8Array<ArrayBufferLike>;
    author: import("./people.ts").Person;
    wrapping: Wrapping;
    description: {
        recordId: import("../../../src/primitives/ids.ts").RecordId;
        account: import("../../../src/primitives/ids.ts").AccountId;
        author: import("../../../src/primitives/ids.ts").AccountId;
        recordClass: "diagnosis" | "genetic" | "image" | "insurance" | "iot" | "lab" | "medication" | "note" | "other" | "private" | "summary" | "vital";
        ordinaryClass: "lab" | undefined;
        line: import("../../../src/sdk/records/headline/headline-format.ts").LineOfBytes | undefined;
        mediaType: string;
        name: string;
        previous: import("../../../src/primitives/ids.ts").RecordId | undefined;
        writtenMs: number;
    };
    item: import("../../../src/sdk/records/item-seal.ts").SealedItem;
    drawn: readonly Uint8Array<ArrayBufferLike>[];
}[]>;
export declare const items: Format;
export declare const padding: Format;
export declare const blobs: Format;
