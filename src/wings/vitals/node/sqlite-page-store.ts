import { chmodSync } from 'node:fs';
import { DatabaseSync, type SQLOutputValue, type StatementSync } from 'node:sqlite';
import { bytesToHex, concatBytes, equalBytes, u32be } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { PageArithmetic } from '../crypto/page-arithmetic.ts';
import { pageTables } from './guarded-tables.ts';
import {
  batchOf,
  bytesIn,
  envelopeOf,
  heardOf,
  type Row,
  registrationOf,
  storedOf,
  textIn,
  uintIn,
  waitingOf,
} from './page-rows.ts';
import { digestOfPages } from './page-selection.ts';
import type {
  ArrivedPage,
  DaySums,
  HeardHour,
  HourRange,
  KeptEnvelope,
  KeptRegistration,
  PageNames,
  PageSelection,
  PageStore,
  PageUpkeep,
  PageVerdict,
  PlacedRegistration,
  PlannedBatch,
  SaidOfPage,
  SelectedPage,
  StoredPage,
  StoredShare,
  SummedPart,
  UnsealedPage,
  WaitingPage,
} from './page-store.ts';
import type { RowMacs } from './row-macs.ts';
import { standingPages } from './sqlite-page-standing.ts';
import {
  dropBad,
  leavesOf,
  mendPages,
  peopleOf,
  scrubPages,
  shareOf,
} from './sqlite-page-upkeep.ts';
import { SqliteRowGuard } from './sqlite-row-guard.ts';

/**
 * `pages`: every page that was ever taken in, by id; the share once it is accepted; `batch` 0: in none. Apart, for a row that
 * changes is written anew: `bodies` while a page waits, `sayings` until it is sealed. `planned`: batches that this server signed, `sealed` 1 once the ledger has this one.
 * `envelopes`: what another server is rebuilt from; gone with the last of its pages.
 * `days`: sums of sealed pages, a column of all patients of a batch and day each; counters apart, for few questions read them.
 * `arrivals`: for quotas, an uploaded page each.
 */
const schema = `
  CREATE TABLE patients (
    pseudonym BLOB PRIMARY KEY, account TEXT NOT NULL UNIQUE, counter INTEGER NOT NULL, signed BLOB NOT NULL,
    place INTEGER NOT NULL UNIQUE
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE pages (
    id INTEGER PRIMARY KEY, page BLOB NOT NULL UNIQUE, trio TEXT NOT NULL, manifest_hash BLOB NOT NULL, manifest BLOB NOT NULL,
    signature BLOB NOT NULL, sensor BLOB NOT NULL, pseudonym BLOB NOT NULL, panel INTEGER NOT NULL,
    hour INTEGER NOT NULL, n INTEGER NOT NULL, leaf BLOB NOT NULL, at_ms INTEGER NOT NULL,
    state TEXT NOT NULL, code TEXT, batch INTEGER NOT NULL DEFAULT 0,
    roll BLOB, clinical BLOB, salt BLOB, histogram BLOB
  ) STRICT;
  CREATE TABLE bodies (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
  CREATE TABLE sayings (id INTEGER PRIMARY KEY, said BLOB NOT NULL) STRICT;
  CREATE INDEX pages_waiting ON pages (trio, state, at_ms) WHERE state = 'waiting';
  CREATE INDEX pages_unsealed ON pages (trio, page) WHERE state = 'accepted' AND batch = 0;
  CREATE INDEX pages_sealed ON pages (trio, panel, hour, batch) WHERE batch > 0;
  CREATE INDEX pages_of_patient ON pages (pseudonym, panel, hour);
  CREATE TABLE arrivals (sensor BLOB NOT NULL, at_ms INTEGER NOT NULL) STRICT;
  CREATE INDEX arrivals_of_sensor ON arrivals (sensor, at_ms);
  CREATE TABLE batches (
    trio TEXT NOT NULL, number INTEGER NOT NULL, root BLOB NOT NULL, pages BLOB NOT NULL,
    first_hour INTEGER NOT NULL, last_hour INTEGER NOT NULL, sealed INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (trio, number, root)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE days (
    id INTEGER PRIMARY KEY, trio TEXT NOT NULL, panel INTEGER NOT NULL, day INTEGER NOT NULL, batch INTEGER NOT NULL,
    patients BLOB NOT NULL, digests BLOB NOT NULL, counts BLOB NOT NULL, rolls BLOB NOT NULL,
    UNIQUE (trio, panel, day, batch)
  ) STRICT;
  CREATE TABLE day_counters (id INTEGER PRIMARY KEY REFERENCES days (id), histograms BLOB NOT NULL) STRICT;
  CREATE TABLE kept (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
`;
/** From version 1 to 2: recovery envelopes, one for the pages of an upload, and which pages of `pages` each is of. */
const envelopeSchema = `
  CREATE TABLE envelopes (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, envelope BLOB NOT NULL) STRICT;
  CREATE TABLE page_envelopes (id INTEGER PRIMARY KEY, number INTEGER NOT NULL) STRICT;
  CREATE INDEX pages_of_envelope ON page_envelopes (number);
  PRAGMA user_version = 2;
`;
const schemaVersion = 3;
const hoursPerDay = 24;

