import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { generateRandomKeys } from 'paillier-bigint';
import { type Figure, median, type Report } from '../../../../../bench/figures.ts';
import { openKernel } from '../../crypto/pages/page-arithmetic-wasm.ts';
import { PatientWindow } from '../../node/questions/patient-window.ts';
import { storedPages } from '../../node/questions/stored-pages.ts';
import { SqlitePageStore } from '../../node/stores/sqlite/sqlite-page-store.ts';
import { reportSeal } from './bench-seal.ts';
import {
  type Answered,
  BenchStudy,
  columnNames,
  pagesPerDay,
  type Rollups,
  readingsOf,
} from './bench-study.ts';

/** Of each size, in turn: three servers, one of them alone, plain SQL. */
const rounds = 9;
const sizes = [
  { name: '1e4', patients: 20, days: 1, readingsOfDay: 500 },
  { name: '1e5', patients: 70, days: 1, readingsOfDay: 1_440 },
  { name: '1e6', patients: 100, days: 7, readingsOfDay: 1_440 },
  { name: '1e9', patients: 23_149, days: 30, readingsOfDay: 1_440 },
] as const;
type Size = (typeof sizes)[number];

/**
 * All 20 moments of five vital signs over 1e4 to 1e9 readings that lie as patient-days in three real data servers: asked
 * of all three over HTTP, with signature, ledger, overlap guard, noise, StatSeal and HPKE; one server's part of it; and
 * beside them, in turn, plain SQL over the sums of the same pages, over the same patient-days and over the readings.
 */
export async function benchStats(report: Report): Promise<void> {
  const study = await BenchStudy.open();
  const folder = mkdtempSync(join(tmpdir(), 'salus-bench-sql-'));
  try {
    const asked: [number, number][] = [];
    const alone: [number, number][] = [];
    for (const size of sizes) {
      const rollups = await study.fill(size);
      const plain = new PlainStudy(join(folder, `${size.name}.db`), size.name, rollups);
      const times = await measured(study, rollups, plain);
      plain.close();
      reportSize(report, size, times);
      asked.push([readingsOf(rollups), median(times.ask)]);
      alone.push([readingsOf(rollups), median(times.server)]);
    }
    const growth = (figure: string, points: readonly (readonly [number, number])[]): Figure => ({
      ...{ bench: 'stats', figure, value: points.at(-1)?.[1] ?? 0, unit: 'ms', peer: 'at 1e4' },
      ...{ peerValue: points[0]?.[1] ?? 0, n: points.at(-1)?.[0] ?? 0, rounds, goal: 'shown' },
      ...{ ratio: (points[0]?.[1] ?? 0) / (points.at(-1)?.[1] ?? 1), ok: true, points },
      axes: ['readings', 'ms, median'],
    });
    report(growth('end-to-end-growth', asked));
    report(growth('server-growth', alone));
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await study.close();
  }
  await reportPaillier(report);
  await reportSeal(report);
}

/** Milliseconds of each round. */
interface Times {
  readonly check: number[];
  readonly debit: number[];
  readonly ask: number[];
  readonly withLedger: number[];
  readonly server: number[];
  readonly serverFirst: number[];
  /** Plain SQL. */
  readonly pages: number[];
  readonly days: number[];
  readonly raw: number[];
}

async function measured(study: BenchStudy, rollups: Rollups, plain: PlainStudy): Promise<Times> {
  const times: Times = {
    ...{ check: [], debit: [], ask: [], withLedger: [], server: [], serverFirst: [] },
    ...{ pages: [], days: [], raw: [] },
  };
  const store = new SqlitePageStore(study.database(0), await openKernel(), study.macs(0));
  const pages = storedPages(store);
  const hours = { from: rollups.fromDay * 24, until: (rollups.fromDay + rollups.days) * 24 };
  const wanted = {
    ...{ dataset: study.dataset, trio: study.trio, panel: 1, asOfBatch: study.newestBatch },
    ...{ cohort: [], fromHour: hours.from, untilHour: hours.until, counters: false },
  };
  try {
    for (let round = 0; round <= rounds; round++) {
      const answered = await study.ask(rollups);
      requireNear(answered, rollups);
      const server = await msEach(async () =>
        pages.sum({ whole: await pages.select(wanted), pages: [] }, wanted),
      );
      const serverFirst = await msEach(() => PatientWindow.open(store, { ...wanted, hours }));
      const ofPages = await msEach(() => plain.ofPages());
      const ofDays = await msEach(() => plain.ofDays());
      const raw = await ms(() => plain.ofReadings());
      // The first round warms up.
      if (round === 0) continue;
      times.check.push(answered.checkMs);
      times.debit.push(answered.debitMs);
      times.ask.push(answered.askMs);
      times.server.push(server);
      times.serverFirst.push(serverFirst);
      times.withLedger.push(answered.withLedgerMs);
      times.pages.push(ofPages);
      times.days.push(ofDays);
      times.raw.push(raw);
    }
  } finally {
    await store.close();
  }
  return times;
}

