import { suite } from '../ledger/object-types.ts';
import {
  accountId,
  bytes,
  decodeAs,
  encodeAs,
  list,
  type Of,
  text,
  typed,
  uint,
} from '../primitives/shape.ts';
import { messageObjects } from './object-types.ts';

export const maxEraseLeaves = 1_000;
/** A signed order: its leaves, and what stands around them. */
export const maxEraseBytes = 34 * maxEraseLeaves + 1024;

/**
 * The owner's order to erase items. It travels as `[bytes, signature]` (label erase/sign, by `accountKey`).
 * Source: docs/protocol/http.md, rule H-12.
 */
const erase = typed(suite, messageObjects.erase, {
  chainId: text(50),
  account: accountId,
  accountKey: bytes(32),
  /** Leaf hashes. */
  leaves: list(bytes(32), { least: 1, most: maxEraseLeaves }),
  issuedMs: uint,
});
export type Erase = Of<typeof erase>;

/**
 * A holder's tombstone: it has deleted header and salt of this leaf. It travels as `[bytes, signature]`
 * (label erased/sign, by `holderKey`); those travelling bytes are the leaf content of a BatchAnchor.
 */
const erased = typed(suite, messageObjects.erased, {
  chainId: text(50),
  account: accountId,
  leaf: bytes(32),
  holder: accountId,
  holderKey: bytes(32),
  erasedMs: uint,
});
export type Erased = Of<typeof erased>;

/** What the owner signs. */
export function encodeErase(order: Erase): Uint8Array {
  return encodeAs(erase, order);
}

/** Throws CBOR_INVALID, CBOR_SHAPE, SUITE_UNKNOWN, TYPE_UNKNOWN. */
export function decodeErase(encoded: Uint8Array): Erase {
  return decodeAs(erase, encoded);
}

/** What the holder signs: the content of the tombstone’s leaf, too. */
export function encodeErased(tombstone: Erased): Uint8Array {
  return encodeAs(erased, tombstone);
}

/** Throws CBOR_INVALID, CBOR_SHAPE, SUITE_UNKNOWN, TYPE_UNKNOWN. */
export function decodeErased(encoded: Uint8Array): Erased {
  return decodeAs(erased, encoded);
}
