import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { median, type Report } from '../../../../bench/figures.ts';
import { ColumnSum } from '../crypto/column-sum.ts';
import { openKernel, pageArithmetic } from '../crypto/page-arithmetic-wasm.ts';
import { pageIdOf, type ServerNumber } from '../crypto/page-head.ts';
import { keepShare } from '../crypto/page-keep.ts';
import { openBody } from '../crypto/page-open.ts';
import { type SharedPage, sharePage } from '../crypto/page-share.ts';
import { decidePage, prepareShare } from '../crypto/page-verify.ts';
import type { SignedPage } from '../sdk/sensor/page-upload.ts';
import { benchPaillier } from './bench-paillier.ts';
import { drawn, randomnessOf, valuesOf, verify, verifyKey } from './pages.ts';
import { ThreeServers } from './three-servers.ts';

/** Of processor time: what other processes take is not ours to count. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const rows = 64;
const goal = 1_000_000;

/** Verified readings of five vital signs a second on one core, with three proofs, at each server; proving; and what is sent. */
async function benchPages(report: Report): Promise<void> {
  const arithmetic = await openKernel();
  const values = valuesOf(1, rows);
  const shared: SharedPage[] = [];
  for (let i = 0; i < 64; i++) {
    shared.push(
      await sharePage(arithmetic, pageIdOf(drawn('sensor'), 1, i), values, randomnessOf(i)),
    );
  }
  const judged = await Promise.all(shared.map((page) => verify(arithmetic, page)));
  const rounds = 9;
  const base = { bench: 'pages', n: rows * shared.length, rounds };
  for (const server of [1, 3] as const) {
    const rates: number[] = [];
    for (let round = 0; round <= rounds; round++) {
      const started = cpuMs();
      for (const [i, page] of shared.entries()) {
        const said = judged[i]?.said;
        if (said !== undefined) await verifyAndKeep(server, page, said);
      }
      // The first round warms up.
      if (round > 0) rates.push((rows * shared.length * 1000) / (cpuMs() - started));
    }
    const value = median(rates);
    report({
      ...{ ...base, figure: `verified-at-server-${server}`, value, unit: 'readings/s a core' },
      ...{ peer: 'the goal, no peer', peerValue: goal, ratio: value / goal },
      ...{ goal: '>= 1,000,000', ok: value >= goal },
    });
  }
  const started = cpuMs();
  const proofs = 30;
  for (let i = 0; i < proofs; i++)
    await sharePage(arithmetic, drawn('p').subarray(0, 16), values, randomnessOf(i));
  const proving = (cpuMs() - started) / proofs;
  report({
    ...{
      ...base,
      figure: 'share-and-prove',
      value: proving,
      unit: 'ms a page',
      n: proofs,
      rounds: 1,
    },
    ...{
      peer: 'a goal, no peer',
      peerValue: 10,
      ratio: 10 / proving,
      goal: '<= 10 ms',
      ok: proving <= 10,
    },
  });

  async function verifyAndKeep(
    server: ServerNumber,
    { head, parts, bodies, hashes }: SharedPage,
    said: Awaited<ReturnType<typeof verify>>['said'],
  ): Promise<void> {
    const kernel = await pageArithmetic();
    const opened = await openBody(kernel, { server, head, body: bodies[server - 1] ?? bodies[0] });
    const mine = await prepareShare(kernel, { server, head, parts, opened, verifyKey });
    const [first, , third] = said;
    const all =
      server === 1 ? ([mine, said[1], third] as const) : ([first, said[1], mine] as const);
    const verdict = decidePage(kernel, { parts, said: all, jointRand: mine.jointRand });
    if (verdict !== 'accepted') throw new Error(verdict);
    keepShare(kernel, { server, head, opened, hash: hashes[server - 1] ?? hashes[0] });
  }
}

/** From an upload that waits to a page that is kept, at server 1, its store included: opened, said, decided, written down. */
async function benchStored(report: Report): Promise<void> {
  const three = await ThreeServers.open(
    mkdtempSync(join(tmpdir(), 'salus-bench-')),
    await openKernel(),
  );
  try {
    await three.registerEverywhere();
    const rates: number[] = [];
    const rounds = 5;
    let sequence = 0;
    for (let round = 0; round <= rounds; round++) {
      for (let upload = 0; upload < 4; upload++) {
        const pages: SignedPage[] = [];
        for (let i = 0; i < 16; i++) pages.push(await three.sign(valuesOf(1, rows), sequence++));
        await three.upload(pages);
      }
      const started = cpuMs();
      await three.judge();
      // All three in this process, each with a file of its own.
      if (round > 0) rates.push((3 * 64 * rows * 1000) / (cpuMs() - started));
    }
    const value = median(rates);
    report({
      ...{ bench: 'pages', n: 64 * rows, rounds, figure: 'verified-and-stored', value },
      ...{ unit: 'readings/s a core', peer: 'the goal, no peer', peerValue: goal },
      ...{ ratio: value / goal, goal: '>= 1,000,000', ok: value >= goal },
    });
  } finally {
    await three.close();
  }
}

