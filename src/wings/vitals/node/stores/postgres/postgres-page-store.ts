import { concatBytes, equalBytes } from '../../../../../primitives/bytes.ts';
import { CodedError } from '../../../../../primitives/errors.ts';
import type { AccountId } from '../../../../../primitives/ids.ts';
import {
  batchOf,
  bytesIn,
  envelopeOf,
  heardOf,
  isNewer,
  isOver,
  registrationOf,
  storedOf,
  textIn,
  uintIn,
  waitingOf,
} from '../page-rows.ts';
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
} from '../page-store.ts';
import type { RowMacs } from '../row-macs.ts';
import { addDays, daysOf } from './postgres-day-sums.ts';
import type { GuardedStep } from './postgres-guarded-step.ts';
import { postgresPagePart, postgresPageTables, watchedPages } from './postgres-page-tables.ts';
import { postgresPageUpkeep } from './postgres-page-upkeep.ts';
import { PostgresRowGuard } from './postgres-row-guard.ts';
import type { Ask } from './postgres-session.ts';
import { heldShare } from './postgres-shares.ts';
import {
  keepEnvelope,
  refusePages,
  settlePages,
  speakOf,
  takeInPages,
} from './postgres-waiting-pages.ts';

/** Pages in a database of PostgreSQL that one server writes. Source: docs/protocol/vitals-servers.md, rule VS-19b. */
export class PostgresPageStore implements PageStore {
  readonly #guard: PostgresRowGuard;
  readonly #ask: Ask;
  /** Looks at what is kept, and puts it right. */
  readonly upkeep: PageUpkeep;

  private constructor(guard: PostgresRowGuard) {
    this.#guard = guard;
    this.#ask = guard.ask;
    this.upkeep = postgresPageUpkeep(guard);
  }

  /** `url`: `postgres://...`; `macs` bind the rows. Throws as `PostgresSession.open`, and each call as a session's work does. */
  static async open(url: string, macs: RowMacs): Promise<PostgresPageStore> {
    const of = { macs, tables: postgresPageTables, watched: watchedPages };
    return new PostgresPageStore(await PostgresRowGuard.open(url, postgresPagePart, of));
  }

  close(): Promise<void> {
    return this.#guard.close();
  }

  async registration(pseudonym: Uint8Array): Promise<KeptRegistration | undefined> {
    const rows = await this.#ask('SELECT * FROM patients WHERE pseudonym = $1', pseudonym);
    return this.#guard.held('patients', rows).map(registrationOf)[0];
  }

