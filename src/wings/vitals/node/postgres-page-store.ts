import { concatBytes, equalBytes, u32be, utf8 } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { vitalsNames } from '../names.ts';
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
import { type Ask, PostgresSession } from './postgres-session.ts';
import {
  counterColumns,
  elementsOf,
  halvesOf,
  rollColumns,
  writeElements,
} from './share-columns.ts';

const shareColumns = [...rollColumns, ...counterColumns];
const typed = (columns: readonly string[], type: string): string =>
  columns.map((it) => `${it} ${type} NOT NULL`).join(', ');
const summed = (columns: readonly string[]): string =>
  columns.map((it) => `sum(${it}) AS ${it}`).join(', ');

/**
 * As `sqlite-page-store.ts` has them, but for sums. `shares`: the kept share of an accepted page in halves, so that sealing a
 * batch is sums of the database's own. `day_batches`: a day of a panel in a batch; `day_sums`, `day_counters`: a row a patient.
 */
const tables = `
  CREATE TABLE patients (
    pseudonym bytea PRIMARY KEY, account text NOT NULL UNIQUE, counter int8 NOT NULL, signed bytea NOT NULL,
    place int8 NOT NULL UNIQUE
  );
  CREATE TABLE trios (trio text PRIMARY KEY);
  CREATE TABLE pages (
    id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY, page bytea NOT NULL UNIQUE, trio text NOT NULL REFERENCES trios,
    manifest_hash bytea NOT NULL, manifest bytea NOT NULL, signature bytea NOT NULL, sensor bytea NOT NULL,
    pseudonym bytea NOT NULL, panel int4 NOT NULL, hour int8 NOT NULL, n int4 NOT NULL, leaf bytea NOT NULL,
    at_ms int8 NOT NULL, state text NOT NULL, code text, batch int8 NOT NULL DEFAULT 0
  );
  CREATE TABLE bodies (id int8 PRIMARY KEY REFERENCES pages ON DELETE CASCADE, body bytea NOT NULL)
    WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 256);
  CREATE TABLE sayings (id int8 PRIMARY KEY REFERENCES pages ON DELETE CASCADE, said bytea NOT NULL);
  CREATE TABLE shares (
    id int8 PRIMARY KEY REFERENCES pages ON DELETE CASCADE, ${typed(shareColumns, 'int4')},
    clinical bytea NOT NULL, salt bytea NOT NULL
  );
  CREATE INDEX pages_waiting ON pages (trio, at_ms, id) WHERE state = 'waiting';
  CREATE INDEX pages_unsealed ON pages (trio, page) WHERE state = 'accepted' AND batch = 0;
  CREATE INDEX pages_sealed ON pages (trio, panel, hour, batch) WHERE batch > 0;
  CREATE INDEX pages_of_batch ON pages (trio, batch) WHERE batch > 0;
  CREATE INDEX pages_of_patient ON pages (pseudonym, panel, hour);
  CREATE TABLE arrivals (sensor bytea NOT NULL, at_ms int8 NOT NULL);
  CREATE INDEX arrivals_of_sensor ON arrivals (sensor, at_ms);
  CREATE TABLE batches (
    trio text NOT NULL, number int8 NOT NULL, root bytea NOT NULL, pages bytea NOT NULL, first_hour int8 NOT NULL,
    last_hour int8 NOT NULL, sealed bool NOT NULL DEFAULT false, PRIMARY KEY (trio, number, root)
  );
  CREATE TABLE day_batches (
    id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY, trio text NOT NULL, panel int4 NOT NULL, day int8 NOT NULL,
    batch int8 NOT NULL, UNIQUE (trio, panel, day, batch)
  );
  CREATE TABLE day_sums (
    id int8 NOT NULL REFERENCES day_batches, pseudonym bytea NOT NULL, digest bytea NOT NULL, pages int4 NOT NULL,
    readings int4 NOT NULL, ${typed(rollColumns, 'int8')}, PRIMARY KEY (id, pseudonym)
  );
  CREATE TABLE day_counters (
    id int8 NOT NULL REFERENCES day_batches, pseudonym bytea NOT NULL, pages int4 NOT NULL,
    ${typed(counterColumns, 'int8')}, PRIMARY KEY (id, pseudonym)
  );
  CREATE TABLE kept (name text PRIMARY KEY, value bytea NOT NULL);
`;
/** Recovery envelopes, one for the pages of an upload; `page_envelopes`: which pages each is of. */
const envelopeTables = `
  CREATE TABLE envelopes (
    number int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL UNIQUE, envelope bytea NOT NULL
  );
  CREATE TABLE page_envelopes (
    id int8 PRIMARY KEY REFERENCES pages ON DELETE CASCADE, number int8 NOT NULL REFERENCES envelopes
  );
  CREATE INDEX pages_of_envelope ON page_envelopes (number);
`;
const part = { name: 'salus_pages', number: 1, versions: [tables, envelopeTables] };
const hoursPerDay = 24;
const nameBytes = 16;
const digestBytes = 32;
/** What `digestOfPages` puts before page ids. */
const digestPrefix = concatBytes(utf8(vitalsNames.labels.dayPages), new Uint8Array(1));

