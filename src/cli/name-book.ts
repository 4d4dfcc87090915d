import { parseAccountId } from '../primitives/ids.ts';
import { readCard } from '../sdk/index.ts';
import { localHospitals } from '../server/desk.ts';
import { type Acting, work } from './acting.ts';
import { homeCards } from './cards.ts';
import type { CommandContext } from './commands/command.ts';
import { short } from './format.ts';
import { unlessInterrupted } from './output.ts';

/**
 * Names for accounts, as they stand on their cards: of this wallet, of this home, and of the hospital's directory. Where
 * two that are known carry one name, the hospital or the account tells them apart.
 */
export class NameBook {
  readonly #names = new Map<string, string>();
  readonly #hospitals = new Map<string, string>();
  /** Who is not in the directory is not asked for again. */
  readonly #asked = new Set<string>();
  readonly #acting: Acting;
  readonly #context: CommandContext;

  constructor(context: CommandContext, acting: Acting) {
    this.#acting = acting;
    this.#context = context;
    const { person, home } = acting;
    for (const { account, title } of localHospitals(home)) this.#names.set(account, title);
    for (const it of person.accounts) this.#names.set(it.organisation, it.organisationName);
    for (const { card } of [...homeCards(home), ...person.cards]) this.#keep(card);
    for (const { account, card } of person.accounts) {
      if (card.length > 0) this.#keep(readCard(card).card);
      else this.#names.set(account, person.name);
    }
  }

  #keep(card: { readonly account: string; readonly name: string; readonly organisation: string }) {
    this.#names.set(card.account, card.name);
    this.#hospitals.set(card.account, card.organisation);
  }

  /** Undefined: nobody here knows them. */
  find(account: string): string | undefined {
    const name = this.#names.get(account);
    if (name === undefined) return undefined;
    const isShared = [...this.#names].some(([other, its]) => its === name && other !== account);
    if (!isShared) return name;
    const hospital = this.#names.get(this.#hospitals.get(account) ?? '');
    return `${name} (${hospital === undefined ? short(account) : `${hospital}, ${short(account)}`})`;
  }

  nameOf(account: string): string {
    return this.find(account) ?? `${short(account)}…`;
  }

  /** Asks the hospital's directory for those that are not known; patients are not in it. */
  async learn(accounts: Iterable<string>): Promise<void> {
    const [account] = this.#acting.accounts;
    if (account === undefined) return;
    const options = work(this.#context, account);
    for (const it of new Set(accounts)) {
      if (this.#names.has(it) || this.#asked.has(it)) continue;
      this.#asked.add(it);
      const { person } = this.#acting;
      const card = await person.findCard(parseAccountId(it), options).catch(unlessInterrupted);
      if (card !== undefined) this.#keep(card);
    }
  }
}
