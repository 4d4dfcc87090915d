import { concatBytes, equalBytes, u32be } from '../../../../../primitives/bytes.ts';
import { CodedError } from '../../../../../primitives/errors.ts';
import type { PageArithmetic } from '../../../crypto/pages/page-arithmetic.ts';
import { batchOf, bytesIn, type Row, uintIn } from '../page-rows.ts';
import { digestOfPages } from '../page-selection.ts';
import type { DaySums, PageSelection, PlannedBatch } from '../page-store.ts';
import type { SealedPage } from '../sealed-segment.ts';
import type { PagesDb } from './sqlite-pages-db.ts';
import type { SqliteSealedPages } from './sqlite-sealed-pages.ts';
import type { SqliteUnsealedPages } from './sqlite-unsealed-pages.ts';

const hoursPerDay = 24;
const ofRoot = 'trio = ? AND number = ? AND root = ?';

/** Batches that this server signed, and what is added up when one is sealed. Rules VS-16 to VS-19a. */
export class SqliteBatches {
  readonly #db: PagesDb;
  readonly #arithmetic: PageArithmetic;

  constructor(db: PagesDb, arithmetic: PageArithmetic) {
    this.#db = db;
    this.#arithmetic = arithmetic;
  }

  plan(of: PlannedBatch): void {
    this.#db.together(() => {
      this.#db.run(
        'INSERT OR IGNORE INTO batches VALUES (?, ?, ?, 0, ?, ?, ?)',
        ...[of.trio, of.number, of.root, of.firstHour, of.lastHour, concatBytes(...of.pages)],
      );
    });
  }

  planned(trio: string, number: number): readonly PlannedBatch[] {
    const sql = 'SELECT * FROM batches WHERE trio = ? AND number = ? ORDER BY root';
    return this.#db.all(sql, trio, number).map(batchOf);
  }

  seal(
    { trio, number, root }: Pick<PlannedBatch, 'trio' | 'number' | 'root'>,
    { unsealed, sealed }: { unsealed: SqliteUnsealedPages; sealed: SqliteSealedPages },
  ): void {
    this.#db.together(() => {
      const row = this.#db.get(`SELECT * FROM batches WHERE ${ofRoot}`, trio, number, root);
      if (row === undefined) throw new CodedError('BATCH_UNKNOWN', { number });
      if (row.sealed === 1) return;
      const pages = unsealed.takeOut(batchOf(row).pages, number);
      this.addDays({ trio, number }, sealed.put({ trio, number }, pages));
      this.#db.run(
        'DELETE FROM batches WHERE trio = ? AND number = ? AND root <> ?',
        ...[trio, number, root],
      );
      this.#db.run('UPDATE batches SET sealed = 1 WHERE trio = ? AND number = ?', trio, number);
    });
  }

  /** A row a panel, day and batch: a question that pins a batch finds its sums. `pages` as they lie in sealed rows. */
  addDays(
    { trio, number }: Pick<PlannedBatch, 'trio' | 'number'>,
    pages: readonly SealedPage[],
  ): void {
    for (const ofDay of runsOf(pages, isOfOneDay)) {
      const [first] = ofDay;
      if (first === undefined) continue;
      const sums = runsOf(ofDay, isOfOnePatient).map((own) => this.#sumsOf(own));
      const column = (of: (sum: (typeof sums)[number]) => Uint8Array) =>
        concatBytes(...sums.map(of));
      const { lastInsertRowid: id } = this.#db.run(
        'INSERT INTO days (trio, panel, day, batch, patients, digests, counts, rolls) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
        ...[trio, first.names.panel, dayOf(first), number],
        ...[column((it) => it.patient), column((it) => it.digest)],
        ...[column((it) => it.counts), column((it) => it.roll)],
      );
      const histograms = column((it) => it.histogram);
      this.#db.run(
        'INSERT OR REPLACE INTO day_counters VALUES (?, ?, ?)',
        ...[Number(id), this.#db.macs.ofPart(histograms), histograms],
      );
    }
  }

  /** Of the pages of one patient, by rising id. */
  #sumsOf(pages: readonly SealedPage[]) {
    const sum = (part: 'roll' | 'histogram') =>
      this.#arithmetic.sum(pages.map(({ kept }) => kept[part]));
    const readings = pages.reduce((total, { names }) => total + names.n, 0);
    return {
      patient: pages[0]?.names.pseudonym ?? new Uint8Array(0),
      digest: digestOfPages(pages.map(({ names }) => names.page)),
      counts: concatBytes(u32be(pages.length), u32be(readings)),
      ...{ roll: sum('roll'), histogram: sum('histogram') },
    };
  }

  newest(trio: string): number {
    const sql = 'SELECT coalesce(max(number), 0) AS n FROM batches WHERE trio = ? AND sealed = 1';
    return uintIn(this.#db.get(sql, trio), 'n');
  }

  sealed(trio: string, number: number): PlannedBatch | undefined {
    const sql = 'SELECT * FROM batches WHERE trio = ? AND number = ? AND sealed = 1';
    const row = this.#db.get(sql, trio, number);
    return row && batchOf(row);
  }

  *days(
    { trio, panel, asOfBatch, hours }: PageSelection,
    { counters }: { readonly counters: boolean },
  ): Iterable<DaySums> {
    const rows = this.#db.all(
      `SELECT id FROM days WHERE trio = ? AND panel = ? AND batch <= ? AND day >= ? AND day < ?
       ORDER BY day, batch`,
      ...[trio, panel, asOfBatch],
      ...[Math.ceil(hours.from / hoursPerDay), Math.floor(hours.until / hoursPerDay)],
    );
    // One after the other: all of a year do not fit into memory.
    for (const { id } of rows) {
      if (typeof id !== 'number') continue;
      const row = this.#db.get('SELECT * FROM days WHERE id = ?', id);
      if (row === undefined) continue;
      yield { ...daySumsOf(this.#db.held('days', row)), ...(counters && this.#countersOf(id)) };
    }
  }

  #countersOf(id: number): Pick<DaySums, 'histograms'> {
    const row = this.#db.get('SELECT * FROM day_counters WHERE id = ?', id);
    return { histograms: bytesIn(row && this.#db.held('day_counters', row), 'histograms') };
  }
}

const daySumsOf = (row: Row): DaySums => ({
  ...{ day: uintIn(row, 'day'), batch: uintIn(row, 'batch'), patients: bytesIn(row, 'patients') },
  ...{ digests: bytesIn(row, 'digests'), counts: bytesIn(row, 'counts') },
  rolls: bytesIn(row, 'rolls'),
});

const dayOf = ({ names }: SealedPage): number => Math.floor(names.startHour / hoursPerDay);
const isOfOneDay = (a: SealedPage, b: SealedPage): boolean =>
  a.names.panel === b.names.panel && dayOf(a) === dayOf(b);
const isOfOnePatient = (a: SealedPage, b: SealedPage): boolean =>
  equalBytes(a.names.pseudonym, b.names.pseudonym);

/** Those that follow each other and are alike. */
function runsOf<It>(
  them: readonly It[],
  isAlike: (a: It, b: It) => boolean,
): readonly (readonly It[])[] {
  const runs: It[][] = [];
  for (const it of them) {
    const run = runs.at(-1);
    const last = run?.at(-1);
    if (run === undefined || last === undefined || !isAlike(last, it)) runs.push([it]);
    else run.push(it);
  }
  return runs;
}
