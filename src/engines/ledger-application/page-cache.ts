import type { TreePage } from '../../ledger/tree-page.ts';

/** The pages of the state tree used last, decoded. */
export class PageCache {
  readonly #pages = new Map<string, TreePage>();
  readonly #maxPages: number;

  constructor(maxPages: number) {
    this.#maxPages = maxPages;
  }

  get(path: string): TreePage | undefined {
    const page = this.#pages.get(path);
    if (page === undefined) return undefined;
    // A Map keeps the order of insertion: what is used moves to the end, what is oldest goes first.
    this.#pages.delete(path);
    this.#pages.set(path, page);
    return page;
  }

  /** Undefined: the page is gone. */
  set(path: string, page: TreePage | undefined): void {
    this.#pages.delete(path);
    if (page === undefined) return;
    this.#pages.set(path, page);
    if (this.#pages.size <= this.#maxPages) return;
    const [oldest] = this.#pages.keys();
    if (oldest !== undefined) this.#pages.delete(oldest);
  }
}
