import type { GatewayBase } from '../../../gateway/base.ts';
import { definePart } from '../../../gateway/part.ts';
import { parseAccountId } from '../../../primitives/ids.ts';

/** Ids of datasets and permits, as the ledger named them: nothing here is believed, all of it is proven by who asks. */
export class SeenStudies {
  readonly #base: GatewayBase;

  constructor(base: GatewayBase) {
    this.#base = base;
  }

  addDataset(dataset: string): void {
    this.#base.db.run('INSERT OR IGNORE INTO studies_datasets VALUES (?)', dataset);
  }

  addPermit(permit: string, dataset: string, researcher: string): void {
    const sql = 'INSERT OR IGNORE INTO studies_permits VALUES (?, ?, ?)';
    this.#base.db.run(sql, permit, dataset, researcher);
  }

  datasets(): string[] {
    const sql = 'SELECT dataset FROM studies_datasets ORDER BY rowid';
    return this.#base.db.all(sql).map((row) => row.text('dataset'));
  }

  permits() {
    const sql = 'SELECT permit, dataset, researcher FROM studies_permits ORDER BY rowid';
    return this.#base.db.all(sql).map((row) => ({
      permit: row.text('permit'),
      dataset: row.text('dataset'),
      researcher: parseAccountId(row.text('researcher')),
    }));
  }
}

export const seenStudies = definePart({
  name: 'studies',
  store: {
    owner: 'studies',
    migrations: [
      `CREATE TABLE studies_datasets (dataset TEXT NOT NULL UNIQUE) STRICT;
       CREATE TABLE studies_permits (permit TEXT NOT NULL UNIQUE, dataset TEXT NOT NULL, researcher TEXT NOT NULL) STRICT`,
    ],
  },
  open: (base) => new SeenStudies(base),
  onAct: {
    StatDataset: (part, { act }) => part.addDataset(act.dataset),
    StatPermit: (part, { act }) => part.addPermit(act.permit, act.dataset, act.researcher),
  },
});
