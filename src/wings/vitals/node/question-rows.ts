import { type Account, accounts } from '../../../ledger/tables/accounts.ts';
import { type Keys, keys } from '../../../ledger/tables/keys.ts';
import type { QueryManifest } from '../api/query-manifest.ts';
import { type Dataset, statDatasets } from '../ledger/tables/stat-datasets.ts';
import { type Permit, statPermits } from '../ledger/tables/stat-permits.ts';
import { queryRowId, type StatQueryRow, statQueries } from '../ledger/tables/stat-queries.ts';
import { statWithdrawn } from '../ledger/tables/stat-withdrawn.ts';
import type { LedgerRows, SeenRows } from './data-server-base.ts';

/** What the ledger says of one question; undefined: it has no such row. */
export interface RowsOfQuestion {
  readonly account: Account | undefined;
  readonly directory: Keys | undefined;
  readonly permit: Permit | undefined;
  readonly paid: StatQueryRow | undefined;
  readonly dataset: Dataset | undefined;
  /** Whether its permit was taken back, where that was asked for before `paid`; undefined: it was not. */
  readonly isWithdrawn: boolean | undefined;
}

/** Approved permits, and rows of paid questions, that are kept in memory. */
const [permitsKept, questionsKept] = [256, 256];

/** The rows that a question is judged by (rule VQ-32), asked for at once: each is a round trip to the gateway. */
export class QuestionRows {
  readonly #ledger: Pick<LedgerRows, 'row' | 'together'>;
  readonly #permits = new Map<string, Permit>();
  /** Of paid questions, by query. */
  readonly #seen = new Map<string, SeenRows>();

  constructor(ledger: Pick<LedgerRows, 'row' | 'together'>) {
    this.#ledger = ledger;
  }

  /** Of a paid question those of before, while nothing is newer. */
  async of(manifest: QueryManifest, query: string): Promise<RowsOfQuestion> {
    if (this.#ledger.together === undefined) return this.#oneByOne(manifest, query);
    const { researcher, dataset } = manifest;
    const kept = this.#seen.get(query);
    const permit = this.#permits.get(manifest.permit);
    const payment = queryRowId(researcher, query);
    const seen = kept?.isNewest()
      ? kept
      : await this.#ledger.together([
          { table: accounts, id: researcher },
          { table: keys, id: researcher },
          { table: statDatasets, id: dataset },
          ...(permit === undefined ? [{ table: statPermits, id: manifest.permit }] : []),
          // Before the payment (rule VQ-32a).
          { table: statWithdrawn, id: manifest.permit },
          { table: statQueries, id: payment },
        ]);
    const paid = seen.get(statQueries, payment);
    if (paid !== undefined) keepNewest(this.#seen, query, seen, questionsKept);
    return {
      ...{
        paid,
        permit: permit ?? this.#keptPermit(manifest.permit, seen.get(statPermits, manifest.permit)),
      },
      account: seen.get(accounts, researcher),
      directory: seen.get(keys, researcher),
      dataset: seen.get(statDatasets, dataset),
      isWithdrawn: seen.get(statWithdrawn, manifest.permit) !== undefined,
    };
  }

  async #oneByOne(manifest: QueryManifest, query: string): Promise<RowsOfQuestion> {
    const { researcher } = manifest;
    const [account, directory, permit, paid, dataset] = await Promise.all([
      this.#ledger.row(accounts, researcher),
      this.#ledger.row(keys, researcher),
      this.#permit(manifest.permit),
      this.paid(manifest, query),
      this.#ledger.row(statDatasets, manifest.dataset),
    ]);
    return { account, directory, permit, paid, dataset, isWithdrawn: undefined };
  }

  /** Whether its permit was taken back: asked of a question that nobody paid, for what was paid was paid before. Rule VQ-32a. */
  async isWithdrawn({ permit }: QueryManifest): Promise<boolean> {
    return (await this.#ledger.row(statWithdrawn, permit)) !== undefined;
  }

  /** Who paid for it, and how; undefined: nobody yet. */
  paid({ researcher }: QueryManifest, query: string): Promise<StatQueryRow | undefined> {
    return this.#ledger.row(statQueries, queryRowId(researcher, query));
  }

  async #permit(id: string): Promise<Permit | undefined> {
    return this.#permits.get(id) ?? this.#keptPermit(id, await this.#ledger.row(statPermits, id));
  }

  /** Of an approved one nothing changes any more but what was spent, which the ledger judges. */
  #keptPermit(id: string, permit: Permit | undefined): Permit | undefined {
    const isApproved = permit !== undefined && permit.approver !== '';
    if (isApproved) keepNewest(this.#permits, id, permit, permitsKept);
    return permit;
  }
}

function keepNewest<Kept>(map: Map<string, Kept>, name: string, value: Kept, most: number): void {
  map.delete(name);
  map.set(name, value);
  for (const [oldest] of map) if (map.size > most) map.delete(oldest);
}