/** Pages in a database of PostgreSQL that one server writes. Source: docs/protocol/vitals-servers.md, rule VS-19b. */
export class PostgresPageStore implements PageStore {
  readonly #session: PostgresSession;
  readonly #ask: Ask;

  private constructor(session: PostgresSession) {
    this.#session = session;
    this.#ask = session.ask;
  }

  /** `url`: `postgres://...`. Throws as `PostgresSession.open`, and each call as a session's work does. */
  static async open(url: string): Promise<PostgresPageStore> {
    return new PostgresPageStore(await PostgresSession.open(url, part));
  }

  close(): Promise<void> {
    return this.#session.close();
  }

  async registration(pseudonym: Uint8Array): Promise<KeptRegistration | undefined> {
    const [row] = await this.#ask('SELECT * FROM patients WHERE pseudonym = $1', pseudonym);
    return row && registrationOf(row);
  }

  async registrationsSince(place: number): Promise<readonly PlacedRegistration[]> {
    const rows = await this.#ask('SELECT * FROM patients WHERE place > $1 ORDER BY place', place);
    return rows.map((row) => ({ ...registrationOf(row), place: uintIn(row, 'place') }));
  }

  register(of: KeptRegistration): Promise<void> {
    return this.#session.together(async (ask) => {
      const rows = await ask(
        'SELECT * FROM patients WHERE pseudonym = $1 OR account = $2',
        ...[of.pseudonym, of.account],
      );
      for (const row of rows.map(registrationOf)) {
        const isSame = equalBytes(row.pseudonym, of.pseudonym) && row.account === of.account;
        if (!isSame) throw new CodedError('PSEUDONYM_TAKEN');
        if (equalBytes(row.signed, of.signed)) return;
        if (of.counter <= row.counter) throw new CodedError('REGISTRATION_OLD');
      }
      await ask(
        `INSERT INTO patients VALUES ($1, $2, $3, $4, (SELECT coalesce(max(place), 0) + 1 FROM patients))
         ON CONFLICT (pseudonym) DO UPDATE
         SET counter = excluded.counter, signed = excluded.signed, place = excluded.place`,
        ...[of.pseudonym, of.account, of.counter, of.signed],
      );
    });
  }

  async trios(): Promise<readonly string[]> {
    const rows = await this.#ask('SELECT trio FROM trios ORDER BY trio COLLATE "C"');
    return rows.map((row) => textIn(row, 'trio'));
  }

  async page(page: Uint8Array): Promise<StoredPage | undefined> {
    const sql = 'SELECT * FROM pages LEFT JOIN sayings USING (id) WHERE page = $1';
    const [row] = await this.#ask(sql, page);
    return row && storedOf(row);
  }

  sentSince(sensor: Uint8Array, sinceMs: number): Promise<number> {
    return this.#session.together(async (ask) => {
      await ask('DELETE FROM arrivals WHERE sensor = $1 AND at_ms < $2', sensor, sinceMs);
      const [row] = await ask('SELECT count(*) AS n FROM arrivals WHERE sensor = $1', sensor);
      return uintIn(row, 'n');
    });
  }

  async heard(
    pseudonym: Uint8Array,
    panel: number,
    sinceHour: number,
  ): Promise<readonly HeardHour[]> {
    const rows = await this.#ask(
      `SELECT sensor, hour, trio, max(at_ms) AS at_ms FROM pages WHERE pseudonym = $1 AND panel = $2 AND hour >= $3
       GROUP BY sensor, hour, trio ORDER BY hour, sensor, trio`,
      ...[pseudonym, panel, sinceHour],
    );
    return rows.map(heardOf);
  }

  takeIn(pages: readonly ArrivedPage[], envelope?: KeptEnvelope): Promise<void> {
    return this.#session.together(async (ask) => {
      const taken: number[] = [];
      for (const page of pages) taken.push(...(await takeIn(ask, page)));
      if (envelope !== undefined && taken.length > 0) await keepEnvelope(ask, envelope, taken);
    });
  }

  async envelopes(pages: readonly Uint8Array[]): Promise<readonly KeptEnvelope[]> {
    const rows = await this.#ask(
      `SELECT name, envelope FROM envelopes WHERE number IN (
         SELECT number FROM pages JOIN page_envelopes USING (id) WHERE page = ANY ($1::bytea[])
       ) ORDER BY number`,
      pages,
    );
    return rows.map(envelopeOf);
  }

  async waiting(trio: string, most: number): Promise<readonly WaitingPage[]> {
    const rows = await this.#ask(
      `SELECT page, manifest_hash, manifest, said FROM pages LEFT JOIN sayings USING (id)
       WHERE trio = $1 AND state = 'waiting' ORDER BY at_ms, id LIMIT $2`,
      ...[trio, most],
    );
    return rows.map(waitingOf);
  }

  async body({
    page,
    manifestHash,
  }: Pick<PageNames, 'page' | 'manifestHash'>): Promise<Uint8Array | undefined> {
    const [row] = await this.#ask(
      'SELECT body FROM pages JOIN bodies USING (id) WHERE page = $1 AND manifest_hash = $2',
      ...[page, manifestHash],
    );
    return row && bytesIn(row, 'body');
  }

  speak(said: readonly SaidOfPage[]): Promise<void> {
    return this.#session.together(async (ask) => {
      for (const of of said) {
        await ask(
          `INSERT INTO sayings SELECT id, $1 FROM pages
           WHERE page = $2 AND manifest_hash = $3 AND state = 'waiting' ON CONFLICT DO NOTHING`,
          ...[of.said, of.page, of.manifestHash],
        );
      }
    });
  }

  settle(verdicts: readonly PageVerdict[]): Promise<void> {
    return this.#session.together(async (ask) => {
      for (const verdict of verdicts) await settle(ask, verdict);
    });
  }

  expire(
    trio: string,
    { beforeMs, code }: { readonly beforeMs: number; readonly code: string },
  ): Promise<number> {
    return this.#session.together(async (ask) => {
      const refused = await ask(
        `UPDATE pages SET state = 'refused', code = $1
         WHERE trio = $2 AND state = 'waiting' AND at_ms < $3 RETURNING id`,
        ...[code, trio, beforeMs],
      );
      for (const row of refused) {
        const id = uintIn(row, 'id');
        await dropEnvelope(ask, id);
        await ask('DELETE FROM bodies WHERE id = $1', id);
      }
      return refused.length;
    });
  }

  giveUp(page: Uint8Array, code: string): Promise<void> {
    return this.#session.together(async (ask) => {
      const rows = await ask(
        `UPDATE pages SET state = 'refused', code = $1
         WHERE page = $2 AND state = 'accepted' AND batch = 0 RETURNING id`,
        ...[code, page],
      );
      for (const row of rows) {
        const id = uintIn(row, 'id');
        await dropEnvelope(ask, id);
        await ask('DELETE FROM shares WHERE id = $1', id);
      }
    });
  }

  async unsealed(trio: string, most: number): Promise<readonly UnsealedPage[]> {
    const rows = await this.#ask(
      `SELECT page, manifest_hash, manifest, hour FROM pages
       WHERE trio = $1 AND state = 'accepted' AND batch = 0 ORDER BY page LIMIT $2`,
      ...[trio, most],
    );
    return rows.map((row) => ({
      ...{ page: bytesIn(row, 'page'), manifestHash: bytesIn(row, 'manifest_hash') },
      ...{ manifest: bytesIn(row, 'manifest'), startHour: uintIn(row, 'hour') },
    }));
  }

  async planBatch(of: PlannedBatch): Promise<void> {
    await this.#ask(
      'INSERT INTO batches VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING',
      ...[of.trio, of.number, of.root, concatBytes(...of.pages), of.firstHour, of.lastHour],
    );
  }

  async plannedBatches(trio: string, number: number): Promise<readonly PlannedBatch[]> {
    const sql = 'SELECT * FROM batches WHERE trio = $1 AND number = $2 ORDER BY root';
    return (await this.#ask(sql, trio, number)).map(batchOf);
  }

  seal({ trio, number, root }: Pick<PlannedBatch, 'trio' | 'number' | 'root'>): Promise<void> {
    return this.#session.together(async (ask) => {
      const [row] = await ask(
        'SELECT * FROM batches WHERE trio = $1 AND number = $2 AND root = $3',
        ...[trio, number, root],
      );
      if (row === undefined) throw new CodedError('BATCH_UNKNOWN', { number });
      if (row.sealed === true) return;
      await sealPages(ask, batchOf(row));
      await addDays(ask, trio, number);
      await ask(
        'DELETE FROM batches WHERE trio = $1 AND number = $2 AND root <> $3',
        ...[trio, number, root],
      );
      await ask('UPDATE batches SET sealed = true WHERE trio = $1 AND number = $2', trio, number);
    });
  }

  async newestBatch(trio: string): Promise<number> {
    const sql = 'SELECT coalesce(max(number), 0) AS n FROM batches WHERE trio = $1 AND sealed';
    const [row] = await this.#ask(sql, trio);
    return uintIn(row, 'n');
  }

  async sealedBatch(trio: string, number: number): Promise<PlannedBatch | undefined> {
    const sql = 'SELECT * FROM batches WHERE trio = $1 AND number = $2 AND sealed';
    const [row] = await this.#ask(sql, trio, number);
    return row && batchOf(row);
  }

  async select({ trio, panel, asOfBatch, hours }: PageSelection): Promise<readonly SelectedPage[]> {
    const rows = await this.#ask(
      `SELECT page, pseudonym, hour, n, batch FROM pages WHERE trio = $1 AND panel = $2
       AND hour >= $3 AND hour < $4 AND batch > 0 AND batch <= $5 ORDER BY page`,
      ...[trio, panel, hours.from, hours.until, asOfBatch],
    );
    return rows.map((row) => ({
      ...{ page: bytesIn(row, 'page'), pseudonym: bytesIn(row, 'pseudonym') },
      ...{ startHour: uintIn(row, 'hour'), n: uintIn(row, 'n'), batch: uintIn(row, 'batch') },
    }));
  }

  async shares(pages: readonly Uint8Array[]): Promise<readonly SummedPart[]> {
    const rows = await this.#ask(
      `SELECT shares.*, place FROM unnest($1::bytea[]) WITH ORDINALITY AS named (page, place)
       JOIN pages USING (page) JOIN shares USING (id) WHERE batch > 0 ORDER BY place`,
      pages,
    );
    if (rows.length !== pages.length) throw new CodedError('NOT_FOUND', { what: 'page' });
    return rows.map(summedPartOf);
  }

  async *days(
    { trio, panel, asOfBatch, hours }: PageSelection,
    { counters }: { readonly counters: boolean },
  ): AsyncIterable<DaySums> {
    const found = await this.#ask(
      `SELECT id, day, batch FROM day_batches WHERE trio = $1 AND panel = $2 AND batch <= $3
       AND day >= $4 AND day < $5 ORDER BY day, batch`,
      ...[trio, panel, asOfBatch],
      ...[Math.ceil(hours.from / hoursPerDay), Math.floor(hours.until / hoursPerDay)],
    );
    // One after the other: all of a year do not fit into memory.
    for (const row of found) {
      const id = uintIn(row, 'id');
      const rows = await this.#ask('SELECT * FROM day_sums WHERE id = $1 ORDER BY pseudonym', id);
      const sums = { day: uintIn(row, 'day'), batch: uintIn(row, 'batch'), ...daySumsOf(rows) };
      yield { ...sums, ...(counters && { histograms: await this.#countersOf(id) }) };
    }
  }

  async #countersOf(id: number): Promise<Uint8Array> {
    const sql = 'SELECT * FROM day_counters WHERE id = $1 ORDER BY pseudonym';
    return columnOf(await this.#ask(sql, id), counterColumns);
  }

  async pagesOf(
    pseudonym: Uint8Array,
    panel: number,
    { from, until }: HourRange,
  ): Promise<readonly (StoredPage & { readonly kept: StoredShare })[]> {
    const rows = await this.#ask(
      `SELECT * FROM pages JOIN shares USING (id) WHERE pseudonym = $1 AND panel = $2
       AND hour >= $3 AND hour < $4 AND batch > 0 ORDER BY hour, page`,
      ...[pseudonym, panel, from, until],
    );
    return rows.map((row) => ({
      ...storedOf(row),
      kept: {
        ...summedPartOf(row),
        ...{ clinical: bytesIn(row, 'clinical'), salt: bytesIn(row, 'salt') },
      },
    }));
  }

  async keepOnce(name: string, value: Uint8Array): Promise<Uint8Array> {
    await this.#ask('INSERT INTO kept VALUES ($1, $2) ON CONFLICT DO NOTHING', name, value);
    return (await this.kept(name)) ?? value;
  }

  async kept(name: string): Promise<Uint8Array | undefined> {
    const [row] = await this.#ask('SELECT value FROM kept WHERE name = $1', name);
    return row && bytesIn(row, 'value');
  }
}

