import { type AccountId, type Card, isCoded, readCard } from '@salus/salus/sdk/browser';
import { reach } from './reach.ts';
import { keepSeen, seenBefore } from './seen.ts';
import type { Session } from './session.ts';
import { hospitalOf } from './site.ts';

/** Somebody as a card says who they are; without one nobody guesses a name. */
export interface PersonView {
  readonly account: string;
  /** Undefined: no card that is proven here carries a name. */
  readonly name: string | undefined;
  readonly initials: string;
  readonly role: string | undefined;
  /** Title of the hospital that vouches; undefined: not known either. */
  readonly hospital: string | undefined;
  readonly isMe: boolean;
}

/** Two letters: of the first and the last word, titles left out. */
export function initialsOf(name: string): string {
  const words = name
    .split(/\s+/u)
    .filter((it) => it !== '' && !/^(dr|prof|mr|ms|mrs)\.?$/iu.test(it));
  const picked = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return picked
    .map((it) => Array.from(it ?? '')[0] ?? '')
    .join('')
    .toUpperCase();
}

/** What of a card is shown; of somebody whom a directory named it is kept, for when nobody can be asked. */
type SaidCard = Pick<Card, 'name' | 'role' | 'organisation'>;

const saidOf = ({ name, role, organisation }: Card): SaidCard => ({ name, role, organisation });
const wordOf = (account: string): string => `card ${account}`;

async function takeRemembered(
  session: Session,
  accounts: readonly string[],
  found: Map<string, SaidCard>,
): Promise<void> {
  for (const account of accounts) {
    const seen = await seenBefore<SaidCard>(session, wordOf(account));
    if (seen !== undefined) found.set(account, seen.value);
  }
}

const asked = new WeakMap<object, Map<string, Promise<Card | undefined>>>();

/**
 * Names for accounts: of this wallet's cards, and of the hospital's directory of colleagues, where patients are not. Who
 * is not found is asked for once a session.
 */
export async function peopleOf(
  session: Session,
  accounts: Iterable<string>,
): Promise<(account: string) => PersonView> {
  const { person } = session;
  const found = new Map<string, SaidCard>();
  for (const { card } of person.cards) found.set(card.account, card);
  const own = new Set<string>(person.accounts.map((it) => it.account));
  for (const { card } of person.accounts) {
    if (card.length === 0) continue;
    const read = readCard(card).card;
    found.set(read.account, read);
  }
  const before = asked.get(person) ?? new Map<string, Promise<Card | undefined>>();
  asked.set(person, before);
  const unknown = [...new Set(accounts)].filter((it) => !found.has(it));
  if (reach.isAway) await takeRemembered(session, unknown, found);
  for (const account of reach.isAway ? [] : unknown) {
    const asking =
      before.get(account) ??
      person.findCard(account as AccountId, session.as).catch((error: unknown) => {
        // Somebody whom no directory has stays unknown; a hospital that does not answer is asked again.
        if (!isCoded(error, 'NOT_FOUND')) before.delete(account);
        return undefined;
      });
    before.set(account, asking);
    const card = await asking;
    if (card === undefined) continue;
    found.set(account, card);
    void keepSeen(session, { of: person, word: wordOf(account), value: saidOf(card) });
  }
  const titles = new Map<string, string | undefined>();
  for (const { organisation } of found.values()) {
    titles.set(organisation, (await hospitalOf(organisation).catch(() => undefined))?.title);
  }
  return (account) => {
    const card = found.get(account);
    return {
      account,
      name: card?.name,
      initials: card === undefined ? '?' : initialsOf(card.name),
      role: card?.role,
      hospital: card === undefined ? undefined : titles.get(card.organisation),
      isMe: own.has(account),
    };
  };
}
