import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { maxInputBytes } from './target.ts';

/**
 * What a process is doing, in a file that outlives it: how many inputs it began and the last of them. So the
 * input that hung it or brought it down is known. Layout: count 6, length 4, big-endian ‖ input.
 */
const headBytes = 10;

export class BeatWriter {
  readonly #file: number;
  readonly #bytes = Buffer.alloc(headBytes + maxInputBytes);
  #count = 0;

  constructor(path: string) {
    this.#file = openSync(path, 'w');
  }

  begin(input: Uint8Array): void {
    const length = Math.min(input.length, maxInputBytes);
    this.#count += 1;
    this.#bytes.writeUIntBE(this.#count, 0, 6);
    this.#bytes.writeUInt32BE(length, 6);
    this.#bytes.set(input.subarray(0, length), headBytes);
    writeSync(this.#file, this.#bytes, 0, headBytes + length, 0);
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** Undefined before the first input. */
export function readBeat(path: string): { count: number; input: Uint8Array } | undefined {
  const bytes = readFileSync(path, { flag: 'a+' });
  if (bytes.length < headBytes) return undefined;
  const end = headBytes + bytes.readUInt32BE(6);
  return { count: bytes.readUIntBE(0, 6), input: new Uint8Array(bytes.subarray(headBytes, end)) };
}