/** The number of its row; none: it was here already. */
async function takeIn(ask: Ask, of: ArrivedPage): Promise<readonly number[]> {
  const [before] = await ask(
    'SELECT id, state, said, manifest_hash FROM pages LEFT JOIN sayings USING (id) WHERE page = $1',
    of.page,
  );
  if (before !== undefined) {
    const isSame = equalBytes(bytesIn(before, 'manifest_hash'), of.manifestHash);
    // What became of it stays: one sharing is judged once.
    if (isSame) return [];
    if (before.state === 'accepted') throw new CodedError('PAGE_REPLAYED');
    if (before.state === 'waiting' && before.said !== null) throw new CodedError('PAGE_WAITS');
    const id = uintIn(before, 'id');
    await dropEnvelope(ask, id);
    await ask('DELETE FROM pages WHERE id = $1', id);
  }
  await ask('INSERT INTO trios VALUES ($1) ON CONFLICT DO NOTHING', of.trio);
  await ask('INSERT INTO arrivals VALUES ($1, $2)', of.sensor, of.atMs);
  const taken = await ask(
    `WITH taken AS (
       INSERT INTO pages (page, trio, manifest_hash, manifest, signature, sensor, pseudonym, panel, hour, n, leaf, at_ms, state)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'waiting') RETURNING id
     ) INSERT INTO bodies SELECT id, $13 FROM taken RETURNING id`,
    ...[of.page, of.trio, of.manifestHash, of.manifest, of.signature, of.sensor, of.pseudonym],
    ...[of.panel, of.startHour, of.n, of.leaf, of.atMs, of.body],
  );
  return taken.map((row) => uintIn(row, 'id'));
}

