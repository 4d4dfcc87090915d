import { suite } from '../../../ledger/object-types.ts';
import {
  accountId,
  bytes,
  type Of,
  optionalBytes,
  struct,
  text,
  typed,
  uint,
} from '../../../primitives/shape.ts';
import { vitalsObjects } from './object-types.ts';

/** What a data server says under its name: to another one, to a device, to everybody. Source: vitals-servers.md, rule VS-5. */
export const statement = typed(suite, vitalsObjects.statement, {
  from: accountId,
  /** An account; empty: everybody. */
  to: optionalBytes(32),
  word: text(32),
  timeMs: uint,
  payload: bytes(),
});
export type Statement = Of<typeof statement>;

export const signedStatement = struct({ statement: bytes(), signature: bytes(64) });
export type SignedStatement = Of<typeof signedStatement>;

/** A signed statement, and beside it the bytes whose SHA-256 its payload ends with. Rule VS-5a. */
export const carryingStatement = struct({
  statement: bytes(),
  signature: bytes(64),
  carried: bytes(),
});
