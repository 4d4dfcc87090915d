import { labelledHash } from '../../../crypto/hash.ts';
import { suite } from '../../../ledger/object-types.ts';
import { bytesToHex } from '../../../primitives/bytes.ts';
import { decodeCbor, readArray } from '../../../primitives/cbor.ts';
import {
  bytes,
  decodeAs,
  encodeAs,
  hexId,
  type Of,
  struct,
  typed,
} from '../../../primitives/shape.ts';
import { vitalsNames } from '../names.ts';
import { vitalsObjects } from './object-types.ts';
import { serverPlace } from './stat-answer.ts';

const answer = typed(suite, vitalsObjects.encryptedAnswer, {
  query: hexId(32),
  place: serverPlace,
  /** Which pages were added up. */
  selection: bytes(32),
  /** Of whom it is encrypted to: `paillierKeyId`. */
  key: hexId(32),
  ciphertext: bytes(768),
});
/** One server's part under the researcher's Paillier key, as it is given for ever. Source: vitals-paillier.md, VD-24. */
export type EncryptedAnswer = Of<typeof answer>;

export const encodeEncryptedAnswer = (value: EncryptedAnswer): Uint8Array =>
  encodeAs(answer, value);
/** Throws CBOR_INVALID, CBOR_SHAPE, SUITE_UNKNOWN, TYPE_UNKNOWN. */
export const decodeEncryptedAnswer = (encoded: Uint8Array): EncryptedAnswer =>
  decodeAs(answer, encoded);

/** Of an answer of either form: a signed statement is no sealed answer. Throws CBOR_INVALID. */
export const isEncryptedAnswer = (encoded: Uint8Array): boolean =>
  readArray(decodeCbor(encoded), 'answer')[1] !== vitalsObjects.statAnswer;

/** The name of a key, hex: of N and h alone, whatever proof stands beside them. Rule VD-21. */
export const paillierKeyId = (of: {
  readonly modulus: Uint8Array;
  readonly root: Uint8Array;
}): string => bytesToHex(labelledHash(vitalsNames.labels.paillierKey, of.modulus, of.root));

const encryptedAsked = struct({
  /** As it is put to a server for the other form. */
  question: bytes(),
  key: hexId(32),
});
/** What the statement `encrypted` holds. */
export type EncryptedAsked = Of<typeof encryptedAsked>;
export const encodeEncryptedAsked = (value: EncryptedAsked): Uint8Array =>
  encodeAs(encryptedAsked, value);
/** Throws CBOR_INVALID, CBOR_SHAPE. */
export const decodeEncryptedAsked = (encoded: Uint8Array): EncryptedAsked =>
  decodeAs(encryptedAsked, encoded);

/** The words of the statements. */
export const keyWord = 'paillier-key';
export const encryptedWord = 'encrypted';
