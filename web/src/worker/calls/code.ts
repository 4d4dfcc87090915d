import { CodedError, formatCardLink, readCard, readCardText } from '@salus/salus/sdk/browser';
import type { Call } from '../call.ts';
import { type PersonView, peopleOf } from '../people.ts';
import { bufferOf, type SavedFile } from '../proof-view.ts';
import type { Session } from '../session.ts';
import { hospitalOf } from '../site.ts';

/** Somebody by a card that this wallet has proven and keeps. */
export interface CardView {
  readonly person: PersonView;
  /** Empty: none. */
  readonly licence: string;
  /** The wallet knows somebody else of the same name: hospital, role and licence tell them apart. */
  readonly isAnotherOfTheName: boolean;
}

/** One's own card, to give away: it opens nothing. */
export interface OwnCard {
  readonly name: string;
  readonly role: string;
  readonly hospital: string | undefined;
  /** As text, for a QR code or a message. */
  readonly link: string;
  readonly file: SavedFile;
}

const mine: Call<void, OwnCard> = async (session) => {
  const bytes = session.person.card(session.account.account);
  const { card } = readCard(bytes);
  const hospital = await hospitalOf(card.organisation).catch(() => undefined);
  return {
    name: card.name,
    role: card.role,
    hospital: hospital?.title,
    link: formatCardLink(bytes),
    file: {
      fileName: cardFileName(card.name),
      bytes: bufferOf(bytes),
    },
  };
};

export const cardFileName = (name: string): string =>
  `${name.replaceAll(/[^\p{L}\p{N}]+/gu, '-')}.card`;

export type GivenCard = { readonly text: string } | { readonly bytes: ArrayBuffer };

/** Proves a card that was pasted, scanned or chosen as a file, and keeps it. Throws CARD_INVALID. */
const read: Call<GivenCard, CardView> = async (session, given, { signal }) => {
  const bytes = 'text' in given ? readCardText(given.text) : cardOfFile(given.bytes);
  const { account } = await session.person.addCard(bytes, { ...session.as, signal });
  return cardView(session, account);
};

/**
 * Those who work at this person's hospital and carry this whole name, proven and kept. Throws PERSON_UNKNOWN: nobody
 * does.
 */
const find: Call<{ readonly name: string }, readonly CardView[]> = async (
  session,
  { name },
  { signal },
) => {
  const { person, as } = session;
  const options = { ...as, signal };
  const found = await person.findCards(name.trim(), options);
  if (found.length === 0) throw new CodedError('PERSON_UNKNOWN');
  for (const { bytes } of found) await person.addCard(bytes, options);
  return Promise.all(found.map(({ card }) => cardView(session, card.account)));
};

/** A file holds the card itself, or its link as text. */
function cardOfFile(file: ArrayBuffer): Uint8Array {
  const bytes = new Uint8Array(file);
  const text = new TextDecoder().decode(bytes.subarray(0, 16));
  return text.startsWith('salus:card') ? readCardText(new TextDecoder().decode(bytes)) : bytes;
}

export async function cardView(session: Session, account: string): Promise<CardView> {
  const personOf = await peopleOf(session, [account]);
  const person = personOf(account);
  const { cards } = session.person;
  const own = cards.find((it) => it.card.account === account);
  return {
    person,
    licence: own?.card.licence ?? '',
    isAnotherOfTheName: cards.some(
      ({ card }) => card.account !== account && card.name === person.name,
    ),
  };
}

export const codeCalls = { 'code.mine': mine, 'code.read': read, 'code.find': find };
