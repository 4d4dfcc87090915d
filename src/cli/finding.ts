import { CodedError, isCoded } from '../primitives/errors.ts';
import type { AccountId, RecordId } from '../primitives/ids.ts';
import type { Card, WalletAccount } from '../sdk/index.ts';
import { type Acting, actingAccount, work } from './acting.ts';
import { type HomeCard, homeCards } from './cards.ts';
import { Choosing } from './choosing.ts';
import type { CommandContext } from './commands/command.ts';
import { NameBook } from './name-book.ts';
import type { Choice } from './refusal.ts';

/** Somebody whom a word may mean. */
interface Candidate {
  readonly account: AccountId;
  /** What else calls them: a nickname, or the name of a wallet on this machine. */
  readonly called: string;
  readonly card: Card;
  /** Of a wallet of this machine that is not in this wallet yet: proven and kept first. */
  readonly fromHome?: HomeCard;
}

/**
 * Somebody by nickname, name or account. Who has a wallet on this machine is known by its name: the public
 * card is proven and kept first. Throws PERSON_UNKNOWN (with those whose names are alike), AMBIGUOUS, CARD_INVALID.
 */
export async function findPerson(
  context: CommandContext,
  acting: Acting,
  who: string,
): Promise<AccountId> {
  const { person } = acting;
  const all = candidatesOf(acting);
  const named = all.filter((it) => isCalled(it, who));
  const found = new Map(named.map((it) => [it.account, it]));
  const [only, another] = found.values();
  if (another !== undefined) {
    throw new Choosing('AMBIGUOUS', choicesOf(context, acting, [...found.values()]));
  }
  if (only?.fromHome !== undefined) {
    const options = work(context, actingAccount(acting));
    const { bytes, name } = only.fromHome;
    return (await person.addCard(bytes, { ...options, nickname: name })).account;
  }
  if (only !== undefined) return only.account;
  try {
    return person.findPerson(who).account;
  } catch (error) {
    if (!isCoded(error, 'PERSON_UNKNOWN')) throw error;
    const alike = all.filter((it) => isAlike(it, who)).slice(0, 5);
    throw new Choosing('PERSON_UNKNOWN', choicesOf(context, acting, alike));
  }
}

/** Of a wallet's own cards, and of the first account of each wallet of this home. */
function candidatesOf({ person, home }: Acting): readonly Candidate[] {
  const own = person.cards.map(({ nickname, card }) => ({
    account: card.account,
    called: nickname,
    card,
  }));
  const kept = new Set(own.map((it) => it.account));
  const wallets = new Map<string, HomeCard>();
  for (const it of homeCards(home)) if (!wallets.has(it.name)) wallets.set(it.name, it);
  const here = [...wallets.values()].map((it) => ({
    account: it.card.account,
    called: it.name,
    card: it.card,
    ...(!kept.has(it.card.account) && { fromHome: it }),
  }));
  return [...own, ...here];
}

const isCalled = ({ called, card }: Candidate, who: string): boolean =>
  called === who || card.name === who || card.account === who;

function isAlike({ called, card }: Candidate, who: string): boolean {
  const word = who.toLowerCase();
  return [called, card.name].some((it) => it.toLowerCase().includes(word));
}

function choicesOf(
  context: CommandContext,
  acting: Acting,
  found: readonly Candidate[],
): readonly Choice[] {
  const names = new NameBook(context, acting);
  return found.map(({ card, called, account }) => ({
    name: card.name,
    called,
    role: card.role,
    hospital: names.nameOf(card.organisation),
    licence: card.licence,
    account,
  }));
}

/** The account of somebody, where the word means exactly one. */
export function accountOrUndefined(acting: Acting, who: string): AccountId | undefined {
  const found = new Set(
    candidatesOf(acting)
      .filter((it) => isCalled(it, who))
      .map((it) => it.account),
  );
  const [only, another] = found;
  return another === undefined ? only : undefined;
}

/** Of ids that are known, the one that the text is or begins. Undefined: none; throws AMBIGUOUS. */
export function pickId<Id extends string>(ids: readonly Id[], text: string): Id | undefined {
  const found = [...new Set(ids)].filter(
    (it) => it === text || (text.length >= 6 && it.startsWith(text)),
  );
  if (found.length > 1)
    throw new Choosing(
      'AMBIGUOUS',
      found.slice(0, 20).map((id) => ({ id })),
    );
  return found[0];
}

/** A full record id, or the beginning of one that is in the chart. Throws RECORD_UNKNOWN, AMBIGUOUS. */
export async function findRecord(
  context: CommandContext,
  acting: Acting,
  text: string,
): Promise<{ readonly recordId: RecordId; readonly account: WalletAccount }> {
  if (acting.accounts.length === 0) throw new CodedError('PERSON_NOT_ENROLLED');
  for (const account of acting.accounts) {
    const listed = await acting.person.listRecords(work(context, account));
    const recordId = pickId(
      listed.map((it) => it.recordId),
      text,
    );
    if (recordId !== undefined) return { recordId, account };
  }
  throw new CodedError('RECORD_UNKNOWN');
}
