import { labelledHash } from '../crypto/hash.ts';
import { labels } from '../crypto/labels.ts';
import { type Role, roles } from '../ledger/acts.ts';
import { suite } from '../ledger/object-types.ts';
import { type Cbor, encodeCbor, readBytes, readText } from '../primitives/cbor.ts';
import { CodedError } from '../primitives/errors.ts';
import { type AccountId, accountIdOf, idBytes } from '../primitives/ids.ts';
import { messageObjects } from './object-types.ts';
import { decodeObject } from './signed.ts';

/**
 * How people name each other: a name and role bound to an account by the organisation that enrolled it.
 * It travels as `[bytes, signature]` (label card/sign, by `organisationKey`, which the directory has for
 * `organisation`). Given by file, QR code or inbox; never on the ledger.
 *
 * CBOR `[suite, type, chain id, account 32, display name, role, organisation 32, licence, credential salt
 * 32, organisation's key 32]`; an empty licence: none. Source: docs/protocol/http.md, rule H-13.
 */
export interface Card {
  readonly chainId: string;
  readonly account: AccountId;
  readonly name: string;
  readonly role: Role;
  readonly organisation: AccountId;
  readonly licence: string;
  readonly credentialSalt: Uint8Array;
  readonly organisationKey: Uint8Array;
}

export const maxNameLength = 200;
export const maxLicenceLength = 100;

export function encodeCard(card: Card): Uint8Array {
  return encodeCbor([
    suite,
    messageObjects.card,
    card.chainId,
    idBytes(card.account),
    card.name,
    card.role,
    idBytes(card.organisation),
    card.licence,
    card.credentialSalt,
    card.organisationKey,
  ]);
}

/** Throws CBOR_INVALID, CBOR_SHAPE, SUITE_UNKNOWN, TYPE_UNKNOWN, ROLE_UNKNOWN. */
export function decodeCard(bytes: Uint8Array): Card {
  const fields = decodeObject(bytes, messageObjects.card, 8);
  return {
    chainId: readText(fields[0], 'chain id', 50),
    account: accountIdOf(readBytes(fields[1], 'account', 32)),
    name: readText(fields[2], 'name', maxNameLength),
    role: roleOf(fields[3]),
    organisation: accountIdOf(readBytes(fields[4], 'organisation', 32)),
    licence: readText(fields[5], 'licence', maxLicenceLength),
    credentialSalt: readBytes(fields[6], 'credential salt', 32),
    organisationKey: readBytes(fields[7], 'organisation key', 32),
  };
}

/** SHA-256(label ‖ 0x00 ‖ salt 32 ‖ CBOR[name, role, licence]): the `credentialHash` of Enrol. */
export function credentialHashOf(
  card: Pick<Card, 'name' | 'role' | 'licence' | 'credentialSalt'>,
): Uint8Array {
  const stated = encodeCbor([card.name, card.role, card.licence]);
  return labelledHash(labels.identityCredential, card.credentialSalt, stated);
}

function roleOf(value: Cbor | undefined): Role {
  const text = readText(value, 'role', 32);
  const role = roles.find((known) => known === text);
  if (role === undefined) throw new CodedError('ROLE_UNKNOWN');
  return role;
}
