import { sha256 } from '../../../crypto/hash.ts';
import type { Finding } from '../../../gateway/parts/findings/finding.ts';
import { bytesToHex, utf8 } from '../../../primitives/bytes.ts';

/** A finding of a home, that may have several hospitals: in which of its folders. Source: docs/protocol/stores.md. */
export interface Flaw extends Finding {
  /** The folder below `servers`: `ledger`, or a hospital. */
  readonly of: string;
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
