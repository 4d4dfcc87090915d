import type { Card } from '../../api/card.ts';
import type { AccountId } from '../../primitives/ids.ts';
import * as people from '../grants/address-book.ts';
import type { AsAccount } from './acting.ts';
import { OwnAccount } from './own-account.ts';

/** Whom a person knows, by their cards. */
export abstract class KnownPeople extends OwnAccount {
  /** This person's own card, to give to others. Throws as `account()`. */
  card(as?: AccountId): Uint8Array {
    return this.account(as).card;
  }

  /** Keeps somebody's card under a nickname, once it is proven; returns what it says. Throws CARD_INVALID. */
  addCard(
    card: Uint8Array,
    options: AsAccount & { readonly nickname?: string } = {},
  ): Promise<Card> {
    return this.act(options, (ctx) => people.keepCard(ctx, card, options));
  }

  /**
   * A colleague's card from the hospital's directory, proven; patients are not in it.
   * Throws NOT_FOUND, CARD_INVALID.
   */
  findCard(account: AccountId, options: AsAccount = {}): Promise<Card> {
    return this.act(options, (ctx) => people.fetchCard(ctx, account, options));
  }

  /**
   * Colleagues who carry this whole name, from the hospital's directory, proven; `addCard` keeps one. Throws
   * CARD_INVALID.
   */
  findCards(name: string, options: AsAccount = {}): Promise<readonly people.FoundCard[]> {
    return this.act(options, (ctx) => people.fetchCardsOf(ctx, name, options));
  }

  /** Everybody whose card the wallet holds. */
  get cards(): readonly people.KnownPerson[] {
    return people.knownPeople(this.vault.content);
  }

  /** An account by its id, or by the nickname or the name of a card. Throws PERSON_UNKNOWN (none, or several). */
  findPerson(who: string): { readonly account: AccountId; readonly name: string } {
    return people.findPerson(this.vault.content, who);
  }
}
