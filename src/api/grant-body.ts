import { labelledHash } from '../crypto/hash.ts';
import { labels } from '../crypto/labels.ts';
import { suite } from '../ledger/object-types.ts';
import { readArray } from '../primitives/cbor.ts';
import { CodedError } from '../primitives/errors.ts';
import {
  accountId,
  decodeAs,
  encodeAs,
  list,
  type Of,
  recordId,
  type Shape,
  typed,
  uint,
} from '../primitives/shape.ts';
import { type RecordClass, recordClass } from './classes.ts';
import { messageObjects } from './object-types.ts';
import { purpose } from './purposes.ts';

export const maxGrantRecords = 1_000;
/** A body with every class, purpose and record that it may name has less; whoever is shown one reads no more. */
export const maxGrantBodyBytes = 24 * 1024;

/** This version knows no condition, and what it does not know counts as no. */
const noConditions: Shape<readonly []> = {
  encode: (none) => none,
  decode(value, field) {
    if (readArray(value, field).length > 0) throw new CodedError('CONDITION_UNKNOWN');
    return [];
  },
};

/**
 * What a patient lets somebody do. The ledger has its salted hash alone; grantee, owner and whoever
 * enforces the grant have the body. Source: docs/protocol/reading.md, rule R-1.
 */
const grantBody = typed(suite, messageObjects.grantBody, {
  account: accountId,
  grantee: accountId,
  readClasses: list(recordClass),
  /** None: all records of the classes. */
  recordIds: list(recordId, { most: maxGrantRecords }),
  /** Counts the block time of the anchor; 0: all history. */
  fromMs: uint,
  writeClasses: list(recordClass),
  purposes: list(purpose),
  conditions: noConditions,
});
export type GrantBody = Omit<Of<typeof grantBody>, 'conditions'>;

/**
 * Whether a grant writes items of this class: of `private` too, as soon as it writes any. What such an item is
 * stands inside the seal, and its reader judges it. Source: docs/protocol/classes.md, K-7.
 */
export function mayWrite(
  { writeClasses }: Pick<GrantBody, 'writeClasses'>,
  recordClass: RecordClass,
): boolean {
  return recordClass === 'private' ? writeClasses.length > 0 : writeClasses.includes(recordClass);
}

/** What the ledger knows as a salted hash (`grantBodyHash`), and the grantee as a whole. */
export function encodeGrantBody(body: GrantBody): Uint8Array {
  return encodeAs(grantBody, { ...body, conditions: [] });
}

/**
 * Throws CBOR_INVALID, CBOR_SHAPE, SUITE_UNKNOWN, TYPE_UNKNOWN, CLASS_UNKNOWN, PURPOSE_UNKNOWN, and
 * CONDITION_UNKNOWN for any condition.
 */
export function decodeGrantBody(encoded: Uint8Array): GrantBody {
  const { conditions, ...body } = decodeAs(grantBody, encoded);
  return body;
}

/** SHA-256(label ‖ 0x00 ‖ salt 32 ‖ body): what ConsentGrant shows. */
export function grantBodyHash(salt: Uint8Array, body: Uint8Array): Uint8Array {
  return labelledHash(labels.consentBody, salt, body);
}