async function keepEnvelope(
  ask: Ask,
  { id, bytes }: KeptEnvelope,
  pages: readonly number[],
): Promise<void> {
  const keep = 'INSERT INTO envelopes (name, envelope) VALUES ($1, $2) ON CONFLICT DO NOTHING';
  await ask(keep, id, bytes);
  for (const page of pages)
    await ask(
      'INSERT INTO page_envelopes SELECT $1, number FROM envelopes WHERE name = $2',
      ...[page, id],
    );
}

/** From what is refused or replaced nobody is rebuilt; the envelope goes with the last of its pages. */
async function dropEnvelope(ask: Ask, page: number): Promise<void> {
  const [row] = await ask('DELETE FROM page_envelopes WHERE id = $1 RETURNING number', page);
  if (row === undefined) return;
  await ask(
    `DELETE FROM envelopes WHERE number = $1
     AND NOT EXISTS (SELECT 1 FROM page_envelopes WHERE page_envelopes.number = envelopes.number)`,
    uintIn(row, 'number'),
  );
}

const shareValues = shareColumns.map((_, at) => `$${at + 4}`).join(', ');

async function settle(ask: Ask, verdict: PageVerdict): Promise<void> {
  const isRefused = 'code' in verdict;
  const [row] = await ask(
    `UPDATE pages SET state = $1, code = $2
     WHERE page = $3 AND manifest_hash = $4 AND state = 'waiting' RETURNING id`,
    ...[isRefused ? 'refused' : 'accepted', isRefused ? verdict.code : null],
    ...[verdict.page, verdict.manifestHash],
  );
  if (row === undefined) return;
  const id = uintIn(row, 'id');
  await ask('DELETE FROM bodies WHERE id = $1', id);
  if (isRefused) return dropEnvelope(ask, id);
  const { roll, histogram, clinical, salt } = verdict.kept;
  await ask(
    `INSERT INTO shares (id, clinical, salt, ${shareColumns.join(', ')}) VALUES ($1, $2, $3, ${shareValues})`,
    ...[id, clinical, salt, ...halvesOf(roll), ...halvesOf(histogram)],
  );
}