/** Of one call, over as many as a twentieth of a second has room for: a server has compiled what it runs. */
async function msEach(work: () => unknown): Promise<number> {
  const started = performance.now();
  let calls = 0;
  do {
    await work();
    calls++;
  } while (performance.now() - started < 50);
  return (performance.now() - started) / calls;
}

async function ms(work: () => unknown): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** A wrong sum would be off by some 2^62; noise at this price is below 2^43. */
function requireNear({ values }: Answered, rollups: Rollups): void {
  const { plain } = rollups;
  const readings = BigInt(readingsOf(rollups));
  const total = (column: number): bigint => {
    let sum = 0n;
    for (let at = column; at < plain.length; at += columnNames.length) sum += plain[at] ?? 0n;
    return sum;
  };
  const sum = total(0);
  const exact = [readings, sum - 128n * readings, total(5) - 256n * sum + 16_384n * readings];
  for (const [at, place] of [1, 2, 7].entries()) {
    const off = (values[place] ?? 0n) - (exact[at] ?? 0n);
    if (off > 2n ** 43n || off < -(2n ** 43n))
      throw new Error(`coordinate ${place} is off: ${off}`);
  }
}

function reportSize(report: Report, { name, ...of }: Size, times: Times): void {
  const n = of.patients * of.days * of.readingsOfDay;
  const base = { bench: 'stats', n, rounds, unit: 'ms' };
  const ofPages = { peer: 'node:sqlite, the same pages', of: times.pages };
  const ofDays = { peer: 'node:sqlite, the same patient-days', of: times.days };
  const isLarge = name === '1e9';
  const raw = { peer: 'node:sqlite, the readings', of: times.raw };
  const against = (
    figure: string,
    own: readonly number[],
    { peer, of, least = 0 }: { peer: string; of: readonly number[]; least?: number },
  ): void => {
    const ratio = median(own.map((value, at) => (of[at] ?? 0) / value));
    report({
      ...{ ...base, figure, value: median(own), peer, peerValue: median(of), ratio },
      goal: least === 0 ? 'shown' : `SQL's time over ours >= ${least.toPrecision(2)}`,
      ok: ratio >= least,
    });
  };
  const is1e6 = name === '1e6';
  // Rollups are pages, as SQL has them in the design; at 1e9 patient-days, which are as many.
  const rollups = isLarge ? ofDays : ofPages;
  against(`end-to-end-${name}-vs-sql-rollups`, times.ask, {
    ...rollups,
    ...(is1e6 && { least: 1 / 1.2 }),
  });
  against(`with-ledger-${name}-vs-sql-rollups`, times.withLedger, rollups);
  against(`server-${name}-vs-sql-rollups`, times.server, {
    ...rollups,
    ...(is1e6 && { least: 4 }),
  });
  against(`server-first-${name}-vs-sql-rollups`, times.serverFirst, {
    ...rollups,
    ...(is1e6 && { least: 4 }),
  });
  if (!isLarge) {
    against(`end-to-end-${name}-vs-sql-days`, times.ask, ofDays);
    against(`server-${name}-vs-sql-days`, times.server, ofDays);
    against(`server-first-${name}-vs-sql-days`, times.serverFirst, ofDays);
    against(`end-to-end-${name}-vs-sql-raw`, times.ask, raw);
    against(`server-${name}-vs-sql-raw`, times.server, raw);
  }
  const goal = isLarge ? 100 : undefined;
  const value = median(times.ask);
  report({
    ...{ ...base, figure: `end-to-end-${name}-rollups`, value, peer: 'a goal' },
    ...{ peerValue: goal ?? value, ratio: (goal ?? value) / value },
    ...{ goal: goal === undefined ? 'shown' : `<= ${goal} ms`, ok: value <= (goal ?? value) },
  });
  for (const [figure, own] of [
    ['check', times.check],
    ['debit', times.debit],
  ] as const) {
    const shown = median(own);
    report({
      ...{
        ...base,
        figure: `${figure}-${name}`,
        value: shown,
        peer: 'end to end',
        peerValue: value,
      },
      ...{ ratio: value / shown, goal: 'shown', ok: true },
    });
  }
}

