import { bytesToHex } from '../../../src/primitives/bytes.js';
import { isCoded } from '../../../src/primitives/errors.js';
export const hex = bytesToHex;
export const hexOfAll = (list) => list.map(bytesToHex);
/** Byte i of a pattern is (start + i) mod 251, so that others can type it in. */
export function pattern(length, start) {
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i++)
        bytes[i] = (start + i) % 251;
    return bytes;
}
/** CBOR as JSON: a byte string is `{"hex": ...}`. */
export function json(value) {
    if (value instanceof Uint8Array)
        return { hex: hex(value) };
    return Array.isArray(value) ? value.map(json) : value;
}
/** The code that something is refused with; empty when it is taken. */
export async function codeOf(work) {
    try {
        await work();
        return '';
    }
    catch (error) {
        if (isCoded(error))
            return error.code;
        throw error;
    }
}
