import { type Account, accounts } from '../../../ledger/tables/accounts.ts';
import { type Keys, keys } from '../../../ledger/tables/keys.ts';
import type { QueryManifest } from '../api/query-manifest.ts';
import { type Dataset, statDatasets } from '../ledger/tables/stat-datasets.ts';
import { type Permit, statPermits } from '../ledger/tables/stat-permits.ts';
import { queryRowId, type StatQueryRow, statQueries } from '../ledger/tables/stat-queries.ts';
import { statWithdrawn } from '../ledger/tables/stat-withdrawn.ts';
import type { LedgerRows } from './data-server-base.ts';

/** What the ledger says of one question; undefined: it has no such row. */
export interface RowsOfQuestion {
  readonly account: Account | undefined;
  readonly directory: Keys | undefined;
  readonly permit: Permit | undefined;
  readonly paid: StatQueryRow | undefined;
  readonly dataset: Dataset | undefined;
}

/** Approved permits that are kept in memory. */
const permitsKept = 256;

/** The rows that a question is judged by (rule VQ-32), asked for at once: each is a round trip to the gateway. */
export class QuestionRows {
  readonly #ledger: Pick<LedgerRows, 'row'>;
  readonly #permits = new Map<string, Permit>();

  constructor(ledger: Pick<LedgerRows, 'row'>) {
    this.#ledger = ledger;
  }

  async of(manifest: QueryManifest, query: string): Promise<RowsOfQuestion> {
    const { researcher } = manifest;
    const [account, directory, permit, paid, dataset] = await Promise.all([
      this.#ledger.row(accounts, researcher),
      this.#ledger.row(keys, researcher),
      this.#permit(manifest.permit),
      this.paid(manifest, query),
      this.#ledger.row(statDatasets, manifest.dataset),
    ]);
    return { account, directory, permit, paid, dataset };
  }

  /** Whether its permit was taken back: asked of a question that nobody paid, for what was paid was paid before. Rule VQ-32a. */
  async isWithdrawn({ permit }: QueryManifest): Promise<boolean> {
    return (await this.#ledger.row(statWithdrawn, permit)) !== undefined;
  }

  /** Who paid for it, and how; undefined: nobody yet. */
  paid({ researcher }: QueryManifest, query: string): Promise<StatQueryRow | undefined> {
    return this.#ledger.row(statQueries, queryRowId(researcher, query));
  }

  /** Of an approved one nothing changes any more but what was spent, which the ledger judges. */
  async #permit(id: string): Promise<Permit | undefined> {
    const kept = this.#permits.get(id);
    if (kept !== undefined) return kept;
    const permit = await this.#ledger.row(statPermits, id);
    if (permit === undefined || permit.approver === '') return permit;
    this.#permits.set(id, permit);
    for (const [oldest] of this.#permits)
      if (this.#permits.size > permitsKept) this.#permits.delete(oldest);
    return permit;
  }
}