/** The same sums in clear, and readings that are as many. */
class PlainStudy {
  readonly #db: DatabaseSync;
  readonly #ofDays: StatementSync;
  readonly #ofPages: StatementSync | undefined;
  readonly #readings: StatementSync | undefined;
  readonly #days: readonly [number, number];

  constructor(
    path: string,
    name: Size['name'],
    { patients, days, readingsOfDay, fromDay, plain }: Rollups,
  ) {
    this.#db = new DatabaseSync(path);
    this.#days = [fromDay, fromDay + days];
    const columns = columnNames.map((it) => `${it} INTEGER`).join(', ');
    this.#db.exec(`CREATE TABLE rollups (patient INTEGER, day INTEGER, n INTEGER, ${columns},
      PRIMARY KEY (day, patient)) WITHOUT ROWID; BEGIN`);
    const insert = this.#db.prepare(`INSERT INTO rollups VALUES (?, ?, ?, ${'?,'.repeat(19)} ?)`);
    for (let row = 0; row < patients * days; row++) {
      const sums = plain.subarray(row * 20, (row + 1) * 20);
      insert.run(row % patients, fromDay + Math.floor(row / patients), readingsOfDay, ...sums);
    }
    const sums = columnNames.map((it) => `sum(${it})`).join(', ');
    const over = (table: string): StatementSync =>
      this.#db.prepare(`SELECT sum(n), ${sums} FROM ${table} WHERE day >= ? AND day < ?`);
    this.#ofDays = over('rollups');
    if (name !== '1e9') {
      this.#db.exec(`
        CREATE TABLE hours (hour INTEGER);
        WITH RECURSIVE h (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM h WHERE n < ${pagesPerDay - 1})
        INSERT INTO hours SELECT n FROM h;
        CREATE TABLE pages (patient INTEGER, day INTEGER, hour INTEGER, n INTEGER, ${columns},
          PRIMARY KEY (day, patient, hour)) WITHOUT ROWID;
        INSERT INTO pages SELECT patient, day, hour, n / ${pagesPerDay},
          ${columnNames.map((it) => `${it} / ${pagesPerDay}`).join(', ')} FROM rollups, hours;
      `);
      this.#ofPages = over('pages');
      this.#readings = this.#fillReadings(patients * days * readingsOfDay);
    }
    this.#db.exec('COMMIT');
  }

  #fillReadings(count: number): StatementSync {
    this.#db.exec(
      'CREATE TABLE readings (v0 INTEGER, v1 INTEGER, v2 INTEGER, v3 INTEGER, v4 INTEGER)',
    );
    const insert = this.#db.prepare('INSERT INTO readings VALUES (?, ?, ?, ?, ?)');
    for (let at = 0; at < count; at++) {
      const code = (v: number): number => (at * 13 + v * 29) % 256;
      insert.run(code(0), code(1), code(2), code(3), code(4));
    }
    const vitals = [0, 1, 2, 3, 4];
    const products = vitals.flatMap((a) => vitals.slice(a).map((b) => `sum(v${a} * v${b})`));
    const sums = vitals.map((v) => `sum(v${v})`);
    return this.#db.prepare(`SELECT count(*), ${[...sums, ...products].join(', ')} FROM readings`);
  }

  ofDays(): void {
    this.#ofDays.get(...this.#days);
  }

  ofPages(): void {
    this.#ofPages?.get(...this.#days);
  }

  ofReadings(): void {
    this.#readings?.get();
  }

  close(): void {
    this.#db.close();
  }
}

/**
 * What the 15 products of one reading cost where values lie as three additive shares under Paillier, with the npm package
 * of that name at 2048 bits: each of six cross terms a product of one server's ciphertext with another's share, blinded.
 * Measured on one reading, and multiplied: 1e6 would take days.
 */
async function reportPaillier(report: Report): Promise<void> {
  const { publicKey } = await generateRandomKeys(2_048);
  const products = 15;
  const crossTerms = 6;
  const runs: number[] = [];
  for (let run = 0; run < 3; run++) {
    const share = publicKey.encrypt(12_345n);
    runs.push(
      await ms(() =>
        publicKey.addition(publicKey.multiply(share, 0xdeadbeefcafef00dn), publicKey.encrypt(7n)),
      ),
    );
  }
  const each = median(runs) * products * crossTerms;
  for (const n of [10_000, 100_000, 1_000_000]) {
    report({
      ...{ bench: 'stats', figure: `paillier-bigint-${n.toExponential(0).replace('+', '')}` },
      ...{ value: (each * n) / 1_000, unit: 's, extrapolated from one reading', n, rounds: 3 },
      ...{ peer: 'one reading, measured, ms', peerValue: each, ratio: 1, goal: 'shown', ok: true },
    });
  }
}
