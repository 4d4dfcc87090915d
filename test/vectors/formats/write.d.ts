import { bytesToHex } from '../../../src/primitives/bytes.ts';
import type { Cbor } from '../../../src/primitives/cbor.ts';
/** A set of known answers as it lies in own/: `about` says how to read it. */
export interface Format {
    readonly about: string;
    readonly cases: () => Promise<readonly object[]>;
}
export declare const hex: typeof bytesToHex;
export declare const hexOfAll: (list: readonly Uint8Array[]) => readonly string[];
/** Byte i of a pattern is (start + i) mod 251, so that others can type it in. */
export declare function pattern(length: number, start: number): Uint8Array;
/** CBOR as JSON: a byte string is `{"hex": ...}`. */
export declare function json(value: Cbor): unknown;
/** The code that something is refused with; empty when it is taken. */
export declare function codeOf(work: () => unknown): Promise<string>;
