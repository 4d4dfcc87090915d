import { bytesToHex } from '../../../src/primitives/bytes.ts';
import type { Cbor } from '../../../src/primitives/cbor.ts';
import { isCoded } from '../../../src/primitives/errors.ts';

/** A set of known answers as it lies in own/: `about` says how to read it. */
export interface Format {
  readonly about: string;
  readonly cases: () => Promise<readonly object[]>;
}

export const hex = bytesToHex;
export const hexOfAll = (list: readonly Uint8Array[]): readonly string[] => list.map(bytesToHex);

/** Byte i of a pattern is (start + i) mod 251, so that others can type it in. */
export function pattern(length: number, start: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = (start + i) % 251;
  return bytes;
}

/** CBOR as JSON: a byte string is `{"hex": ...}`. */
export function json(value: Cbor): unknown {
  if (value instanceof Uint8Array) return { hex: hex(value) };
  return Array.isArray(value) ? value.map(json) : value;
}

/** The code that something is refused with; empty when it is taken. */
export async function codeOf(work: () => unknown): Promise<string> {
  try {
    await work();
    return '';
  } catch (error) {
    if (isCoded(error)) return error.code;
    throw error;
  }
}
