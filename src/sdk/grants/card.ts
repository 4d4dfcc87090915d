import { type Card, credentialHashOf, decodeCard } from '../../api/card.ts';
import { decodeSigned } from '../../api/signed.ts';
import { labels } from '../../crypto/labels.ts';
import { verifyLabelled } from '../../crypto/signature.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { ProvenLedger } from '../ledger/proven-ledger.ts';

/**
 * Who a card names, once it is proven: signed by a key of the organisation that enrolled the account, on
 * this ledger, with the name and role that Enrol committed to.
 *
 * Throws CARD_INVALID. Source: docs/protocol/http.md, rule H-13.
 */
export async function checkCard(
  ledger: ProvenLedger,
  signedCard: Uint8Array,
  signal?: AbortSignal,
): Promise<Card> {
  const { card, bytes, signature } = readCard(signedCard);
  const { account, organisation } = card;
  const invalid = (reason: string): CodedError =>
    new CodedError('CARD_INVALID', { account, reason });
  if (card.chainId !== ledger.trustRoot.chain) throw invalid('chain');
  const row = await ledger.account(account, signal);
  if (row === undefined) throw invalid('account');
  if (row.organisation !== organisation || row.role !== card.role) throw invalid('account');
  const { height } = ledger.tip;
  const [keys, known] = await Promise.all([
    ledger.keys(account, signal),
    ledger.identityOfKey(organisation, card.organisationKey, height, signal),
  ]);
  if (known === undefined) throw invalid('organisation');
  if (!(await verifyLabelled(card.organisationKey, labels.cardSign, bytes, signature))) {
    throw invalid('signature');
  }
  if (!equalBytes(credentialHashOf(card), keys.credentialHash)) throw invalid('credential');
  return card;
}

/** What a card says, unproven. Throws CARD_INVALID. */
export function readCard(signedCard: Uint8Array): {
  readonly card: Card;
  readonly bytes: Uint8Array;
  readonly signature: Uint8Array;
} {
  try {
    const { bytes, signature } = decodeSigned(signedCard);
    return { card: decodeCard(bytes), bytes, signature };
  } catch (cause) {
    if (!isCoded(cause)) throw cause;
    throw new CodedError('CARD_INVALID', { reason: 'encoding' }, cause);
  }
}
