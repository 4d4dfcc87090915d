import { suite } from '../ledger/object-types.ts';
import { encodeCbor, readArray, readBytes, readText, readUint } from '../primitives/cbor.ts';
import { CodedError } from '../primitives/errors.ts';
import { type AccountId, accountIdOf, idBytes } from '../primitives/ids.ts';
import { messageObjects } from './object-types.ts';
import { decodeObject } from './signed.ts';

/**
 * The owner's order to erase items. It travels as `[bytes, signature]` (label erase/sign, by `accountKey`).
 *
 * CBOR `[suite, type, chain id, account 32, account's key 32, leaf hashes 32 (1..1,000), issuedMs]`.
 * Source: docs/protocol/http.md, rule H-12.
 */
export interface Erase {
  readonly chainId: string;
  readonly account: AccountId;
  readonly accountKey: Uint8Array;
  readonly leaves: readonly Uint8Array[];
  readonly issuedMs: number;
}

/**
 * A holder's tombstone: it has deleted header and salt of this leaf. It travels as `[bytes, signature]`
 * (label erased/sign, by `holderKey`); those travelling bytes are the leaf content of a BatchAnchor.
 *
 * CBOR `[suite, type, chain id, account 32, leaf hash 32, holder 32, holder's key 32, erasedMs]`.
 */
export interface Erased {
  readonly chainId: string;
  readonly account: AccountId;
  readonly leaf: Uint8Array;
  readonly holder: AccountId;
  readonly holderKey: Uint8Array;
  readonly erasedMs: number;
}

export const maxEraseLeaves = 1_000;

export function encodeErase(erase: Erase): Uint8Array {
  return encodeCbor([
    suite,
    messageObjects.erase,
    erase.chainId,
    idBytes(erase.account),
    erase.accountKey,
    erase.leaves,
    erase.issuedMs,
  ]);
}

/** Throws CBOR_INVALID, CBOR_SHAPE, SUITE_UNKNOWN, TYPE_UNKNOWN. */
export function decodeErase(bytes: Uint8Array): Erase {
  const fields = decodeObject(bytes, messageObjects.erase, 5);
  const leaves = readArray(fields[3], 'leaves');
  if (leaves.length === 0 || leaves.length > maxEraseLeaves) {
    throw new CodedError('CBOR_SHAPE', { field: 'leaves' });
  }
  return {
    chainId: readText(fields[0], 'chain id', 50),
    account: accountIdOf(readBytes(fields[1], 'account', 32)),
    accountKey: readBytes(fields[2], 'account key', 32),
    leaves: leaves.map((leaf) => readBytes(leaf, 'leaf', 32)),
    issuedMs: readUint(fields[4], 'issued'),
  };
}

export function encodeErased(erased: Erased): Uint8Array {
  return encodeCbor([
    suite,
    messageObjects.erased,
    erased.chainId,
    idBytes(erased.account),
    erased.leaf,
    idBytes(erased.holder),
    erased.holderKey,
    erased.erasedMs,
  ]);
}

/** Throws CBOR_INVALID, CBOR_SHAPE, SUITE_UNKNOWN, TYPE_UNKNOWN. */
export function decodeErased(bytes: Uint8Array): Erased {
  const fields = decodeObject(bytes, messageObjects.erased, 6);
  return {
    chainId: readText(fields[0], 'chain id', 50),
    account: accountIdOf(readBytes(fields[1], 'account', 32)),
    leaf: readBytes(fields[2], 'leaf', 32),
    holder: accountIdOf(readBytes(fields[3], 'holder', 32)),
    holderKey: readBytes(fields[4], 'holder key', 32),
    erasedMs: readUint(fields[5], 'erased'),
  };
}
