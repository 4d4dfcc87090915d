import type { Card } from '../../api/card.ts';
import { displayName, nameKey } from '../../api/display-name.ts';
import { bytesOfText } from '../../api/message-parts.ts';
import { cardGet } from '../../api/routes/card-get.ts';
import { cardsPost } from '../../api/routes/cards-post.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import { type AccountId, parseAccountId } from '../../primitives/ids.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import type { WalletContent } from '../wallet/content.ts';
import { checkCard, readCard } from './card.ts';
import type { GrantTerms } from './grant.ts';

/** Somebody whose card the wallet holds. */
export interface KnownPerson {
  readonly nickname: string;
  readonly card: Card;
}

/** A grant as a person asks for it. */
export type GrantRequest = Omit<GrantTerms, 'grantee' | 'granteeName'> & {
  /** An account, or the nickname or name of somebody whose card the wallet holds. */
  readonly grantee: string;
};

/** Everybody whose card this wallet holds. Throws CARD_INVALID: the wallet keeps what was proven. */
export function knownPeople(content: WalletContent): readonly KnownPerson[] {
  return content.cards.map(({ nickname, card }) => ({ nickname, card: readCard(card).card }));
}

/** Keeps a card, once it is proven, in place of an older one. Throws CARD_INVALID, NAME_INVALID (the nickname). */
export async function keepCard(
  ctx: Context,
  card: Uint8Array,
  { nickname, signal }: WorkOptions & { readonly nickname?: string },
): Promise<Card> {
  const called = nickname === undefined ? undefined : displayName(nickname);
  const proven = await checkCard(ctx.ledger, card, signal);
  const held = { account: proven.account, nickname: called ?? proven.name, card };
  await ctx.writeDown((content) => ({
    ...content,
    cards: [...content.cards.filter((it) => it.account !== held.account), held],
  }));
  return proven;
}

/** From the hospital's directory of colleagues. Throws NOT_FOUND, CARD_INVALID, GATEWAY_LIED. */
export async function fetchCard(
  ctx: Context,
  account: AccountId,
  { signal }: WorkOptions,
): Promise<Card> {
  const signed = await ctx.gateway.call(cardGet, { params: { account }, signal });
  const card = await checkCard(ctx.ledger, bytesOfText(signed.card), signal);
  // A true card of somebody else would have the patient share with him.
  if (card.account !== account) throw new CodedError('GATEWAY_LIED', { account });
  return card;
}

/** A card that the hospital's directory gave, and its bytes to keep (`addCard`). */
export interface FoundCard {
  readonly card: Card;
  readonly bytes: Uint8Array;
}

/**
 * Who works at the hospital and carries this whole name; none: nobody does. Throws CARD_INVALID, GATEWAY_LIED (a true
 * card of somebody else).
 */
export async function fetchCardsOf(
  ctx: Context,
  name: string,
  { signal }: WorkOptions,
): Promise<readonly FoundCard[]> {
  const { cards } = await ctx.gateway.call(cardsPost, { body: { name }, signal });
  return Promise.all(
    cards.map(async (signed) => {
      const bytes = bytesOfText(signed);
      const card = await checkCard(ctx.ledger, bytes, signal);
      if (nameKey(card.name) !== nameKey(name)) {
        throw new CodedError('GATEWAY_LIED', { account: card.account });
      }
      return { card, bytes };
    }),
  );
}

/** An account by its id, or by the nickname or the name of a card. Throws PERSON_UNKNOWN. */
export function findPerson(
  content: WalletContent,
  who: string,
): { readonly account: AccountId; readonly name: string } {
  const named = knownPeople(content).filter(
    (it) => it.nickname === who || it.card.name === who || it.card.account === who,
  );
  const [only, another] = named;
  if (another !== undefined) throw new CodedError('PERSON_UNKNOWN', { matches: named.length });
  if (only !== undefined) return { account: only.card.account, name: only.card.name };
  try {
    const account = parseAccountId(who);
    return { account, name: `${account.slice(0, 8)}…` };
  } catch (error) {
    if (isCoded(error, 'ID_FORMAT')) throw new CodedError('PERSON_UNKNOWN', {}, error);
    throw error;
  }
}

/** Throws PERSON_UNKNOWN. */
export function termsOf(content: WalletContent, request: GrantRequest): GrantTerms {
  const { account, name } = findPerson(content, request.grantee);
  return { ...request, grantee: account, granteeName: name };
}
