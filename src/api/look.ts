import { labelledHash, sha256 } from '../crypto/hash.ts';
import { labels } from '../crypto/labels.ts';
import { suite } from '../ledger/object-types.ts';
import { type Code, isCode } from '../primitives/catalogue.ts';
import {
  decodeCbor,
  encodeCbor,
  readArray,
  readBytes,
  readText,
  readUint,
} from '../primitives/cbor.ts';
import { CodedError } from '../primitives/errors.ts';
import {
  type AccountId,
  accountIdOf,
  type ConsentId,
  consentIdOf,
  idBytes,
  type RecordId,
  recordIdOf,
} from '../primitives/ids.ts';
import { messageObjects } from './object-types.ts';
import { decodeObject } from './signed.ts';

/**
 * What a patient learns about each read of her records. The serving hospital seals it to her KEM key
 * (label inbox/seal, context [patient account]) before anything leaves.
 *
 * Look: CBOR `[suite, type, entry salt 32, signed request, servedMs, answered record ids 16]`.
 * Refusal: CBOR `[suite, type, leaf salt 32, reader 32, consent 16, code, refusedMs, signed request]`.
 * Source: docs/protocol/reading.md, rules.
 */
export interface Look {
  readonly kind: 'look';
  readonly salt: Uint8Array;
  readonly signedRequest: Uint8Array;
  readonly servedMs: number;
  readonly recordIds: readonly RecordId[];
}

export interface RefusedRead {
  readonly kind: 'refusal';
  readonly salt: Uint8Array;
  readonly reader: AccountId;
  readonly consent: ConsentId;
  readonly code: Code;
  readonly refusedMs: number;
  readonly signedRequest: Uint8Array;
}

export function encodeLook(look: Omit<Look, 'kind'>): Uint8Array {
  return encodeCbor([
    suite,
    messageObjects.look,
    look.salt,
    look.signedRequest,
    look.servedMs,
    look.recordIds.map(idBytes),
  ]);
}

export function encodeRefusal(refusal: Omit<RefusedRead, 'kind'>): Uint8Array {
  return encodeCbor([
    suite,
    messageObjects.refusal,
    refusal.salt,
    idBytes(refusal.reader),
    idBytes(refusal.consent),
    refusal.code,
    refusal.refusedMs,
    refusal.signedRequest,
  ]);
}

/** Of either kind. Throws CBOR_INVALID, CBOR_SHAPE, SUITE_UNKNOWN, TYPE_UNKNOWN. */
export function decodeLook(bytes: Uint8Array): Look | RefusedRead {
  const type = readArray(decodeCbor(bytes), 'object')[1];
  if (type === messageObjects.look) {
    const fields = decodeObject(bytes, messageObjects.look, 4);
    return {
      kind: 'look',
      salt: readBytes(fields[0], 'salt', 32),
      signedRequest: readBytes(fields[1], 'signed request'),
      servedMs: readUint(fields[2], 'served'),
      recordIds: readArray(fields[3], 'record ids').map((id) =>
        recordIdOf(readBytes(id, 'record id', 16)),
      ),
    };
  }
  const fields = decodeObject(bytes, messageObjects.refusal, 6);
  const code = readText(fields[3], 'code', 64);
  if (!isCode(code)) throw new CodedError('CBOR_SHAPE', { field: 'code' });
  return {
    kind: 'refusal',
    salt: readBytes(fields[0], 'salt', 32),
    reader: accountIdOf(readBytes(fields[1], 'reader', 32)),
    consent: consentIdOf(readBytes(fields[2], 'consent', 16)),
    code,
    refusedMs: readUint(fields[4], 'refused'),
    signedRequest: readBytes(fields[5], 'signed request'),
  };
}

/**
 * The leaf content of a refusal in its BatchAnchor: SHA-256(label ‖ 0x00 ‖ salt 32 ‖ CBOR[reader, consent,
 * code, refusedMs, SHA-256(signed request)]).
 */
export function refusalLeafContent(refusal: Omit<RefusedRead, 'kind'>): Uint8Array {
  const stated = encodeCbor([
    idBytes(refusal.reader),
    idBytes(refusal.consent),
    refusal.code,
    refusal.refusedMs,
    sha256(refusal.signedRequest),
  ]);
  return labelledHash(labels.refusalLeaf, refusal.salt, stated);
}

/**
 * The leaf content that counts what one caller was refused beyond the hourly limit: SHA-256(label ‖ 0x00 ‖
 * salt 32 ‖ CBOR[reader, count, first ms, last ms]).
 */
export function refusalCountLeafContent(counted: {
  readonly salt: Uint8Array;
  readonly reader: AccountId;
  readonly count: number;
  readonly firstMs: number;
  readonly lastMs: number;
}): Uint8Array {
  const { salt, reader, count, firstMs, lastMs } = counted;
  const stated = encodeCbor([idBytes(reader), count, firstMs, lastMs]);
  return labelledHash(labels.refusalLeaf, salt, stated);
}
