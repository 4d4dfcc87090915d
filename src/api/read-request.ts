import { labelledHash } from '../crypto/hash.ts';
import { labels } from '../crypto/labels.ts';
import { suite } from '../ledger/object-types.ts';
import {
  type Cbor,
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
import { type Purpose, parsePurpose } from './purposes.ts';
import { decodeObject } from './signed.ts';

/** Some records by id, or a page of what was anchored after a height (that is also how a reader lists). */
export type ReadWhat =
  | { readonly kind: 'records'; readonly recordIds: readonly RecordId[] }
  | {
      readonly kind: 'since';
      /** Rows anchored above this height; 0: all. */
      readonly height: number;
      readonly limit: number;
      /** `next` of the page before, or empty. */
      readonly cursor: string;
    };

/**
 * A reader's signed wish to read under a grant. It travels as `[bytes, signature]` (label read/sign, by
 * `readerKey`), and its salted hash stands on the ledger before anything is handed out.
 *
 * CBOR `[suite, type, chain id, serving organisation 32, consent 16, grant body bytes, grant salt 32, what,
 * purpose, nonce 16, issuedMs, reader 32, reader key 32]`; what = `[0, [record id 16...]]` (<= 1,000) or
 * `[1, since height, limit <= 1,000, cursor]`. Source: docs/protocol/reading.md, rule R-4.
 */
export interface ReadRequest {
  readonly chainId: string;
  readonly organisation: AccountId;
  readonly consent: ConsentId;
  readonly grantBody: Uint8Array;
  readonly grantSalt: Uint8Array;
  readonly what: ReadWhat;
  readonly purpose: Purpose;
  readonly nonce: Uint8Array;
  readonly issuedMs: number;
  readonly reader: AccountId;
  readonly readerKey: Uint8Array;
}

export const maxReadRecords = 1_000;
export const maxRequestAgeMs = 5 * 60_000;

export function encodeReadRequest(request: ReadRequest): Uint8Array {
  return encodeCbor([
    suite,
    messageObjects.readRequest,
    request.chainId,
    idBytes(request.organisation),
    idBytes(request.consent),
    request.grantBody,
    request.grantSalt,
    whatToCbor(request.what),
    request.purpose,
    request.nonce,
    request.issuedMs,
    idBytes(request.reader),
    request.readerKey,
  ]);
}

/** Throws CBOR_INVALID, CBOR_SHAPE, SUITE_UNKNOWN, TYPE_UNKNOWN, PURPOSE_UNKNOWN, REQUEST_TOO_MANY. */
export function decodeReadRequest(bytes: Uint8Array): ReadRequest {
  const fields = decodeObject(bytes, messageObjects.readRequest, 11);
  return {
    chainId: readText(fields[0], 'chain id', 50),
    organisation: accountIdOf(readBytes(fields[1], 'organisation', 32)),
    consent: consentIdOf(readBytes(fields[2], 'consent', 16)),
    grantBody: readBytes(fields[3], 'grant body'),
    grantSalt: readBytes(fields[4], 'grant salt', 32),
    what: whatOf(fields[5]),
    purpose: parsePurpose(readText(fields[6], 'purpose', 16)),
    nonce: readBytes(fields[7], 'nonce', 16),
    issuedMs: readUint(fields[8], 'issued'),
    reader: accountIdOf(readBytes(fields[9], 'reader', 32)),
    readerKey: readBytes(fields[10], 'reader key', 32),
  };
}

/** SHA-256(label ‖ 0x00 ‖ salt 32 ‖ signed request): the entry of AccessLog. */
export function readEntryHash(salt: Uint8Array, signedRequest: Uint8Array): Uint8Array {
  return labelledHash(labels.readEntry, salt, signedRequest);
}

function whatToCbor(what: ReadWhat): Cbor {
  return what.kind === 'records'
    ? [0, what.recordIds.map(idBytes)]
    : [1, what.height, what.limit, what.cursor];
}

function whatOf(value: Cbor | undefined): ReadWhat {
  const fields = readArray(value, 'what');
  if (fields[0] === 0) {
    const ids = readArray(readArray(value, 'what', 2)[1], 'record ids');
    if (ids.length > maxReadRecords) throw new CodedError('REQUEST_TOO_MANY');
    if (ids.length === 0) throw new CodedError('CBOR_SHAPE', { field: 'record ids' });
    return {
      kind: 'records',
      recordIds: ids.map((id) => recordIdOf(readBytes(id, 'record id', 16))),
    };
  }
  const [kind, height, limit, cursor] = readArray(value, 'what', 4);
  if (kind !== 1) throw new CodedError('CBOR_SHAPE', { field: 'what' });
  const rows = readUint(limit, 'limit');
  if (rows > maxReadRecords) throw new CodedError('REQUEST_TOO_MANY');
  if (rows === 0) throw new CodedError('CBOR_SHAPE', { field: 'limit' });
  return {
    kind: 'since',
    height: readUint(height, 'since'),
    limit: rows,
    cursor: readText(cursor, 'cursor', 64),
  };
}
