import { decodeGrantBody, type GrantBody, grantBodyHash } from '../../api/grant-body.ts';
import { messageObjects } from '../../api/object-types.ts';
import { decodeSigned, encodeSigned } from '../../api/signed.ts';
import { labels } from '../../crypto/labels.ts';
import { type SigningKey, signLabelled, verifyLabelled } from '../../crypto/signature.ts';
import { suite } from '../../ledger/object-types.ts';
import type { Consent } from '../../ledger/tables/consents.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { AccountId } from '../../primitives/ids.ts';
import {
  bytes,
  consentId,
  decodeAs,
  encodeAs,
  type Of,
  optionalBytes,
  typedTailed,
  uint,
} from '../../primitives/shape.ts';
import { firstGenerations, generations } from '../wallet/generations.ts';
import { receivedLimits } from './received-room.ts';

/**
 * What a patient tells the grantee and nobody else: which grant is his, what it allows, and the keys by
 * which he finds his envelopes and signs what he writes.
 *
 * Travels as `[bytes, owner's signature]` (label letter/sign), sealed to the grantee's KEM key (label
 * letter/seal, context [grantee]). Source: docs/protocol/grants.md, G-4.
 */
const letterObject = typedTailed(
  suite,
  messageObjects.letter,
  {
    consent: consentId,
    body: bytes(),
    salt: bytes(32),
    tagKey: bytes(32),
    /** Empty: the grant does not allow writing. */
    writeSeed: optionalBytes(32),
    notBeforeMs: uint,
    notAfterMs: uint,
    /** Or empty. The hospital never hands out a patient's card: she gives it herself. */
    ownerCard: bytes(),
  },
  // Which of several letters of one grant counts: rule G-14.
  { tail: generations, none: firstGenerations },
);
export type Letter = Of<typeof letterObject>;

/**
 * As it is sealed into a message (`client/messages.ts`): the letter and its owner's signature.
 * Throws GRANT_TOO_LARGE: no grantee would take it.
 */
export async function signLetter(owner: SigningKey, letter: Letter): Promise<Uint8Array> {
  const encoded = encodeAs(letterObject, letter);
  const signature = await signLabelled(owner, labels.letterSign, encoded);
  const signed = encodeSigned({ bytes: encoded, signature });
  if (isOversize(signed, letter)) throw new CodedError('GRANT_TOO_LARGE', { bytes: signed.length });
  return signed;
}

/** Larger than a letter, or the card in it, may be: the same for who writes and who reads. */
function isOversize(signed: Uint8Array, { ownerCard }: Letter): boolean {
  return signed.length > receivedLimits.letterBytes || ownerCard.length > receivedLimits.cardBytes;
}

/** A letter as it was read: nothing of it is true before `checkLetter`. */
export interface ReadLetter {
  readonly letter: Letter;
  readonly body: GrantBody;
  readonly bytes: Uint8Array;
  readonly signature: Uint8Array;
}

/**
 * Throws BODY_TOO_LARGE, CBOR_*, SUITE_UNKNOWN, TYPE_UNKNOWN, CLASS_UNKNOWN, PURPOSE_UNKNOWN,
 * CONDITION_UNKNOWN.
 */
export function readLetter(signedLetter: Uint8Array): ReadLetter {
  const maxBytes = receivedLimits.letterBytes;
  if (signedLetter.length > maxBytes) throw new CodedError('BODY_TOO_LARGE', { maxBytes });
  const signed = decodeSigned(signedLetter);
  const letter = decodeAs(letterObject, signed.bytes);
  if (isOversize(signedLetter, letter)) {
    throw new CodedError('BODY_TOO_LARGE', { maxBytes: receivedLimits.cardBytes });
  }
  return { letter, body: decodeGrantBody(letter.body), ...signed };
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
