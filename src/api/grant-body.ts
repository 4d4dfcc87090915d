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
  idBytes,
  type RecordId,
  recordIdOf,
} from '../primitives/ids.ts';
import { parseRecordClass, type RecordClass } from './classes.ts';
import { messageObjects } from './object-types.ts';
import { type Purpose, parsePurpose } from './purposes.ts';
import { decodeObject } from './signed.ts';

/**
 * What a patient lets somebody do. The ledger has its salted hash alone; grantee, owner and whoever
 * enforces the grant have the body.
 *
 * CBOR `[suite, type, account 32, grantee 32, read classes, record ids 16 (none: all), fromMs, write
 * classes, purposes, conditions]`. `fromMs` counts the block time of the anchor; 0: all history.
 * Source: docs/protocol/reading.md, rule R-1.
 */
export interface GrantBody {
  readonly account: AccountId;
  readonly grantee: AccountId;
  readonly readClasses: readonly RecordClass[];
  readonly recordIds: readonly RecordId[];
  readonly fromMs: number;
  readonly writeClasses: readonly RecordClass[];
  readonly purposes: readonly Purpose[];
}

export const maxGrantRecords = 1_000;

export function encodeGrantBody(body: GrantBody): Uint8Array {
  return encodeCbor([
    suite,
    messageObjects.grantBody,
    idBytes(body.account),
    idBytes(body.grantee),
    body.readClasses,
    body.recordIds.map(idBytes),
    body.fromMs,
    body.writeClasses,
    body.purposes,
    [],
  ]);
}

/**
 * Throws CBOR_INVALID, CBOR_SHAPE, SUITE_UNKNOWN, TYPE_UNKNOWN, CLASS_UNKNOWN, PURPOSE_UNKNOWN, and
 * CONDITION_UNKNOWN for any condition: this version knows none, and what it does not know counts as no.
 */
export function decodeGrantBody(bytes: Uint8Array): GrantBody {
  const fields = decodeObject(bytes, messageObjects.grantBody, 8);
  if (readArray(fields[7], 'conditions').length > 0) throw new CodedError('CONDITION_UNKNOWN');
  const records = readArray(fields[3], 'record ids');
  if (records.length > maxGrantRecords) throw new CodedError('CBOR_SHAPE', { field: 'record ids' });
  return {
    account: accountIdOf(readBytes(fields[0], 'account', 32)),
    grantee: accountIdOf(readBytes(fields[1], 'grantee', 32)),
    readClasses: classesOf(fields[2], 'read classes'),
    recordIds: records.map((id) => recordIdOf(readBytes(id, 'record id', 16))),
    fromMs: readUint(fields[4], 'from'),
    writeClasses: classesOf(fields[5], 'write classes'),
    purposes: readArray(fields[6], 'purposes').map((it) =>
      parsePurpose(readText(it, 'purpose', 16)),
    ),
  };
}

/** SHA-256(label ‖ 0x00 ‖ salt 32 ‖ body): what ConsentGrant shows. */
export function grantBodyHash(salt: Uint8Array, body: Uint8Array): Uint8Array {
  return labelledHash(labels.consentBody, salt, body);
}

function classesOf(value: Cbor | undefined, field: string): readonly RecordClass[] {
  return readArray(value, field).map((it) => parseRecordClass(readText(it, field, 16)));
}