async function sealPages(ask: Ask, { trio, number, pages }: PlannedBatch): Promise<void> {
  const named = await ask(
    `UPDATE pages SET batch = $1 WHERE page = ANY ($2::bytea[]) AND trio = $3 AND state = 'accepted' AND batch = 0
     RETURNING id`,
    ...([number, pages, trio] as const),
  );
  // They were accepted when this server signed, and nothing gives an accepted page of a planned batch up.
  if (named.length !== pages.length) throw new CodedError('BATCH_UNKNOWN', { number });
  await ask(
    'DELETE FROM sayings USING pages WHERE sayings.id = pages.id AND trio = $1 AND batch = $2',
    ...[trio, number],
  );
}

/** By the database's own sums: no share leaves it. */
async function addDays(ask: Ask, trio: string, number: number): Promise<void> {
  await ask(
    `INSERT INTO day_batches (trio, panel, day, batch)
     SELECT DISTINCT trio, panel, hour / ${hoursPerDay}, batch FROM pages WHERE trio = $1 AND batch = $2`,
    ...[trio, number],
  );
  const ofPatients = `
    FROM pages JOIN shares USING (id) JOIN day_batches AS of
      ON of.trio = pages.trio AND of.panel = pages.panel AND of.day = hour / ${hoursPerDay} AND of.batch = pages.batch
    WHERE pages.trio = $1 AND pages.batch = $2 GROUP BY of.id, pseudonym`;
  await ask(
    `INSERT INTO day_sums SELECT of.id, pseudonym, sha256($3::bytea || string_agg(page, ''::bytea ORDER BY page)),
       count(*), sum(n), ${summed(rollColumns)} ${ofPatients}`,
    ...[trio, number, digestPrefix],
  );
  await ask(
    `INSERT INTO day_counters SELECT of.id, pseudonym, count(*), ${summed(counterColumns)} ${ofPatients}`,
    ...[trio, number],
  );
}

