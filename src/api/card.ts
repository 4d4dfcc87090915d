import { labelledHash } from '../crypto/hash.ts';
import { labels } from '../crypto/labels.ts';
import { suite } from '../ledger/object-types.ts';
import { type Role, roles } from '../ledger/roles.ts';
import { encodeCbor } from '../primitives/cbor.ts';
import { CodedError } from '../primitives/errors.ts';
import {
  accountId,
  bytes,
  decodeAs,
  encodeAs,
  type Of,
  parsed,
  text,
  typed,
} from '../primitives/shape.ts';
import { displayNameText, licenceText } from './display-name.ts';
import { messageObjects } from './object-types.ts';

/**
 * How people name each other: a name and role bound to an account by the organisation that enrolled it.
 * It travels as `[bytes, signature]` (label card/sign, by `organisationKey`, which the directory has for
 * `organisation`). Given by file, QR code or inbox; never on the ledger.
 * Source: docs/protocol/http.md, rule H-13.
 */
const card = typed(suite, messageObjects.card, {
  chainId: text(50),
  account: accountId,
  name: displayNameText,
  role: parsed(parseRole, 32),
  organisation: accountId,
  /** Empty: none. */
  licence: licenceText,
  credentialSalt: bytes(32),
  organisationKey: bytes(32),
});
export type Card = Of<typeof card>;

/** What the organisation signs; then it travels as `signed.ts` says. */
export function encodeCard(stated: Card): Uint8Array {
  return encodeAs(card, stated);
}

/** Throws CBOR_INVALID, CBOR_SHAPE, SUITE_UNKNOWN, TYPE_UNKNOWN, ROLE_UNKNOWN, NAME_INVALID. */
export function decodeCard(encoded: Uint8Array): Card {
  return decodeAs(card, encoded);
}

/** SHA-256(label ‖ 0x00 ‖ salt 32 ‖ CBOR[name, role, licence]): the `credentialHash` of Enrol. */
export function credentialHashOf(
  stated: Pick<Card, 'name' | 'role' | 'licence' | 'credentialSalt'>,
): Uint8Array {
  const { name, role, licence, credentialSalt } = stated;
  return labelledHash(labels.identityCredential, credentialSalt, encodeCbor([name, role, licence]));
}

function parseRole(word: string): Role {
  const role = roles.find((known) => known === word);
  if (role === undefined) throw new CodedError('ROLE_UNKNOWN');
  return role;
}
