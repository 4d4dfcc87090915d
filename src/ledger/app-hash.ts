import { sha256 } from '../crypto/hash.ts';
import { u64Bytes } from './integers.ts';
import type { LogName } from './shapes.ts';

/** Root and size of one log. */
export interface LogHead {
  readonly size: number;
  readonly root: Uint8Array;
}
export type LogHeads = Readonly<Record<LogName, LogHead>>;

/** What an app hash is made of. */
export interface StateHeads {
  /** Of the state tree. */
  readonly stateRoot: Uint8Array;
  readonly logs: LogHeads;
}

const tag = Uint8Array.of(0x10);

/**
 * The one hash that stands for everything the ledger knows; the header of the next height carries it.
 * SHA-256(0x10 ‖ state root ‖ user log root ‖ user log size ‖ doc log root ‖ doc log size), sizes as 8
 * bytes big-endian. Height and time are not in it, so an empty block leaves it as it was.
 * Source: docs/protocol/state.md, rule ST-1.
 */
export function appHashOf(stateRoot: Uint8Array, { user, doc }: LogHeads): Uint8Array {
  return sha256(tag, stateRoot, user.root, u64Bytes(user.size), doc.root, u64Bytes(doc.size));
}
