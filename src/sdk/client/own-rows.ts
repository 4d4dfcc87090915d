import type * as z from 'zod/mini';
import type { itemsGet } from '../../api/routes/items-get.ts';
import type { ItemsPage } from '../../api/rows.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { AccountId, RecordId } from '../../primitives/ids.ts';
import type { ProvenLedger } from '../ledger/proven-ledger.ts';
import { checkRows, type ErasedItem, type LiveItem } from './check-rows.ts';
import { packRows } from './packed-rows.ts';

/** Rows that were proven, and at which of the custodian's changes. */
interface Fetched {
  readonly live: readonly LiveItem[];
  readonly erased: readonly ErasedItem[];
  readonly changes: number;
}

/** Asks the custodian for a page, as `GET /items` answers it. */
export type PageOf = (
  asked: z.input<typeof itemsGet.query>,
  signal: AbortSignal | undefined,
) => Promise<ItemsPage>;

/**
 * The owner's own rows as a device keeps them while it runs: each is fetched and proven once, and then only
 * what was shown or erased since is asked for. Her reads are not logged.
 *
 * Which rows there are, and which of them were erased, is the custodian's word, as it was when all rows were
 * fetched each time: one who keeps an erasure back gains nothing that handing out the row would not give.
 * Source: docs/protocol/http.md, rule H-10.
 */
export class OwnRows {
  readonly #pageOf: PageOf;
  readonly #ledger: Pick<ProvenLedger, 'row' | 'identityOfKey'>;
  readonly #account: AccountId;
  readonly #live = new Map<RecordId, LiveItem>();
  readonly #erased = new Map<RecordId, ErasedItem>();
  #changes = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    pageOf: PageOf,
    ledger: Pick<ProvenLedger, 'row' | 'identityOfKey'>,
    account: AccountId,
  ) {
    this.#pageOf = pageOf;
    this.#ledger = ledger;
    this.#account = account;
  }

  /**
   * Learns what is new, one caller after the other: none is given an answer to a question that was asked
   * before it came. Throws as `checkRows`, and GATEWAY_LIED; then nothing of the answer is kept.
   */
  refresh(signal?: AbortSignal): Promise<this> {
    const next = this.#last.then(() => this.#refresh(signal));
    this.#last = next.catch(() => undefined);
    return next;
  }

  live(): IterableIterator<LiveItem> {
    return this.#live.values();
  }

  erased(): IterableIterator<ErasedItem> {
    return this.#erased.values();
  }

  erasedOf(recordId: RecordId): ErasedItem | undefined {
    return this.#erased.get(recordId);
  }

  liveOf(recordId: RecordId): LiveItem | undefined {
    return this.#live.get(recordId);
  }

  isErased(recordId: RecordId): boolean {
    return this.#erased.has(recordId);
  }

  /** Anchored above a height; a device that has fetched nothing yet fetches no more than that. */
  async since(
    height: number,
    signal?: AbortSignal,
  ): Promise<{ readonly live: readonly LiveItem[]; readonly erased: readonly ErasedItem[] }> {
    if (height > 0 && this.#changes === 0) return this.#fetch(height, 0, signal);
    await this.refresh(signal);
    const isNewer = (row: { readonly height: number }): boolean => row.height > height;
    return { live: [...this.live()].filter(isNewer), erased: [...this.erased()].filter(isNewer) };
  }

  async #refresh(signal: AbortSignal | undefined): Promise<this> {
    let fetched = await this.#fetch(0, this.#changes, signal);
    if (fetched.changes < this.#changes) {
      // An older copy of its file: what we were told since may be told again under other numbers.
      fetched = await this.#fetch(0, 0, signal);
      this.#live.clear();
      this.#erased.clear();
    }
    for (const row of fetched.live) {
      this.#erased.delete(row.recordId);
      this.#live.set(row.recordId, row);
    }
    for (const row of fetched.erased) {
      this.#live.delete(row.recordId);
      this.#erased.set(row.recordId, row);
    }
    this.#changes = fetched.changes;
    return this;
  }

  async #fetch(since: number, changed: number, signal: AbortSignal | undefined): Promise<Fetched> {
    const live: LiveItem[] = [];
    const erased: ErasedItem[] = [];
    let changes: number | undefined;
    let cursor = '';
    do {
      const asked = { since, changed, ...(cursor === '' ? {} : { cursor }) };
      const page = await this.#pageOf({ account: this.#account, ...asked }, signal);
      const checked = await checkRows(this.#ledger, this.#account, page.anchors, signal);
      live.push(...packRows(checked.live));
      erased.push(...checked.erased);
      // The first page's count: what changes while we turn the pages is asked for again.
      changes ??= page.changes;
      if (page.next !== '' && page.next === cursor) throw new CodedError('GATEWAY_LIED');
      cursor = page.next;
    } while (cursor !== '');
    return { live, erased, changes };
  }
}