const numbersIn = (row: Row, columns: readonly string[]): readonly number[] =>
  columns.map((it) => Number(row[it]));

const summedPartOf = (row: Row): SummedPart => ({
  roll: elementsOf(numbersIn(row, rollColumns)),
  histogram: elementsOf(numbersIn(row, counterColumns)),
});

/** What these columns say of each patient, as elements, one row after the other. */
function columnOf(rows: readonly Row[], columns: readonly string[]): Uint8Array {
  const width = 4 * columns.length;
  const elements = new Uint8Array(rows.length * width);
  for (const [at, row] of rows.entries()) {
    const own = elements.subarray(at * width, (at + 1) * width);
    writeElements(numbersIn(row, columns), uintIn(row, 'pages'), own);
  }
  return elements;
}

function daySumsOf(rows: readonly Row[]): Omit<DaySums, 'day' | 'batch' | 'histograms'> {
  const patients = new Uint8Array(rows.length * nameBytes);
  const digests = new Uint8Array(rows.length * digestBytes);
  const counts = new Uint8Array(rows.length * 8);
  for (const [at, row] of rows.entries()) {
    patients.set(bytesIn(row, 'pseudonym'), at * nameBytes);
    digests.set(bytesIn(row, 'digest'), at * digestBytes);
    counts.set(concatBytes(u32be(uintIn(row, 'pages')), u32be(uintIn(row, 'readings'))), at * 8);
  }
  return { patients, digests, counts, rolls: columnOf(rows, rollColumns) };
}