/** The embedded store: one file, one writer. Rule VS-19. */
export class SqlitePageStore implements PageStore {
  readonly #db: DatabaseSync;
  readonly #arithmetic: PageArithmetic;
  readonly #prepared = new Map<string, StatementSync>();
  readonly #guard: SqliteRowGuard;

  /** `arithmetic` adds shares up by day, `macs` bind the rows. Throws HOME_INVALID for a database of another version. */
  constructor(path: string, arithmetic: PageArithmetic, macs: RowMacs) {
    this.#arithmetic = arithmetic;
    this.#db = new DatabaseSync(path, { timeout: 5_000 });
    try {
      if (path !== ':memory:') chmodSync(path, 0o600);
      this.#db.exec(
        'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;',
      );
      if (this.#version() === 0)
        this.#db.exec(`BEGIN IMMEDIATE; ${schema} ${envelopeSchema} COMMIT;`);
      if (this.#version() === 1) this.#db.exec(`BEGIN IMMEDIATE; ${envelopeSchema} COMMIT;`);
      this.#guard = new SqliteRowGuard(this.#db, macs, pageTables);
      if (this.#version() === 2)
        this.#together(() => {
          this.#guard.install();
          this.#db.exec('PRAGMA user_version = 3');
        });
      if (this.#version() !== schemaVersion)
        throw new CodedError('HOME_INVALID', { part: 'data-server' });
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#db.close();
  }

  /** Looks at what is kept, and puts it right. */
  get upkeep(): PageUpkeep {
    const [db, guard] = [this.#db, this.#guard];
    let isCounted = false;
    return {
      standing: async (pages) => standingPages(db, guard, pages),
      scrub: async (place, most, numberOf) => scrubPages(db, guard, { place, most, numberOf }),
      scrubWhole: async (isFull) => guard.scrubWhole(isFull),
      share: async (page) => shareOf(db, page),
      leaves: async (pages) => leavesOf(db, pages),
      people: async (trio, batches) => peopleOf(db, trio, batches),
      mendBatch: async (batch, pages) => {
        this.#together(() =>
          guard.mending(() => {
            mendPages(db, batch, pages);
            this.#addDays(batch.trio, batch.number);
            // Once, since what stood may not be what was counted: from then on each write is.
            if (!isCounted) guard.recount();
          }),
        );
        isCounted = true;
      },
      wasWrittenByOthers: async () => guard.wasWrittenByOthers(),
      drop: async (code, numberOf) =>
        this.#together(() => guard.mending(() => dropBad(db, guard, { code, numberOf }))),
    };
  }

  async registration(pseudonym: Uint8Array): Promise<KeptRegistration | undefined> {
    const row = this.#get('SELECT * FROM patients WHERE pseudonym = ?', pseudonym);
    return row && registrationOf(this.#held('patients', row));
  }

  async registrationsSince(place: number): Promise<readonly PlacedRegistration[]> {
    const rows = this.#all('SELECT * FROM patients WHERE place > ? ORDER BY place', place);
    return rows.map((row) => ({
      ...registrationOf(this.#held('patients', row)),
      place: uintIn(row, 'place'),
    }));
  }

  async register(of: KeptRegistration): Promise<void> {
    this.#together(() => {
      const rows = this.#all(
        'SELECT * FROM patients WHERE pseudonym = ? OR account = ?',
        ...[of.pseudonym, of.account],
      ).map(registrationOf);
      for (const row of rows) {
        const isSame = equalBytes(row.pseudonym, of.pseudonym) && row.account === of.account;
        if (!isSame) throw new CodedError('PSEUDONYM_TAKEN');
        if (equalBytes(row.signed, of.signed)) return;
        if (of.counter <= row.counter) throw new CodedError('REGISTRATION_OLD');
      }
      this.#run(
        `INSERT OR REPLACE INTO patients VALUES (?, ?, ?, ?,
         (SELECT coalesce(max(place), 0) + 1 FROM patients))`,
        ...[of.pseudonym, of.account, of.counter, of.signed],
      );
    });
  }

