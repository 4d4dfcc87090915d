import { recordClass } from '../../../api/classes.ts';
import { labelledHash } from '../../../crypto/hash.ts';
import { suite } from '../../../ledger/object-types.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { type AccountId, idBytes, type RecordId } from '../../../primitives/ids.ts';
import {
  accountId,
  bytes,
  checked,
  decodeAs,
  encodeAs,
  hexId,
  list,
  type Of,
  recordId,
  struct,
  text,
  typed,
} from '../../../primitives/shape.ts';
import { vitalsNames } from '../names.ts';
import { vitalsObjects } from './object-types.ts';

/**
 * The second half of a doubly encrypted record's key, in three shares that add up to it modulo 2^256. Source:
 * docs/protocol/vitals-double.md.
 */

const lock = typed(suite, vitalsObjects.doubleLock, {
  /** Three different ones. */
  servers: checked(list(accountId, { least: 3, most: 3 }), (servers, field) => {
    if (new Set(servers).size !== 3) throw new CodedError('CBOR_SHAPE', { field });
  }),
  /** `commitmentTo` each share, in the order of the servers, and to the half. */
  commitments: list(bytes(32), { least: 3, most: 3 }),
  whole: bytes(32),
});
/** Where the shares are: what a header says. Rule DE-3. */
export type DoubleLock = Of<typeof lock>;
export const encodeLock = (value: DoubleLock): Uint8Array => encodeAs(lock, value);

/** Undefined: it is another's lock, or a later one. */
export function lockIn(encoded: Uint8Array): DoubleLock | undefined {
  try {
    return decodeAs(lock, encoded, 'lock');
  } catch {
    return undefined;
  }
}

/** Of a share at one place, 1 to 3, or of the half, place 0. Rule DE-2. */
export const commitmentTo = (
  of: { readonly account: AccountId; readonly recordId: RecordId; readonly place: number },
  secret: Uint8Array,
): Uint8Array =>
  labelledHash(
    vitalsNames.labels.halfCommitment,
    ...[idBytes(of.account), idBytes(of.recordId), Uint8Array.of(of.place), secret],
  );

const deposit = struct({
  recordId,
  recordClass,
  /** 1 to 3, and what the lock says of it: the server tells by it that its share is whole. */
  place: checked(bytes(1), ([place = 0], field) => {
    if (place < 1 || place > 3) throw new CodedError('CBOR_SHAPE', { field });
  }),
  commitment: bytes(32),
  /** To the server's key, label `half`, context [patient, record id]: the share, 32 bytes. */
  sealed: bytes(),
});
/** What the statement `half` holds. Rule DE-4. */
export type HalfDeposit = Of<typeof deposit>;
export const encodeDeposit = (value: HalfDeposit): Uint8Array => encodeAs(deposit, value);
/** Throws CBOR_INVALID, CBOR_SHAPE, CLASS_UNKNOWN. */
export const decodeDeposit = (encoded: Uint8Array): HalfDeposit => decodeAs(deposit, encoded);

const asked = struct({
  chainId: text(50),
  /** Whose record. */
  account: accountId,
  recordId,
  /** The receipt of a look that names it, with the claim that opens its entry; empty: the owner asks. */
  look: bytes(),
  /** The asker's Paillier key. */
  key: hexId(32),
});
/** What the statement `half-asked` holds. Rule DE-6. */
export type HalfAsked = Of<typeof asked>;
export const encodeHalfAsked = (value: HalfAsked): Uint8Array => encodeAs(asked, value);
/** Throws CBOR_INVALID, CBOR_SHAPE. */
export const decodeHalfAsked = (encoded: Uint8Array): HalfAsked => decodeAs(asked, encoded);

const given = struct({
  /** SHA-256 of the signed request. */
  request: bytes(32),
  ciphertext: bytes(768),
});
/** What the statement `half-given` of a data server holds. */
export type HalfGiven = Of<typeof given>;
export const encodeHalfGiven = (value: HalfGiven): Uint8Array => encodeAs(given, value);
/** Throws CBOR_INVALID, CBOR_SHAPE. */
export const decodeHalfGiven = (encoded: Uint8Array): HalfGiven => decodeAs(given, encoded);

/** The words of the statements. */
export const halfWords = { keep: 'half', ask: 'half-asked', give: 'half-given' } as const;
