import type { AccountId } from '../../../../primitives/ids.ts';

/** Of one server: words of pages that are not here yet, or wait. */
const mostOfServer = 8_192;

/** What other servers said of pages, by who said it: whoever says much pushes out his own words alone. Source: rule VS-11. */
export class HeardWords {
  readonly #words = new Map<AccountId, Map<string, Uint8Array>>();

  /** The first word counts: nobody says two things of one page. `said` makes what is kept. */
  hear(from: AccountId, page: string, said: () => Uint8Array): void {
    const own = this.#words.get(from) ?? new Map<string, Uint8Array>();
    this.#words.set(from, own);
    if (own.has(page)) return;
    own.set(page, said());
    const [oldest] = own.keys();
    if (own.size > mostOfServer && oldest !== undefined) own.delete(oldest);
  }

  of(from: AccountId, page: string): Uint8Array | undefined {
    return this.#words.get(from)?.get(page);
  }

  forget(page: string): void {
    for (const own of this.#words.values()) own.delete(page);
  }
}
