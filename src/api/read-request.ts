import { labelledHash } from '../crypto/hash.ts';
import { labels } from '../crypto/labels.ts';
import { suite } from '../ledger/object-types.ts';
import { CodedError } from '../primitives/errors.ts';
import {
  accountId,
  bytes,
  checked,
  choice,
  consentId,
  decodeAs,
  encodeAs,
  list,
  type Of,
  recordId,
  text,
  typed,
  uint,
} from '../primitives/shape.ts';
import { maxGrantBodyBytes } from './grant-body.ts';
import { messageObjects } from './object-types.ts';
import { purpose } from './purposes.ts';

export const maxReadRecords = 1_000;
/** A signed request: a grant's body, as many record ids as it may name, and what stands around them. */
export const maxReadRequestBytes = maxGrantBodyBytes + 20 * 1024;
export const maxRequestAgeMs = 5 * 60_000;

const tooMany = 'REQUEST_TOO_MANY';

const pageLimit = checked(uint, (rows, field) => {
  if (rows > maxReadRecords) throw new CodedError(tooMany);
  if (rows === 0) throw new CodedError('CBOR_SHAPE', { field });
});

/** Some records by id, or a page of what was anchored after a height (that is also how a reader lists). */
const readWhat = choice({
  records: [0, { recordIds: list(recordId, { least: 1, most: maxReadRecords, tooMany }) }],
  since: [
    1,
    {
      /** Rows anchored above this height; 0: all. */
      height: uint,
      limit: pageLimit,
      /** `next` of the page before, or empty. */
      cursor: text(64),
    },
  ],
});
export type ReadWhat = Of<typeof readWhat>;

/**
 * A reader's signed wish to read under a grant. It travels as `[bytes, signature]` (label read/sign, by
 * `readerKey`), and its salted hash stands on the ledger before anything is handed out.
 * Source: docs/protocol/reading.md, rule R-4.
 */
const readRequest = typed(suite, messageObjects.readRequest, {
  chainId: text(50),
  /** Who is to serve it. */
  organisation: accountId,
  consent: consentId,
  grantBody: checked(bytes(), ({ length }, field) => {
    if (length > maxGrantBodyBytes) throw new CodedError('CBOR_SHAPE', { field });
  }),
  grantSalt: bytes(32),
  what: readWhat,
  purpose,
  nonce: bytes(16),
  issuedMs: uint,
  reader: accountId,
  readerKey: bytes(32),
});
export type ReadRequest = Of<typeof readRequest>;

/** What the reader signs, and what the entry on the ledger is a salted hash of. */
export function encodeReadRequest(request: ReadRequest): Uint8Array {
  return encodeAs(readRequest, request);
}

/** Throws CBOR_INVALID, CBOR_SHAPE, SUITE_UNKNOWN, TYPE_UNKNOWN, PURPOSE_UNKNOWN, REQUEST_TOO_MANY. */
export function decodeReadRequest(encoded: Uint8Array): ReadRequest {
  return decodeAs(readRequest, encoded);
}

/** SHA-256(label ‖ 0x00 ‖ salt 32 ‖ signed request): the entry of AccessLog. */
export function readEntryHash(salt: Uint8Array, signedRequest: Uint8Array): Uint8Array {
  return labelledHash(labels.readEntry, salt, signedRequest);
}
