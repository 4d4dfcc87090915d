import type { Code } from '../codes/index.ts';
import { readText } from '../primitives/cbor.ts';
import { CodedError } from '../primitives/errors.ts';
import {
  type AccountId,
  accountIdOf,
  type ConsentId,
  consentIdOf,
  idBytes,
} from '../primitives/ids.ts';
import { bytes, oneOf, optionalBytes, type Shape, struct, uint } from '../primitives/shape.ts';

/** The fields that acts, rows and the genesis have in common. Source: docs/protocol/acts.md, state.md. */

/** SHA-256. */
export const hash = bytes(32);
/** SHA-256, or empty: none. */
export const optionalHash = optionalBytes(32);
/** An Ed25519 public key. */
export const signKey = bytes(32);
/** An Ed25519 public key, or empty: none. */
export const optionalSignKey = optionalBytes(32);

const optionalConsentBytes = optionalBytes(16);
const none = new Uint8Array(0);

/** A grant, or '' (no bytes): the owner. */
export const optionalConsent: Shape<ConsentId | ''> = {
  encode: (consent) => (consent === '' ? none : idBytes(consent)),
  decode(value, field) {
    const read = optionalConsentBytes.decode(value, field);
    return read.length === 0 ? '' : consentIdOf(read);
  },
};

const optionalAccountBytes = optionalBytes(32);

/** An account, or '' (no bytes): nobody in particular. */
export const optionalAccount: Shape<AccountId | ''> = {
  encode: (account) => (account === '' ? none : idBytes(account)),
  decode(value, field) {
    const read = optionalAccountBytes.decode(value, field);
    return read.length === 0 ? '' : accountIdOf(read);
  },
};

/** One of a list of words; another word is refused with a code of its own, what is no word with CBOR_SHAPE. */
export const word = <T extends string>(words: readonly T[], code: Code): Shape<T> => ({
  encode: (value) => value,
  decode(value, field) {
    const read = readText(value, field, 32);
    const found = words.find((known) => known === read);
    if (found === undefined) throw new CodedError(code, { field });
    return found;
  },
});

const logNames = ['user', 'doc'] as const;
/** Userchain and Docchain: own acts, own readers, own tree heads. */
export type LogName = (typeof logNames)[number];
export const logName = oneOf(logNames);

/** `validFromMs` 0, allowed for the first of a KeySet alone, means: from this block. */
export const scheduledEpoch = struct({ epoch: uint, validFromMs: uint });
export type ScheduledEpoch = { readonly epoch: number; readonly validFromMs: number };
