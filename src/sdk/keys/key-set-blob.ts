import { messageObjects } from '../../api/object-types.ts';
import { maxScheduled } from '../../ledger/acts/key-set.ts';
import { suite } from '../../ledger/object-types.ts';
import { CodedError } from '../../primitives/errors.ts';
import {
  bytes,
  decodeAs,
  encodeAs,
  list,
  mapped,
  type Of,
  struct,
  text,
  typed,
  uint,
} from '../../primitives/shape.ts';

type WriteKeys = ReadonlyMap<string, Uint8Array>;

const writeKey = struct({ class: text(32), key: bytes(1216) });

const writeKeys = mapped<readonly Of<typeof writeKey>[], WriteKeys>(
  list(writeKey),
  (keys) => [...keys].map(([name, key]) => ({ class: name, key })),
  (entries, field) => {
    const keys = new Map(entries.map((entry) => [entry.class, entry.key]));
    // Two keys for one class: which of them a writer took would be chance.
    if (keys.size < entries.length) throw new CodedError('CBOR_SHAPE', { field });
    return keys;
  },
);

/** The public halves of one scheduled epoch: to whom anybody seals who may write but not read. */
const epochWriteKeys = struct({
  epoch: uint,
  /** Class to X-Wing public key, 1,216 bytes. */
  writeKeys,
});
export type EpochWriteKeys = Of<typeof epochWriteKeys>;

/**
 * The write keys of all classes for every epoch that a KeySet schedules. Public; its id stands on the ledger.
 * Source: docs/protocol/keys.md, rule K-8.
 */
const keySetBlob = typed(suite, messageObjects.keySet, {
  epochs: list(epochWriteKeys, { most: maxScheduled }),
});

/** Sixteen epochs of twelve classes have 233 KiB: whoever writes fetches no more of somebody else's making. */
export const maxKeySetBytes = 256 * 1024;

/** Public: anybody who may write to the chart seals to these keys. */
export function encodeKeySetBlob(epochs: readonly EpochWriteKeys[]): Uint8Array {
  return encodeAs(keySetBlob, { epochs });
}

/** Throws CBOR_INVALID, CBOR_SHAPE, SUITE_UNKNOWN, TYPE_UNKNOWN. */
export function decodeKeySetBlob(encoded: Uint8Array): readonly EpochWriteKeys[] {
  return decodeAs(keySetBlob, encoded).epochs;
}
