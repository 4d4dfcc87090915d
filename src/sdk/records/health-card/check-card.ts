import { verifyEs256 } from '../../../crypto/es256.ts';
import { type HealthCard, readHealthCards } from './health-card.ts';
import { type IssuerKey, type IssuerKeys, noIssuerKeys } from './issuer-keys.ts';

/**
 * What is known of a card's signature.
 *
 * - `given-key`: it holds, by a key that the reader has from elsewhere · `own-key`: it fits a key in the same file, which
 *   proves that nothing was changed and not who signed · `issuer-unknown`: no key for it is here, so nothing was checked
 * - `wrong`: it does not fit its key · `other-issuer`: it fits a key that the reader knows to be somebody else's
 * - `other-method`: not ES256, so it was not checked
 */
export type SignatureState =
  | 'given-key'
  | 'own-key'
  | 'issuer-unknown'
  | 'wrong'
  | 'other-issuer'
  | 'other-method';

export interface CardVerdict {
  readonly signature: SignatureState;
  /** Whose the key is, where the file of keys says so. */
  readonly keyOf: string | undefined;
  readonly time: 'in-force' | 'expired' | 'not-yet';
  /** `not-checked`: no list of that key's revoked cards was given. */
  readonly revocation: 'revoked' | 'not-revoked' | 'not-checked';
}

export interface CheckedCard {
  readonly card: HealthCard;
  readonly verdict: CardVerdict;
}

/** The cards of one file with what is known of each. */
export interface CheckedCards {
  readonly cards: readonly CheckedCard[];
  readonly unreadable: readonly number[];
}

/**
 * Reads and checks the health cards of a file. Undefined: it holds none. Nothing is fetched: only keys count that were
 * given, or that lie in the file.
 *
 * Source: docs/protocol/items.md, rules I-46 and I-47.
 */
export async function checkHealthCards(
  file: { readonly bytes: Uint8Array; readonly mediaType: string },
  { issuerKeys = noIssuerKeys, nowMs }: { issuerKeys?: IssuerKeys | undefined; nowMs: number },
): Promise<CheckedCards | undefined> {
  const read = await readHealthCards(file);
  if (read === undefined) return undefined;
  const cards: CheckedCard[] = [];
  for (const card of read.cards) {
    const signature = await signatureOf(card, issuerKeys.keys, read.ownKeys);
    const verdict = {
      ...signature,
      time: timeOf(card, nowMs),
      revocation: revocationOf(card, issuerKeys),
    };
    cards.push({ card, verdict });
  }
  return { cards, unreadable: read.unreadable };
}

async function signatureOf(
  card: HealthCard,
  given: readonly IssuerKey[],
  own: readonly IssuerKey[],
): Promise<Pick<CardVerdict, 'signature' | 'keyOf'>> {
  if (card.algorithm !== 'ES256') return { signature: 'other-method', keyOf: undefined };
  const known = given.filter((it) => it.kid === card.kid);
  // One key may stand in several files, in one of them with its owner's address.
  const key =
    known.find((it) => it.issuer === card.issuer) ??
    known.find((it) => it.issuer === undefined) ??
    known[0];
  const used = key ?? own.find((it) => it.kid === card.kid);
  if (used === undefined) return { signature: 'issuer-unknown', keyOf: undefined };
  const keyOf = key?.issuerName ?? key?.issuer;
  if (!(await verifyEs256(used.publicKey, card.signedBytes, card.signature))) {
    return { signature: 'wrong', keyOf };
  }
  if (key === undefined) return { signature: 'own-key', keyOf };
  const isOther = key.issuer !== undefined && key.issuer !== card.issuer;
  return { signature: isOther ? 'other-issuer' : 'given-key', keyOf };
}

function timeOf({ issuedMs, expiresMs }: HealthCard, nowMs: number): CardVerdict['time'] {
  if (nowMs < issuedMs) return 'not-yet';
  return expiresMs !== undefined && expiresMs <= nowMs ? 'expired' : 'in-force';
}

/** `id` takes every card of this id back, `id.seconds` those that were issued before then. */
function revocationOf(card: HealthCard, { revoked }: IssuerKeys): CardVerdict['revocation'] {
  const lists = revoked.filter((it) => it.kid === card.kid);
  const { revocationId, issuedMs } = card;
  if (revocationId === undefined || lists.length === 0) return 'not-checked';
  const isRevoked = lists.some(({ ids }) =>
    ids.some((entry) => {
      const [id, seconds] = entry.split('.', 2);
      return id === revocationId && (seconds === undefined || issuedMs < Number(seconds) * 1000);
    }),
  );
  return isRevoked ? 'revoked' : 'not-revoked';
}
