import { type Code, isCode } from '../codes/index.ts';
import { labelledHash } from '../crypto/hash.ts';
import { labels } from '../crypto/labels.ts';
import { suite } from '../ledger/object-types.ts';
import { optionalConsent } from '../ledger/shapes.ts';
import { decodeCbor, encodeCbor, readArray } from '../primitives/cbor.ts';
import { CodedError } from '../primitives/errors.ts';
import { idBytes } from '../primitives/ids.ts';
import {
  accountId,
  bytes,
  consentId,
  encodeAs,
  list,
  mapped,
  type Of,
  recordId,
  text,
  typed,
  uint,
} from '../primitives/shape.ts';
import { messageObjects } from './object-types.ts';

/**
 * What a patient learns about each read of her records. The serving hospital seals it to her KEM key
 * (label inbox/seal, context [patient account]) before anything leaves.
 * Source: docs/protocol/reading.md, rules.
 */
const look = typed(suite, messageObjects.look, {
  /** Of the entry in AccessLog. */
  salt: bytes(32),
  signedRequest: bytes(),
  servedMs: uint,
  /** Those that were answered. */
  recordIds: list(recordId),
});
export type Look = Of<typeof look> & { readonly kind: 'look' };

/** One of the catalogue, as it travels. */
export const codeShape = mapped<string, Code>(
  text(64),
  (known) => known,
  (word, field) => {
    if (!isCode(word)) throw new CodedError('CBOR_SHAPE', { field });
    return word;
  },
);

/**
 * A read that the hospital refused; the look that never was. Of the request it holds the hash: what a reader writes into
 * his request must not fill the inbox of whom he asks about.
 */
const refusedRead = typed(suite, messageObjects.refusal, {
  /** Of the leaf in the hospital's BatchAnchor. */
  salt: bytes(32),
  reader: accountId,
  consent: consentId,
  code: codeShape,
  refusedMs: uint,
  /** SHA-256 of the signed request. */
  requestHash: bytes(32),
});
export type RefusedRead = Of<typeof refusedRead> & { readonly kind: 'refusal' };

/** How often one reader was refused in an hour, beyond what was told one by one. */
const refusalCount = typed(suite, messageObjects.refusalCount, {
  /** Of the leaf in the hospital's BatchAnchor. */
  salt: bytes(32),
  reader: accountId,
  /** '': he showed no relation to anybody here, and nobody is told. */
  consent: optionalConsent,
  count: uint,
  firstMs: uint,
  lastMs: uint,
});
export type RefusalCount = Of<typeof refusalCount> & { readonly kind: 'refusals' };

/** What is sealed to the patient before the entry goes to the ledger. */
export function encodeLook(stated: Omit<Look, 'kind'>): Uint8Array {
  return encodeAs(look, stated);
}

/** What is sealed to the patient of a read that was refused. */
export function encodeRefusal(refusal: Omit<RefusedRead, 'kind'>): Uint8Array {
  return encodeAs(refusedRead, refusal);
}

/** What is sealed to the patient of reads that were refused beyond those that were told one by one. */
export function encodeRefusalCount(counted: Omit<RefusalCount, 'kind'>): Uint8Array {
  return encodeAs(refusalCount, counted);
}

/** Of any kind. Throws CBOR_INVALID, CBOR_SHAPE, SUITE_UNKNOWN, TYPE_UNKNOWN. */
export function decodeLook(encoded: Uint8Array): Look | RefusedRead | RefusalCount {
  const object = decodeCbor(encoded);
  const type = readArray(object, 'object')[1];
  if (type === messageObjects.look) return { kind: 'look', ...look.decode(object, 'look') };
  if (type === messageObjects.refusalCount) {
    return { kind: 'refusals', ...refusalCount.decode(object, 'refusals') };
  }
  return { kind: 'refusal', ...refusedRead.decode(object, 'refusal') };
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
    refusal.requestHash,
  ]);
  return labelledHash(labels.refusalLeaf, refusal.salt, stated);
}

/**
 * The leaf content that counts what one caller was refused beyond the hourly limits: SHA-256(label ‖ 0x00 ‖
 * salt 32 ‖ CBOR[reader, consent or empty, count, first ms, last ms]).
 */
export function refusalCountLeafContent(counted: Omit<RefusalCount, 'kind'>): Uint8Array {
  const { salt, reader, consent, count, firstMs, lastMs } = counted;
  const about = optionalConsent.encode(consent);
  const stated = encodeCbor([idBytes(reader), about, count, firstMs, lastMs]);
  return labelledHash(labels.refusalLeaf, salt, stated);
}
