import type { Code } from '../../../codes/index.ts';
import { sha256 } from '../../../crypto/hash.ts';
import { bytesToHex, utf8 } from '../../../primitives/bytes.ts';

/** Something that is not what was kept. No value and nobody's name stands in it. */
export interface Flaw {
  /** The folder below `servers`: `ledger`, or a hospital. */
  readonly of: string;
  /** `gateway`, `blobs`, `ledger`, `copies`; of a wing its own word. */
  readonly store: string;
  readonly table: string;
  /** As the store names it; of a row by which a person could be found, a MAC of its name. */
  readonly row: string;
  /** '': nobody can say which part, or it is gone. */
  readonly column: string;
  /** By what it was found: `id`, `row MAC`, `ledger root`, `signature`, `recount`, `next header`. */
  readonly bound: string;
  readonly code: Code;
}

/** So much more was looked at. */
export interface Looked {
  readonly items: number;
  readonly bytes: number;
}

/** What a scrub says while it goes through a store: each flaw, and how much it has looked at, at least every few milliseconds. */
export type Scrubbing = AsyncGenerator<Flaw | Looked, void, undefined>;

export const isFlaw = (it: Flaw | Looked): it is Flaw => 'code' in it;

/** The same place of the same store, whenever it is met: 64 hex digits. */
export function flawId({ of, store, table, row, column, bound }: Flaw): string {
  return bytesToHex(sha256(utf8([of, store, table, row, column, bound].join('\0'))));
}
