import { sha256 } from '../crypto/hash.ts';
import {
  type Cbor,
  decodeCbor,
  encodeCbor,
  readArray,
  readBytes,
  readText,
  readUint,
} from '../primitives/cbor.ts';
import { CodedError, isCoded } from '../primitives/errors.ts';
import { accountIdOf, idBytes, type TxId, txIdOf } from '../primitives/ids.ts';
import { maxTxBytes } from './genesis.ts';
import { ledgerObjects, suite } from './object-types.ts';
import { type Act, moduleOf, moduleOfNumber } from './protocol.ts';
import { logName } from './shapes.ts';
import type { Tx, TxBody } from './tx.ts';

export const maxActs = 16;

/**
 * A transaction as it travels: `tx = [body, [[public key 32, signature 64]...]]`, in the one canonical
 * encoding. The signatures are over label tx/sign and `encodeTxBody(body)`.
 * Source: docs/protocol/transactions.md, rules T-1 to T-4.
 */
export function encodeTx(tx: Tx): Uint8Array {
  const signatures = tx.signatures.map(({ publicKey, signature }) => [publicKey, signature]);
  return encodeCbor([bodyToCbor(tx.body), signatures]);
}

/** `[suite, type, chain id, log, sender 32, nonce, validUntilMs, acts]`. */
export function encodeTxBody(body: TxBody): Uint8Array {
  return encodeCbor(bodyToCbor(body));
}

function bodyToCbor(body: TxBody): readonly Cbor[] {
  const { chainId, log, sender, nonce, validUntilMs, acts } = body;
  const head = [body.suite, ledgerObjects.txBody, chainId, log, idBytes(sender)];
  return [...head, nonce, validUntilMs, acts.map((act) => moduleOf(act).toCbor(act))];
}

/**
 * Throws TX_TOO_LARGE, CBOR_INVALID, CBOR_SHAPE, SUITE_UNKNOWN, TYPE_UNKNOWN, ROLE_UNKNOWN, BATCH_KIND,
 * ID_FORMAT.
 */
export function decodeTx(bytes: Uint8Array): Tx {
  if (bytes.length > maxTxBytes) throw new CodedError('TX_TOO_LARGE', { bytes: bytes.length });
  const fields = readArray(decodeCbor(bytes), 'tx', 2);
  const signatures = readArray(fields[1], 'signatures').map((entry) => {
    const pair = readArray(entry, 'signature', 2);
    return {
      publicKey: readBytes(pair[0], 'publicKey', 32),
      signature: readBytes(pair[1], 'signature', 64),
    };
  });
  // T-4: one key speaks.
  if (signatures.length !== 1) {
    throw new CodedError('CBOR_SHAPE', { field: 'signatures' });
  }
  return { body: bodyFromCbor(fields[0], actFromCbor), signatures };
}

/** `[[public key 32, signature 64]]`: what one signature, and T-4 takes no other number, always encodes to. */
const signaturesBytes = 2 + 2 + 32 + 2 + 64;

/**
 * `encodeTxBody` of what `decodeTx` read from these bytes, without encoding it again: one value has one encoding
 * (E-1), so the bytes that were signed stand in those that travelled.
 */
export function bodyOfTx(tx: Uint8Array): Uint8Array {
  return tx.subarray(1, tx.length - signaturesBytes);
}

function bodyFromCbor<A>(
  value: Cbor | undefined,
  readAct: (value: Cbor) => A,
): Omit<TxBody, 'acts'> & { readonly acts: readonly A[] } {
  const fields = readArray(value, 'body', 8);
  if (readUint(fields[0], 'suite') !== suite) throw new CodedError('SUITE_UNKNOWN');
  if (readUint(fields[1], 'type') !== ledgerObjects.txBody) throw new CodedError('TYPE_UNKNOWN');
  const acts = readArray(fields[7], 'acts').map(readAct);
  if (acts.length < 1 || acts.length > maxActs)
    throw new CodedError('CBOR_SHAPE', { field: 'acts' });
  return {
    suite,
    chainId: readText(fields[2], 'chainId', 50),
    log: logName.decode(fields[3], 'log'),
    sender: accountIdOf(readBytes(fields[4], 'sender', 32)),
    nonce: readUint(fields[5], 'nonce'),
    validUntilMs: readUint(fields[6], 'validUntilMs'),
    acts,
  };
}

/** `[number, ...fields]`. Throws CBOR_SHAPE, TYPE_UNKNOWN, and what the act's shapes throw. */
function actFromCbor(value: Cbor): Act {
  const [number, ...fields] = readArray(value, 'act');
  const module = moduleOfNumber(readUint(number, 'act'));
  if (module === undefined) throw new CodedError('TYPE_UNKNOWN', { field: 'act' });
  // The union of all acts is what the modules make; the compiler cannot see it through the list.
  return module.fromCbor(fields) as Act;
}

/**
 * An act of a later version, or one with a word of a later version in it, in what was signed and proven: it can be told
 * by its number alone.
 */
export interface UnknownAct {
  readonly number: number;
}

/**
 * What a transaction says to somebody who need not judge it. Throws as `decodeTx`, but for acts that this
 * build does not know.
 */
export function readTxBody(
  bytes: Uint8Array,
): Omit<TxBody, 'acts'> & { readonly acts: readonly (Act | UnknownAct)[] } {
  const [body] = readArray(decodeCbor(bytes), 'tx', 2);
  return bodyFromCbor(body, (value) => {
    const number = readUint(readArray(value, 'act')[0], 'act');
    if (moduleOfNumber(number) === undefined) return { number };
    try {
      return actFromCbor(value);
    } catch (error) {
      if (isCoded(error, 'ROLE_UNKNOWN') || isCoded(error, 'BATCH_KIND')) return { number };
      throw error;
    }
  });
}

/** SHA-256 of the transaction as it travels. */
export function txIdOfBytes(tx: Uint8Array): TxId {
  return txIdOf(sha256(tx));
}
