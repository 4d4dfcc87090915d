import { decodeGrantBody, type GrantBody, grantBodyHash } from '../../api/grant-body.ts';
import { objectTypes } from '../../api/object-types.ts';
import { decodeObject, decodeSigned, encodeSigned } from '../../api/signed.ts';
import { labels } from '../../crypto/labels.ts';
import { type SigningKey, signLabelled, verifyLabelled } from '../../crypto/signature.ts';
import { suite } from '../../ledger/object-types.ts';
import type { Consent } from '../../ledger/state.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { encodeCbor, readBytes, readOptionalBytes, readUint } from '../../primitives/cbor.ts';
import { CodedError } from '../../primitives/errors.ts';
import { type AccountId, type ConsentId, consentIdOf, idBytes } from '../../primitives/ids.ts';

/**
 * What a patient tells the grantee and nobody else: which grant is his, what it allows, and the keys by
 * which he finds his envelopes and signs what he writes.
 *
 * CBOR `[suite, type, consent 16, body, salt 32, tag key 32, write seed 32 or empty, notBeforeMs,
 * notAfterMs, owner's card or empty]`; travels as `[bytes, owner's signature]` (label letter/sign), sealed
 * to the grantee's KEM key (label letter/seal, context [grantee]). Source: docs/protocol/grants.md, G-4.
 */
export interface Letter {
  readonly consent: ConsentId;
  readonly body: Uint8Array;
  readonly salt: Uint8Array;
  readonly tagKey: Uint8Array;
  readonly writeSeed: Uint8Array;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** The hospital never hands out a patient's card: she gives it herself. */
  readonly ownerCard: Uint8Array;
}

/** As it is sealed into a message (`client/messages.ts`): the letter and its owner's signature. */
export async function signLetter(owner: SigningKey, letter: Letter): Promise<Uint8Array> {
  const bytes = encodeCbor([
    suite,
    objectTypes.letter,
    idBytes(letter.consent),
    letter.body,
    letter.salt,
    letter.tagKey,
    letter.writeSeed,
    letter.notBeforeMs,
    letter.notAfterMs,
    letter.ownerCard,
  ]);
  return encodeSigned({ bytes, signature: await signLabelled(owner, labels.letterSign, bytes) });
}

/** A letter as it was read: nothing of it is true before `checkLetter`. */
export interface ReadLetter {
  readonly letter: Letter;
  readonly body: GrantBody;
  readonly bytes: Uint8Array;
  readonly signature: Uint8Array;
}

/** Throws CBOR_*, SUITE_UNKNOWN, TYPE_UNKNOWN, CLASS_UNKNOWN, PURPOSE_UNKNOWN, CONDITION_UNKNOWN. */
export function readLetter(signedLetter: Uint8Array): ReadLetter {
  const { bytes, signature } = decodeSigned(signedLetter);
  const fields = decodeObject(bytes, objectTypes.letter, 8);
  const letter: Letter = {
    consent: consentIdOf(readBytes(fields[0], 'consent', 16)),
    body: readBytes(fields[1], 'body'),
    salt: readBytes(fields[2], 'salt', 32),
    tagKey: readBytes(fields[3], 'tag key', 32),
    writeSeed: readOptionalBytes(fields[4], 'write seed', 32),
    notBeforeMs: readUint(fields[5], 'notBefore'),
    notAfterMs: readUint(fields[6], 'notAfter'),
    ownerCard: readBytes(fields[7], 'owner card'),
  };
  return { letter, body: decodeGrantBody(letter.body), bytes, signature };
}

/** What the ledger says about a letter: its consent, and the owner's signing keys. */
export interface LetterFacts {
  readonly grantee: AccountId;
  readonly consent: Consent | undefined;
  /** Every key the owner's account had at the grant's height or has now. */
  readonly ownerKeys: readonly Uint8Array[];
}

/**
 * Whether the letter is the owner's and says what the ledger says; anybody may put bytes into an inbox.
 *
 * Throws CONSENT_UNKNOWN, GRANT_BODY_WRONG (body, times, account or grantee differ), SIGNATURE_WRONG.
 */
export async function checkLetter(read: ReadLetter, facts: LetterFacts): Promise<void> {
  const { letter, body } = read;
  const { consent } = facts;
  if (consent === undefined) throw new CodedError('CONSENT_UNKNOWN', { consent: letter.consent });
  const matches =
    equalBytes(grantBodyHash(letter.salt, letter.body), consent.bodyHash) &&
    body.account === consent.account &&
    body.grantee === facts.grantee &&
    letter.notBeforeMs === consent.notBeforeMs &&
    letter.notAfterMs === consent.notAfterMs;
  if (!matches) throw new CodedError('GRANT_BODY_WRONG', { consent: letter.consent });
  for (const key of facts.ownerKeys) {
    if (await verifyLabelled(key, labels.letterSign, read.bytes, read.signature)) return;
  }
  throw new CodedError('SIGNATURE_WRONG', { consent: letter.consent });
}
