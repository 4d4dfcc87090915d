import { bytesToHex } from '../../../../primitives/bytes.ts';
import type { Attributes, Cohort } from '../../api/cohort.ts';
import { isInCohort } from '../../api/cohort.ts';
import { attributesOf } from '../../api/registration.ts';
import type { PageStore } from '../stores/page-store.ts';
import { registrationIn } from './registering.ts';

/** What of a registration says whether its patient is meant. */
interface Person {
  readonly datasets: readonly string[];
  readonly attributes: Attributes;
}

/** Who is registered, kept in memory; what changed in the store is read before each look. */
export class RegisteredPeople {
  readonly #store: PageStore;
  readonly #byPseudonym = new Map<string, Person>();
  readonly #pseudonyms = new Map<string, string>();
  #place = 0;

  constructor(store: PageStore) {
    this.#store = store;
  }

  /** Reads what changed; the same number again: nothing did. */
  async newest(): Promise<number> {
    await this.#catchUp();
    return this.#place;
  }

  /** Who of one dataset fits, asked by pseudonym in hex; as of the last `newest`. */
  meant(dataset: string, cohort: Cohort): (pseudonym: string) => boolean {
    return (pseudonym) => {
      const person = this.#byPseudonym.get(pseudonym);
      if (person === undefined || !person.datasets.includes(dataset)) return false;
      return isInCohort(cohort, person.attributes);
    };
  }

  async isInDataset(account: string, dataset: string): Promise<boolean> {
    await this.#catchUp();
    const person = this.#byPseudonym.get(this.#pseudonyms.get(account) ?? '');
    return person?.datasets.includes(dataset) ?? false;
  }

  async #catchUp(): Promise<void> {
    for (const it of await this.#store.registrationsSince(this.#place)) {
      const person = registrationIn(it.signed);
      const name = bytesToHex(it.pseudonym);
      const { datasets } = person;
      // An account stands under one.
      const before = this.#pseudonyms.get(it.account);
      if (before !== undefined && before !== name) this.#byPseudonym.delete(before);
      this.#byPseudonym.set(name, { datasets, attributes: attributesOf(person) });
      this.#pseudonyms.set(it.account, name);
      this.#place = Math.max(this.#place, it.place);
    }
  }
}
