import { bytesToHex, hexToBytes } from './bytes.ts';
import { CodedError } from './errors.ts';

/**
 * The names of things. Ids travel as bytes inside CBOR and as lower-case hex in JSON, on screens and
 * as keys of maps; these types are the hex form. Only the functions of this file make one from
 * untrusted text, and only `idOf` from bytes of the right length.
 */
declare const brand: unique symbol;
type Brand<Name extends string> = string & { readonly [brand]: Name };

/** 32 bytes: SHA-256 over suite and first signing key; survives key rotation. */
export type AccountId = Brand<'AccountId'>;
/** 16 random bytes. */
export type ConsentId = Brand<'ConsentId'>;
/** 16 random bytes. */
export type RecordId = Brand<'RecordId'>;
/** 32 bytes: SHA-256 of the transaction as it travels. */
export type TxId = Brand<'TxId'>;
/** 32 bytes: CometBFT header hash. */
export type HeaderHash = Brand<'HeaderHash'>;
/** CIDv1 text in base32, 59 characters, importer profile unixfs-v1-2025. */
export type BlobId = Brand<'BlobId'>;

function parseHex(text: unknown, bytes: number, field: string): string {
  if (typeof text !== 'string' || text.length !== 2 * bytes || !/^[0-9a-f]+$/.test(text)) {
    throw new CodedError('ID_FORMAT', { field, expectedHexDigits: 2 * bytes });
  }
  return text;
}

/** 64 lower-case hex digits. Throws ID_FORMAT, as each of these. */
export const parseAccountId = (text: unknown): AccountId =>
  parseHex(text, 32, 'account') as AccountId;
/** 32 digits. */
export const parseConsentId = (text: unknown): ConsentId =>
  parseHex(text, 16, 'consent') as ConsentId;
/** 32 digits. */
export const parseRecordId = (text: unknown): RecordId => parseHex(text, 16, 'record') as RecordId;
/** 64 digits. */
export const parseTxId = (text: unknown): TxId => parseHex(text, 32, 'tx') as TxId;
/** 64 digits. */
export const parseHeaderHash = (text: unknown): HeaderHash =>
  parseHex(text, 32, 'header hash') as HeaderHash;

/** CIDv1, base32 lower case, raw (0x55) or dag-pb (0x70), SHA-256: 'bafkrei…' or 'bafybei…'. */
export function parseBlobId(text: unknown): BlobId {
  if (typeof text !== 'string' || !/^baf(kre|ybe)i[a-h][a-z2-7]{50}[aeimquy4]$/.test(text)) {
    throw new CodedError('ID_FORMAT', { field: 'blob' });
  }
  return text as BlobId;
}

/** Without the digits being looked at again: they are our own. */
function hexOf(bytes: Uint8Array, length: number, field: string): string {
  if (bytes.length !== length) {
    throw new CodedError('ID_FORMAT', { field, expectedHexDigits: 2 * length });
  }
  return bytesToHex(bytes);
}

/** From 32 bytes. Throws ID_FORMAT, as each of these. */
export const accountIdOf = (bytes: Uint8Array): AccountId =>
  hexOf(bytes, 32, 'account') as AccountId;
/** From 16 bytes. */
export const consentIdOf = (bytes: Uint8Array): ConsentId =>
  hexOf(bytes, 16, 'consent') as ConsentId;
/** From 16 bytes. */
export const recordIdOf = (bytes: Uint8Array): RecordId => hexOf(bytes, 16, 'record') as RecordId;
/** From 32 bytes. */
export const txIdOf = (bytes: Uint8Array): TxId => hexOf(bytes, 32, 'tx') as TxId;
/** From 32 bytes. */
export const headerHashOf = (bytes: Uint8Array): HeaderHash =>
  hexOf(bytes, 32, 'header hash') as HeaderHash;

/** The bytes of any hex id. */
export function idBytes(id: AccountId | ConsentId | RecordId | TxId | HeaderHash): Uint8Array {
  const bytes = hexToBytes(id);
  if (bytes === undefined) throw new CodedError('ID_FORMAT', { field: 'id' });
  return bytes;
}