  async registrationsSince(place: number, most?: number): Promise<readonly PlacedRegistration[]> {
    const rows = await this.#ask(
      'SELECT * FROM patients WHERE place > $1 ORDER BY place LIMIT $2',
      ...[place, most ?? Number.MAX_SAFE_INTEGER],
    );
    return this.#guard
      .held('patients', rows)
      .map((row) => ({ ...registrationOf(row), place: uintIn(row, 'place') }));
  }

  async registrationOf(account: AccountId): Promise<KeptRegistration | undefined> {
    const rows = await this.#ask('SELECT * FROM patients WHERE account = $1', account);
    return this.#guard.held('patients', rows).map(registrationOf)[0];
  }

  register(of: KeptRegistration, over?: Uint8Array): Promise<void> {
    return this.#guard.together(async (step) => {
      const rows = await step.rows(
        'patients',
        'pseudonym = $1 OR account = $2',
        ...[of.pseudonym, of.account],
      );
      const replaced: Uint8Array[] = [];
      for (const row of rows.map(registrationOf)) {
        if (isOver(row, of, over) && !(await hasPages(step, row.pseudonym))) {
          replaced.push(row.pseudonym);
          continue;
        }
        const isSame = equalBytes(row.pseudonym, of.pseudonym) && row.account === of.account;
        if (!isSame) throw new CodedError('PSEUDONYM_TAKEN');
        if (equalBytes(row.signed, of.signed)) return;
        if (!isNewer(of, row)) throw new CodedError('REGISTRATION_OLD');
      }
      const [next] = await step.ask('SELECT coalesce(max(place), 0) + 1 AS place FROM patients');
      const { pseudonym, account, counter, signed } = of;
      const changed = { counter, signed, place: uintIn(next, 'place') };
      for (const pseudonym of replaced) await forgetPatient(step, pseudonym);
      const [before] = replaced.length > 0 ? [] : rows;
      if (before === undefined) return step.put('patients', [{ pseudonym, account, ...changed }]);
      return step.change('patients', [[before, changed]], ['counter', 'signed', 'place']);
    });
  }

  async trios(): Promise<readonly string[]> {
    const rows = await this.#ask(triosSql);
    return rows.map((row) => textIn(row, 'trio'));
  }

  async page(page: Uint8Array): Promise<StoredPage | undefined> {
    const sql = 'SELECT pages.*, said FROM pages LEFT JOIN sayings USING (id) WHERE page = $1';
    const [row] = await this.#ask(sql, page);
    return row && storedOf(row);
  }

  sentSince(sensor: Uint8Array, sinceMs: number): Promise<number> {
    return this.#guard.together(async (step) => {
      await step.drop('arrivals', 'sensor = $1 AND at_ms < $2', sensor, sinceMs);
      const [row] = await step.ask('SELECT count(*) AS n FROM arrivals WHERE sensor = $1', sensor);
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
    return this.#guard.together(async (step) => {
      const taken = await takeInPages(step, pages);
      if (envelope !== undefined && taken.length > 0) await keepEnvelope(step, envelope, taken);
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
    return this.#guard.together((step) => speakOf(step, said));
  }

  settle(verdicts: readonly PageVerdict[]): Promise<void> {
    return this.#guard.together((step) => settlePages(step, verdicts));
  }

  expire(
    trio: string,
    { beforeMs, code }: { readonly beforeMs: number; readonly code: string },
  ): Promise<number> {
    return this.#guard.together(async (step) => {
      const old = `trio = $1 AND state = 'waiting' AND at_ms < $2`;
      return refusePages(step, await step.rows('pages', old, trio, beforeMs), code);
    });
  }

  giveUp(page: Uint8Array, code: string): Promise<void> {
    return this.#guard.together(async (step) => {
      const unsealed = `page = $1 AND state = 'accepted' AND batch = 0`;
      await refusePages(step, await step.rows('pages', unsealed, page), code);
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

  planBatch(of: PlannedBatch): Promise<void> {
    const { trio, number, root, firstHour: first_hour, lastHour: last_hour } = of;
    const pages = concatBytes(...of.pages);
    const row = { trio, number, root, pages, first_hour, last_hour, sealed: false };
    return this.#guard.together((step) => step.put('batches', [row], { orKeep: true }));
  }

  async plannedBatches(trio: string, number: number): Promise<readonly PlannedBatch[]> {
    const sql = 'SELECT * FROM batches WHERE trio = $1 AND number = $2 ORDER BY root';
    return (await this.#ask(sql, trio, number)).map(batchOf);
  }

  seal({ trio, number, root }: Pick<PlannedBatch, 'trio' | 'number' | 'root'>): Promise<void> {
    return this.#guard.together(async (step) => {
      const own = 'trio = $1 AND number = $2';
      const [row] = await step.rows('batches', `${own} AND root = $3`, trio, number, root);
      if (row === undefined) throw new CodedError('BATCH_UNKNOWN', { number });
      if (row.sealed === true) return;
      await sealPages(step, batchOf(row));
      await addDays(step, trio, number);
      await step.drop('batches', `${own} AND root <> $3`, trio, number, root);
      await step.change('batches', [[row, { sealed: true }]], ['sealed']);
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

  /** Throws ROW_TAMPERED too: what a question adds up is held to its MAC. */
  async shares(pages: readonly Uint8Array[]): Promise<readonly SummedPart[]> {
    const rows = await this.#ask(
      `SELECT shares.*, place FROM unnest($1::bytea[]) WITH ORDINALITY AS named (page, place)
       JOIN pages USING (page) JOIN shares USING (id) WHERE batch > 0 ORDER BY place`,
      pages,
    );
    if (rows.length !== pages.length) throw new CodedError('NOT_FOUND', { what: 'page' });
    return rows.map((row) => {
      const { roll, histogram } = heldShare(this.#guard, row, row.mac);
      return { roll, histogram };
    });
  }

  days(of: PageSelection, want: { readonly counters: boolean }): AsyncIterable<DaySums> {
    return daysOf(this.#guard, of, want);
  }

  /** Throws ROW_TAMPERED too. */
  async pagesOf(
    pseudonym: Uint8Array,
    panel: number,
    { from, until }: HourRange,
  ): Promise<readonly (StoredPage & { readonly kept: StoredShare })[]> {
    const rows = await this.#ask(
      `SELECT shares.*, shares.mac AS share_mac, pages.* FROM pages JOIN shares USING (id)
       WHERE pseudonym = $1 AND panel = $2 AND hour >= $3 AND hour < $4 AND batch > 0 ORDER BY hour, page`,
      ...[pseudonym, panel, from, until],
    );
    return this.#guard
      .held('pages', rows)
      .map((row) => ({ ...storedOf(row), kept: heldShare(this.#guard, row, row.share_mac) }));
  }

  async keepOnce(name: string, value: Uint8Array): Promise<Uint8Array> {
    await this.#guard.together((step) => step.put('kept', [{ name, value }], { orKeep: true }));
    return (await this.kept(name)) ?? value;
  }

  async kept(name: string): Promise<Uint8Array | undefined> {
    const rows = await this.#ask('SELECT * FROM kept WHERE name = $1', name);
    const [row] = this.#guard.held('kept', rows);
    return row && bytesIn(row, 'value');
  }
}

/** Also one that somebody took from the list, by its batches: what is wrong of it would concern nobody. */
const triosSql = `
  WITH RECURSIVE sealed AS (
    SELECT min(trio) AS trio FROM batches
    UNION ALL SELECT (SELECT min(trio) FROM batches WHERE batches.trio > sealed.trio) FROM sealed WHERE sealed.trio IS NOT NULL
  ), every AS (SELECT trio FROM trios UNION SELECT trio FROM sealed WHERE trio IS NOT NULL)
  SELECT trio FROM every ORDER BY trio COLLATE "C"`;

/** Accepted ones, in a batch or in none. */
async function hasPages(step: GuardedStep, pseudonym: Uint8Array): Promise<boolean> {
  const sql = `SELECT 1 FROM pages WHERE pseudonym = $1 AND state = 'accepted' LIMIT 1`;
  return (await step.ask(sql, pseudonym)).length > 0;
}

/** With what waits under the pseudonym. */
async function forgetPatient(step: GuardedStep, pseudonym: Uint8Array): Promise<void> {
  const waiting = await step.rows('pages', `pseudonym = $1 AND state = 'waiting'`, pseudonym);
  await refusePages(step, waiting, 'SENSOR_UNKNOWN');
  await step.drop('patients', 'pseudonym = $1', pseudonym);
}

async function sealPages(step: GuardedStep, { trio, number, pages }: PlannedBatch): Promise<void> {
  // The batch of a page is under no MAC: the list of the batch is.
  const named = await step.ask(
    `UPDATE pages SET batch = $1 WHERE page = ANY ($2::bytea[]) AND trio = $3 AND state = 'accepted' AND batch = 0
     RETURNING id`,
    ...([number, pages, trio] as const),
  );
  // They were accepted when this server signed, and nothing gives an accepted page of a planned batch up.
  if (named.length !== pages.length) throw new CodedError('BATCH_UNKNOWN', { number });
  const ids = named.map((row) => uintIn(row, 'id'));
  await step.drop('sayings', 'id = ANY ($1::int8[])', ids);
}