  async trios(): Promise<readonly string[]> {
    return this.#all('SELECT DISTINCT trio FROM pages ORDER BY trio').map((row) =>
      textIn(row, 'trio'),
    );
  }

  async page(page: Uint8Array): Promise<StoredPage | undefined> {
    const row = this.#get('SELECT * FROM pages LEFT JOIN sayings USING (id) WHERE page = ?', page);
    return row && storedOf(row);
  }

  async sentSince(sensor: Uint8Array, sinceMs: number): Promise<number> {
    this.#run('DELETE FROM arrivals WHERE sensor = ? AND at_ms < ?', sensor, sinceMs);
    return uintIn(this.#get('SELECT count(*) AS n FROM arrivals WHERE sensor = ?', sensor), 'n');
  }

  async heard(
    pseudonym: Uint8Array,
    panel: number,
    sinceHour: number,
  ): Promise<readonly HeardHour[]> {
    return this.#all(
      `SELECT sensor, hour, trio, max(at_ms) AS at_ms FROM pages WHERE pseudonym = ? AND panel = ? AND hour >= ?
       GROUP BY sensor, hour, trio ORDER BY hour, sensor, trio`,
      ...[pseudonym, panel, sinceHour],
    ).map(heardOf);
  }

  async takeIn(pages: readonly ArrivedPage[], envelope?: KeptEnvelope): Promise<void> {
    this.#together(() => {
      const taken = pages.flatMap((page) => this.#takeIn(page) ?? []);
      if (envelope === undefined || taken.length === 0) return;
      const { id, bytes } = envelope;
      this.#run('INSERT OR IGNORE INTO envelopes (name, envelope) VALUES (?, ?)', id, bytes);
      const number = uintIn(this.#get('SELECT number FROM envelopes WHERE name = ?', id), 'number');
      for (const page of taken) this.#run('INSERT INTO page_envelopes VALUES (?, ?)', page, number);
    });
  }

  /** The number of its row; undefined: it was here already. */
  #takeIn(of: ArrivedPage): number | undefined {
    const before = this.#get(
      'SELECT id, state, said, manifest_hash FROM pages LEFT JOIN sayings USING (id) WHERE page = ?',
      of.page,
    );
    if (before !== undefined) {
      const isSame = equalBytes(bytesIn(before, 'manifest_hash'), of.manifestHash);
      // What became of it stays: one sharing is judged once.
      if (isSame) return undefined;
      if (before.state === 'accepted') throw new CodedError('PAGE_REPLAYED');
      if (before.state === 'waiting' && before.said !== null) throw new CodedError('PAGE_WAITS');
      this.#forget(uintIn(before, 'id'));
    }
    this.#run('INSERT INTO arrivals VALUES (?, ?)', of.sensor, of.atMs);
    const { lastInsertRowid } = this.#run(
      `INSERT INTO pages (page, trio, manifest_hash, manifest, signature, sensor, pseudonym, panel, hour, n, leaf, at_ms,
       state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'waiting')`,
      ...[of.page, of.trio, of.manifestHash, of.manifest, of.signature, of.sensor, of.pseudonym],
      ...[of.panel, of.startHour, of.n, of.leaf, of.atMs],
    );
    const id = Number(lastInsertRowid);
    this.#run('INSERT INTO bodies VALUES (?, ?)', id, of.body);
    return id;
  }

  async envelopes(pages: readonly Uint8Array[]): Promise<readonly KeptEnvelope[]> {
    const found = new Map<string, KeptEnvelope>();
    for (const page of pages) {
      const row = this.#get(
        `SELECT name, envelope FROM pages JOIN page_envelopes USING (id) JOIN envelopes USING (number)
         WHERE page = ?`,
        page,
      );
      if (row === undefined) continue;
      const envelope = envelopeOf(row);
      found.set(envelope.id, envelope);
    }
    return [...found.values()];
  }

  /** From what is refused or replaced nobody is rebuilt; the envelope goes with the last of its pages. */
  #dropEnvelope(id: number): void {
    const row = this.#get('SELECT number FROM page_envelopes WHERE id = ?', id);
    if (row === undefined) return;
    const number = uintIn(row, 'number');
    this.#run('DELETE FROM page_envelopes WHERE id = ?', id);
    this.#run(
      `DELETE FROM envelopes WHERE number = ?
       AND NOT EXISTS (SELECT 1 FROM page_envelopes WHERE number = ?)`,
      ...[number, number],
    );
  }

  #forget(id: number): void {
    this.#dropEnvelope(id);
    for (const table of ['bodies', 'sayings', 'pages'])
      this.#run(`DELETE FROM ${table} WHERE id = ?`, id);
  }

  async waiting(trio: string, most: number): Promise<readonly WaitingPage[]> {
    const rows = this.#all(
      `SELECT page, manifest_hash, manifest, said FROM pages LEFT JOIN sayings USING (id)
       WHERE trio = ? AND state = 'waiting' ORDER BY at_ms, id LIMIT ?`,
      ...[trio, most],
    );
    return rows.map(waitingOf);
  }

  async body({
    page,
    manifestHash,
  }: Pick<PageNames, 'page' | 'manifestHash'>): Promise<Uint8Array | undefined> {
    const row = this.#get(
      'SELECT body FROM pages JOIN bodies USING (id) WHERE page = ? AND manifest_hash = ?',
      ...[page, manifestHash],
    );
    return row && bytesIn(row, 'body');
  }

  async speak(said: readonly SaidOfPage[]): Promise<void> {
    this.#together(() => {
      for (const of of said) {
        this.#run(
          `INSERT OR IGNORE INTO sayings SELECT id, ? FROM pages
           WHERE page = ? AND manifest_hash = ? AND state = 'waiting'`,
          ...[of.said, of.page, of.manifestHash],
        );
      }
    });
  }

  async settle(verdicts: readonly PageVerdict[]): Promise<void> {
    this.#together(() => {
      for (const verdict of verdicts) this.#settle(verdict);
    });
  }

  #settle(verdict: PageVerdict): void {
    const row = this.#get(
      `SELECT id FROM pages WHERE page = ? AND manifest_hash = ? AND state = 'waiting'`,
      ...[verdict.page, verdict.manifestHash],
    );
    if (row === undefined) return;
    const id = uintIn(row, 'id');
    this.#run('DELETE FROM bodies WHERE id = ?', id);
    if ('code' in verdict) {
      this.#dropEnvelope(id);
      this.#run(`UPDATE pages SET state = 'refused', code = ? WHERE id = ?`, verdict.code, id);
      return;
    }
    const { roll, histogram, clinical, salt } = verdict.kept;
    this.#run(
      `UPDATE pages SET state = 'accepted', roll = ?, histogram = ?, clinical = ?, salt = ? WHERE id = ?`,
      ...[roll, histogram, clinical, salt, id],
    );
  }

  async expire(
    trio: string,
    { beforeMs, code }: { readonly beforeMs: number; readonly code: string },
  ): Promise<number> {
    const old = `trio = ? AND state = 'waiting' AND at_ms < ?`;
    let changes: number | bigint = 0;
    this.#together(() => {
      for (const row of this.#all(`SELECT id FROM pages WHERE ${old}`, trio, beforeMs)) {
        const id = uintIn(row, 'id');
        this.#dropEnvelope(id);
        this.#run('DELETE FROM bodies WHERE id = ?', id);
      }
      const refuse = `UPDATE pages SET state = 'refused', code = ? WHERE ${old}`;
      ({ changes } = this.#run(refuse, code, trio, beforeMs));
    });
    return Number(changes);
  }

  async giveUp(page: Uint8Array, code: string): Promise<void> {
    this.#together(() => {
      const unsealed = `page = ? AND state = 'accepted' AND batch = 0`;
      const row = this.#get(`SELECT id FROM pages WHERE ${unsealed}`, page);
      if (row === undefined) return;
      this.#dropEnvelope(uintIn(row, 'id'));
      this.#run(
        `UPDATE pages SET state = 'refused', code = ?, roll = NULL, histogram = NULL, clinical = NULL, salt = NULL
         WHERE ${unsealed}`,
        ...[code, page],
      );
    });
  }

  async unsealed(trio: string, most: number): Promise<readonly UnsealedPage[]> {
    const rows = this.#all(
      `SELECT page, manifest_hash, manifest, hour FROM pages
       WHERE trio = ? AND state = 'accepted' AND batch = 0 ORDER BY page LIMIT ?`,
      ...[trio, most],
    );
    return rows.map((row) => ({
      ...{ page: bytesIn(row, 'page'), manifestHash: bytesIn(row, 'manifest_hash') },
      ...{ manifest: bytesIn(row, 'manifest'), startHour: uintIn(row, 'hour') },
    }));
  }

  async planBatch(of: PlannedBatch): Promise<void> {
    this.#together(() => {
      this.#run(
        'INSERT OR IGNORE INTO batches VALUES (?, ?, ?, ?, ?, ?, 0)',
        ...[of.trio, of.number, of.root, concatBytes(...of.pages), of.firstHour, of.lastHour],
      );
    });
  }

  async plannedBatches(trio: string, number: number): Promise<readonly PlannedBatch[]> {
    const sql = 'SELECT * FROM batches WHERE trio = ? AND number = ? ORDER BY root';
    return this.#all(sql, trio, number).map(batchOf);
  }

  async seal({
    trio,
    number,
    root,
  }: Pick<PlannedBatch, 'trio' | 'number' | 'root'>): Promise<void> {
    this.#together(() => {
      const row = this.#get(
        'SELECT * FROM batches WHERE trio = ? AND number = ? AND root = ?',
        ...[trio, number, root],
      );
      if (row === undefined) throw new CodedError('BATCH_UNKNOWN', { number });
      if (row.sealed === 1) return;
      for (const page of batchOf(row).pages) this.#sealPage(page, number);
      this.#addDays(trio, number);
      this.#run(
        'DELETE FROM batches WHERE trio = ? AND number = ? AND root <> ?',
        ...[trio, number, root],
      );
      this.#run('UPDATE batches SET sealed = 1 WHERE trio = ? AND number = ?', trio, number);
    });
  }

  #sealPage(page: Uint8Array, number: number): void {
    const { changes } = this.#run(
      `UPDATE pages SET batch = ? WHERE page = ? AND state = 'accepted' AND batch = 0`,
      ...[number, page],
    );
    this.#run('DELETE FROM sayings WHERE id = (SELECT id FROM pages WHERE page = ?)', page);
    // It was accepted when this server signed, and nothing gives an accepted page of a planned batch up.
    if (changes !== 1) throw new CodedError('BATCH_UNKNOWN', { number });
  }

  /** A row a panel, day and batch: a question that pins a batch finds its sums. */
  #addDays(trio: string, number: number): void {
    const rows = this.#all(
      `SELECT panel, hour / ${hoursPerDay} AS day, page, pseudonym, n, roll, histogram FROM pages
       WHERE trio = ? AND batch = ? ORDER BY panel, day, pseudonym, page`,
      ...[trio, number],
    );
    for (const ofDay of groupedBy(rows, (row) => `${row.panel} ${row.day}`).values()) {
      const [panel, day] = [uintIn(ofDay[0], 'panel'), uintIn(ofDay[0], 'day')];
      const people = groupedBy(ofDay, (row) => bytesToHex(bytesIn(row, 'pseudonym'))).values();
      const sums = [...people].map((own) => this.#sumsOf(own));
      const column = (of: (sum: (typeof sums)[number]) => Uint8Array) =>
        concatBytes(...sums.map(of));
      const { lastInsertRowid: id } = this.#run(
        'INSERT INTO days (trio, panel, day, batch, patients, digests, counts, rolls) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
        ...[trio, panel, day, number, column((it) => it.patient), column((it) => it.digest)],
        ...[column((it) => it.counts), column((it) => it.roll)],
      );
      const histograms = column((it) => it.histogram);
      // Counters whose day somebody took away are nobody's.
      this.#run('INSERT OR REPLACE INTO day_counters VALUES (?, ?)', Number(id), histograms);
    }
  }

  /** Of the pages of one patient, by rising id. */
  #sumsOf(pages: readonly Row[]) {
    const sum = (part: string) => this.#arithmetic.sum(pages.map((row) => bytesIn(row, part)));
    const readings = pages.reduce((total, row) => total + uintIn(row, 'n'), 0);
    return {
      patient: bytesIn(pages[0], 'pseudonym'),
      digest: digestOfPages(pages.map((row) => bytesIn(row, 'page'))),
      counts: concatBytes(u32be(pages.length), u32be(readings)),
      ...{ roll: sum('roll'), histogram: sum('histogram') },
    };
  }

  async newestBatch(trio: string): Promise<number> {
    const sql = 'SELECT coalesce(max(number), 0) AS n FROM batches WHERE trio = ? AND sealed = 1';
    return uintIn(this.#get(sql, trio), 'n');
  }

  async sealedBatch(trio: string, number: number): Promise<PlannedBatch | undefined> {
    const sql = 'SELECT * FROM batches WHERE trio = ? AND number = ? AND sealed = 1';
    const row = this.#get(sql, trio, number);
    return row && batchOf(row);
  }

  async select({ trio, panel, asOfBatch, hours }: PageSelection): Promise<readonly SelectedPage[]> {
    const rows = this.#all(
      `SELECT page, pseudonym, hour, n, batch FROM pages
       WHERE trio = ? AND panel = ? AND hour >= ? AND hour < ? AND batch > 0 AND batch <= ? ORDER BY page`,
      ...[trio, panel, hours.from, hours.until, asOfBatch],
    );
    return rows.map((row) => ({
      ...{ page: bytesIn(row, 'page'), pseudonym: bytesIn(row, 'pseudonym') },
      ...{ startHour: uintIn(row, 'hour'), n: uintIn(row, 'n'), batch: uintIn(row, 'batch') },
    }));
  }

  async shares(pages: readonly Uint8Array[]): Promise<readonly SummedPart[]> {
    return pages.map((page) => {
      const sql = 'SELECT roll, histogram FROM pages WHERE page = ? AND batch > 0';
      const row = this.#get(sql, page);
      if (row === undefined) throw new CodedError('NOT_FOUND', { what: 'page' });
      return { roll: bytesIn(row, 'roll'), histogram: bytesIn(row, 'histogram') };
    });
  }

  async *days(
    { trio, panel, asOfBatch, hours }: PageSelection,
    { counters }: { readonly counters: boolean },
  ): AsyncIterable<DaySums> {
    const rows = this.#all(
      `SELECT id FROM days WHERE trio = ? AND panel = ? AND batch <= ? AND day >= ? AND day < ?
       ORDER BY day, batch`,
      ...[
        trio,
        panel,
        asOfBatch,
        Math.ceil(hours.from / hoursPerDay),
        Math.floor(hours.until / hoursPerDay),
      ],
    );
    // One after the other: all of a year do not fit into memory.
    for (const { id } of rows) {
      if (typeof id !== 'number') continue;
      const row = this.#get('SELECT * FROM days WHERE id = ?', id);
      if (row === undefined) continue;
      yield { ...daySumsOf(this.#held('days', row)), ...(counters && this.#countersOf(id)) };
    }
  }

  #countersOf(id: number): Pick<DaySums, 'histograms'> {
    const row = this.#get('SELECT id, histograms FROM day_counters WHERE id = ?', id);
    return { histograms: bytesIn(row && this.#held('day_counters', row), 'histograms') };
  }

  async pagesOf(
    pseudonym: Uint8Array,
    panel: number,
    { from, until }: HourRange,
  ): Promise<readonly (StoredPage & { readonly kept: StoredShare })[]> {
    const rows = this.#all(
      `SELECT * FROM pages WHERE pseudonym = ? AND panel = ? AND hour >= ? AND hour < ? AND batch > 0
       ORDER BY hour, page`,
      ...[pseudonym, panel, from, until],
    );
    return rows.map((row) => ({
      ...storedOf(row),
      kept: {
        ...{ roll: bytesIn(row, 'roll'), histogram: bytesIn(row, 'histogram') },
        ...{ clinical: bytesIn(row, 'clinical'), salt: bytesIn(row, 'salt') },
      },
    }));
  }

  async keepOnce(name: string, value: Uint8Array): Promise<Uint8Array> {
    this.#together(() => {
      this.#run('INSERT OR IGNORE INTO kept VALUES (?, ?)', name, value);
    });
    return (await this.kept(name)) ?? value;
  }

  async kept(name: string): Promise<Uint8Array | undefined> {
    const row = this.#get('SELECT name, value FROM kept WHERE name = ?', name);
    return row && bytesIn(this.#held('kept', row), 'value');
  }

  /** The row, once it is the one that was written. Throws ROW_TAMPERED. */
  #held(table: (typeof pageTables)[number]['name'], row: Row): Row {
    const guarded = pageTables.find(({ name }) => name === table);
    if (guarded !== undefined) this.#guard.require(guarded, row);
    return row;
  }

  /** All of `work` or nothing of it. */
  #together(work: () => void): void {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      work();
      this.#guard.settle();
      this.#db.exec('COMMIT');
    } catch (error) {
      this.#guard.forget();
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  #version(): SQLOutputValue | undefined {
    return this.#db.prepare('PRAGMA user_version').get()?.user_version;
  }

  #statement(sql: string): StatementSync {
    const kept = this.#prepared.get(sql);
    if (kept !== undefined) return kept;
    const prepared = this.#db.prepare(sql);
    this.#prepared.set(sql, prepared);
    return prepared;
  }

  #get(sql: string, ...values: (string | number | Uint8Array)[]): Row | undefined {
    return this.#statement(sql).get(...values);
  }

  #all(sql: string, ...values: (string | number | Uint8Array)[]): Row[] {
    return this.#statement(sql).all(...values);
  }

  #run(sql: string, ...values: (string | number | Uint8Array)[]) {
    return this.#statement(sql).run(...values);
  }
}

const daySumsOf = (row: Row): DaySums => ({
  ...{ day: uintIn(row, 'day'), batch: uintIn(row, 'batch'), patients: bytesIn(row, 'patients') },
  ...{ digests: bytesIn(row, 'digests'), counts: bytesIn(row, 'counts') },
  rolls: bytesIn(row, 'rolls'),
});

/** Rows of one name together, in their order. */
function groupedBy(rows: readonly Row[], nameOf: (row: Row) => string): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const name = nameOf(row);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [row]);
    else group.push(row);
  }
  return groups;
}
