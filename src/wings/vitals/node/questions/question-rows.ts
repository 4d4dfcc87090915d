import { type Account, accounts } from '../../../../ledger/tables/accounts.ts';
import { type Keys, keys } from '../../../../ledger/tables/keys.ts';
import type { QueryManifest } from '../../api/query-manifest.ts';
import { type Dataset, statDatasets } from '../../ledger/tables/stat-datasets.ts';
import { type Permit, statPermits } from '../../ledger/tables/stat-permits.ts';
import { queryRowId, type StatQueryRow, statQueries } from '../../ledger/tables/stat-queries.ts';
import { statWithdrawn } from '../../ledger/tables/stat-withdrawn.ts';
import type { LedgerRows, RowWanted, SeenRows } from '../data-server-base.ts';

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

/** A question, and its id. */
export interface Named {
  readonly manifest: QueryManifest;
  readonly query: string;
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
    const ledger = this.#ledger;
    if (ledger.together === undefined) return this.#oneByOne(manifest, query);
    const kept = this.#seen.get(query);
    const wanted = rowsWanted([{ manifest, query }]);
    const seen = kept?.isNewest() ? kept : await ledger.together(wanted);
    this.#keepPaid({ manifest, query }, seen);
    const { researcher, dataset, permit } = manifest;
    return {
      account: seen.get(accounts, researcher),
      directory: seen.get(keys, researcher),
      permit: seen.get(statPermits, permit),
      paid: seen.get(statQueries, queryRowId(researcher, query)),
      dataset: seen.get(statDatasets, dataset),
      isWithdrawn: seen.get(statWithdrawn, permit) !== undefined,
    };
  }

  /** Which of these are paid: all rows of all of them in one call, of which those of paid ones are kept. */
  async paidOf<Asked extends Named>(questions: readonly Asked[]): Promise<readonly Asked[]> {
    const ledger = this.#ledger;
    if (ledger.together !== undefined) {
      const seen = await ledger.together(rowsWanted(questions));
      return questions.filter((it) => this.#keepPaid(it, seen));
    }
    const paid = await Promise.all(questions.map((it) => this.paid(it.manifest, it.query)));
    return questions.filter((_, at) => paid[at] !== undefined);
  }

  #keepPaid({ manifest, query }: Named, seen: SeenRows): boolean {
    const isPaid = seen.get(statQueries, queryRowId(manifest.researcher, query)) !== undefined;
    if (isPaid) keepNewest(this.#seen, query, seen, questionsKept);
    return isPaid;
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

  /** Of an approved one nothing changes any more but what was spent, which the ledger judges. */
  async #permit(id: string): Promise<Permit | undefined> {
    const kept = this.#permits.get(id);
    if (kept !== undefined) return kept;
    const permit = await this.#ledger.row(statPermits, id);
    const isApproved = permit !== undefined && permit.approver !== '';
    if (isApproved) keepNewest(this.#permits, id, permit, permitsKept);
    return permit;
  }
}

/** Each once; whether a permit was taken back stands before what was paid under it (rule VQ-32a). */
function rowsWanted(questions: readonly Named[]): readonly RowWanted[] {
  const wanted = new Map<string, RowWanted>();
  for (const { manifest, query } of questions) {
    const { researcher, dataset, permit } = manifest;
    for (const it of [
      { table: accounts, id: researcher },
      { table: keys, id: researcher },
      { table: statDatasets, id: dataset },
      { table: statPermits, id: permit },
      { table: statWithdrawn, id: permit },
      { table: statQueries, id: queryRowId(researcher, query) },
    ])
      wanted.set(`${it.table.name}/${it.id}`, it);
  }
  return [...wanted.values()];
}

function keepNewest<Kept>(map: Map<string, Kept>, name: string, value: Kept, most: number): void {
  map.delete(name);
  map.set(name, value);
  for (const [oldest] of map) if (map.size > most) map.delete(oldest);
}
