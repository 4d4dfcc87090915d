import type { Code } from '../../src/codes/index.ts';
import { bytesToHex, hexToBytes } from '../../src/primitives/bytes.ts';
import { isCoded } from '../../src/primitives/errors.ts';
import { base64ToBytes } from '../../src/sdk/records/base64.ts';
import { vectorFiles } from './files.ts';

/** What running one file, or one folder of small files, gave. */
export interface Outcome {
  readonly file: string;
  readonly cases: number;
  readonly passed: number;
  /** Names of the cases that did not come out as published. */
  readonly failures: readonly string[];
}

/** Counts the cases of one file. */
export class Tally {
  readonly #file: string;
  #cases = 0;
  readonly #failures: string[] = [];

  constructor(file: string) {
    this.#file = file;
  }

  check(name: string | number, passed: boolean): void {
    this.#cases += 1;
    if (!passed) this.#failures.push(String(name));
  }

  outcome(): Outcome {
    const passed = this.#cases - this.#failures.length;
    return { file: this.#file, cases: this.#cases, passed, failures: this.#failures };
  }
}

export function readText(path: string): string {
  return new TextDecoder().decode(vectorFiles().bytes(path));
}

/** The shape is the publisher's; a file that has another fails in the run that reads it. */
export function readJson<Shape>(path: string): Shape {
  return JSON.parse(readText(path)) as Shape;
}

export function hex(text: string): Uint8Array {
  const bytes = hexToBytes(text);
  if (bytes === undefined) throw new TypeError('not hex');
  return bytes;
}

/** RFC 4648 section 4. */
export function base64(text: string): Uint8Array {
  const bytes = base64ToBytes(text);
  if (bytes === undefined) throw new TypeError('not base64');
  return bytes;
}

export function isHex(bytes: Uint8Array | undefined, text: string): boolean {
  return bytes !== undefined && bytesToHex(bytes) === text;
}

/** Undefined when the work was refused with this code; any other failure is passed on. */
export async function unlessRefused<Value>(
  code: Code,
  work: () => Value | Promise<Value>,
): Promise<Value | undefined> {
  try {
    return await work();
  } catch (error) {
    if (isCoded(error, code)) return undefined;
    throw error;
  }
}

/** Undefined when the work failed in any way: for functions that lie below our own checks. */
export async function unlessThrown<Value>(
  work: () => Value | Promise<Value>,
): Promise<Value | undefined> {
  try {
    return await work();
  } catch {
    return undefined;
  }
}