/**
 * One server's sums of all 20 moments over rollups in SQLite, against plain SQL over the same rollups and over the raw
 * rows. What a whole question costs besides (selection, guard, noise, seal) is not in it.
 */
async function benchStats(report: Report): Promise<void> {
  const rounds = 7;
  for (const readings of [10_000, 100_000, 1_000_000]) {
    const pages = Math.ceil(readings / rows);
    const sqlite = studyDatabase(pages);
    const segments = sqlite.prepare('SELECT roll FROM segments');
    const own = medianMs(rounds, () => {
      const sum = new ColumnSum(20);
      for (const { roll } of segments.iterate()) if (roll instanceof Uint8Array) sum.add(roll);
      return sum.totals();
    });
    const columns = Array.from({ length: 20 }, (_, at) => `sum(c${at})`).join(', ');
    const rollups = sqlite.prepare(`SELECT ${columns} FROM rollups`);
    const peer = medianMs(rounds, () => rollups.get());
    const pairs = [0, 1, 2, 3, 4].flatMap((a) =>
      [0, 1, 2, 3, 4].slice(a).map((b) => `sum(v${a} * v${b})`),
    );
    const sums = [0, 1, 2, 3, 4].map((v) => `sum(v${v})`);
    const raw = sqlite.prepare(`SELECT ${[...sums, ...pairs].join(', ')} FROM readings`);
    const rawMs = medianMs(3, () => raw.get());
    sqlite.close();
    const base = { bench: 'stats', n: readings, rounds, unit: 'ms' };
    const least = readings === 1_000_000 ? 4 : 0;
    report({
      ...{ ...base, figure: `server-${readings}-vs-sql-rollups`, value: own },
      ...{ peer: 'node:sqlite, plain rollups', peerValue: peer, ratio: peer / own },
      ...{ goal: least === 0 ? 'told, no goal' : '>= 4 times faster', ok: peer / own >= least },
    });
    report({
      ...{ ...base, figure: `server-${readings}-vs-sql-raw`, value: own },
      ...{ peer: 'node:sqlite, plain rows', peerValue: rawMs, ratio: rawMs / own },
      ...{ goal: 'told, no goal', ok: true },
    });
  }
}

function medianMs(rounds: number, work: () => unknown): number {
  const times: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const started = performance.now();
    work();
    // The first round warms up.
    if (round > 0) times.push(performance.now() - started);
  }
  return median(times);
}

const segmentPages = 2_048;

/** Shares in segments, and the same pages in plain: their sums, and their readings. */
function studyDatabase(pages: number): DatabaseSync {
  const sqlite = new DatabaseSync(':memory:');
  const names = Array.from({ length: 20 }, (_, at) => `c${at} INTEGER`).join(', ');
  sqlite.exec(`CREATE TABLE segments (roll BLOB); CREATE TABLE rollups (${names});
    CREATE TABLE readings (v0 INTEGER, v1 INTEGER, v2 INTEGER, v3 INTEGER, v4 INTEGER); BEGIN`);
  const segment = sqlite.prepare('INSERT INTO segments VALUES (?)');
  const rollup = sqlite.prepare(`INSERT INTO rollups VALUES (${'?,'.repeat(19)}?)`);
  const reading = sqlite.prepare('INSERT INTO readings VALUES (?, ?, ?, ?, ?)');
  for (let first = 0; first < pages; first += segmentPages) {
    segment.run(randomBytes(160 * Math.min(segmentPages, pages - first)));
  }
  for (let page = 0; page < pages; page++) {
    rollup.run(...Array.from({ length: 20 }, (_, at) => 8_000 + ((page * 31 + at * 7) % 500)));
    for (let row = 0; row < rows; row++) {
      const code = (v: number): number => (page * 13 + row * 7 + v * 29) % 256;
      reading.run(code(0), code(1), code(2), code(3), code(4));
    }
  }
  sqlite.exec('COMMIT');
  return sqlite;
}

/** What `npm run bench` can measure of the wing, by name. */
export const benches = {
  pages: async (report: Report): Promise<void> => {
    await benchPages(report);
    await benchStored(report);
  },
  stats: benchStats,
  paillier: benchPaillier,
};
