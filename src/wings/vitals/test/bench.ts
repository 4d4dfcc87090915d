import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median, type Report } from '../../../../bench/figures.ts';
import { newRecordId, sealItem } from '../../../sdk/records/item-seal.ts';
import { writePairOf } from '../../../sdk/records/item-wrap.ts';
import { vitalsMediaType } from '../api/chart-records.ts';
import { openKernel, pageArithmetic } from '../crypto/pages/page-arithmetic-wasm.ts';
import { pageIdOf, type ServerNumber } from '../crypto/pages/page-head.ts';
import { judgeShare } from '../crypto/pages/page-judge.ts';
import { type SharedPage, sharePage } from '../crypto/pages/page-share.ts';
import { decidePage } from '../crypto/pages/page-verify.ts';
import { sealReplica } from '../sdk/reading/replica.ts';
import { type SignedPage, uploadsOf } from '../sdk/sensor/page-upload.ts';
import { benchDoctorDay } from './bench/bench-doctor.ts';
import { benchPaillier } from './bench/bench-paillier.ts';
import { benchScrub } from './bench/bench-scrub.ts';
import { benchStats } from './bench/bench-stats.ts';
import { drawn, randomnessOf, valuesOf, verify, verifyKey } from './settings/pages.ts';
import { ThreeServers } from './settings/three-servers.ts';

/** Of processor time: what other processes take is not ours to count. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const rows = 64;
const goal = 1_000_000;
const storedGoal = 600_000;
/** A full round of what three servers say to each other. */
const pagesOfRound = 256;

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
  // A round takes three milliseconds, and Node compiles for a hundred after its start: the kernel, and what takes types away.
  const warming = 16;
  const base = { bench: 'pages', n: rows * shared.length, rounds };
  for (const server of [1, 3] as const) {
    const rates: number[] = [];
    for (let round = -warming; round < rounds; round++) {
      const started = cpuMs();
      for (const [i, page] of shared.entries()) {
        const said = judged[i]?.said;
        if (said !== undefined) await verifyAndKeep(server, page, said);
      }
      if (round >= 0) rates.push((rows * shared.length * 1000) / (cpuMs() - started));
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
    const [body, hash] = [bodies[server - 1] ?? bodies[0], hashes[server - 1] ?? hashes[0]];
    const judging = { server, head, body, parts, hash, verifyKey };
    const { share: mine } = await judgeShare(kernel, judging);
    const [first, , third] = said;
    const all =
      server === 1 ? ([mine, said[1], third] as const) : ([first, said[1], mine] as const);
    const verdict = decidePage(kernel, { parts, said: all, jointRand: mine.jointRand });
    if (verdict !== 'accepted') throw new Error(verdict);
  }
}

/**
 * From an upload that waits to a page that is kept, its store included: opened, said, decided, written down. Beside it with
 * the upload itself: HPKE, the sensor's signature and the body's look before it is written down.
 */
async function benchStored(report: Report): Promise<void> {
  const three = await ThreeServers.open(
    mkdtempSync(join(tmpdir(), 'salus-bench-')),
    await openKernel(),
  );
  try {
    await three.registerEverywhere();
    const rates: number[] = [];
    const whole: number[] = [];
    const rounds = 5;
    let sequence = 0;
    // All three in this process, each with a file of its own.
    const readings = 3 * pagesOfRound * rows;
    for (let round = 0; round <= rounds; round++) {
      let takingMs = 0;
      for (let upload = 0; upload < pagesOfRound / 16; upload++) {
        const pages: SignedPage[] = [];
        for (let i = 0; i < 16; i++) pages.push(await three.sign(valuesOf(1, rows), sequence++));
        const uploads = await three.uploads(pages);
        const arrived = cpuMs();
        for (const place of [0, 1, 2] as const) await three.server(place).upload(uploads[place]);
        takingMs += cpuMs() - arrived;
      }
      const started = cpuMs();
      await three.judge();
      const judgingMs = cpuMs() - started;
      if (round === 0) continue;
      rates.push((readings * 1000) / judgingMs);
      whole.push((readings * 1000) / (takingMs + judgingMs));
    }
    const base = { bench: 'pages', n: pagesOfRound * rows, rounds };
    const value = median(rates);
    report({
      ...{ ...base, figure: 'verified-stored-per-core', value },
      ...{ unit: 'readings/s a core', peer: 'the goal, no peer', peerValue: storedGoal },
      ...{ ratio: value / storedGoal, goal: '>= 600,000', ok: value >= storedGoal },
    });
    const all = median(whole);
    report({
      ...{ ...base, figure: 'uploaded-verified-stored-per-core', value: all },
      ...{ unit: 'readings/s a core', peer: 'without the upload', peerValue: value },
      ...{ ratio: all / value, goal: 'shown', ok: true },
    });
  } finally {
    await three.close();
  }
}

/** What a sensor sends of 16 full pages with their recovery envelopes, and with what its hub writes into the chart beside, a reading. */
async function reportUpload(report: Report): Promise<void> {
  const kernel = await openKernel();
  const three = await ThreeServers.open(mkdtempSync(join(tmpdir(), 'salus-bench-')), kernel);
  try {
    await three.registerEverywhere();
    const pages = Array.from({ length: 16 }, (_, i) => valuesOf(1, rows, i));
    const signed = await three.signTogether(pages);
    const sum = (of: readonly Uint8Array[]): number => of.reduce((all, it) => all + it.length, 0);
    const readings = rows * pages.length;
    const upload = sum(await uploadsOf(three.line, signed)) / readings;
    const replica = await sealReplica(
      three.sensor,
      { registration: await three.register(), panel: 1, day: 0 },
      pages.map((_, sequence) => ({
        ...{ panel: 1, sequence, startHour: sequence, n: rows },
        clinical: valuesOf(1, rows, sequence).clinical,
      })),
    );
    const { sign, account } = three.ana;
    const item = {
      ...{ account, author: account, recordId: newRecordId(), recordClass: 'iot' as const },
      ...{ mediaType: vitalsMediaType, name: 'Vital signs: vital-signs', bytes: replica },
      ...{ writtenMs: three.now, previous: undefined },
    };
    const { publicKey: writeKey } = await writePairOf(drawn('segment'));
    const wrapping = { kind: 'write-key', epoch: 1, writeKey } as const;
    const { body, leaf } = await sealItem(item, sign, wrapping);
    const all = upload + (body.length + leaf.length) / readings;
    const base = { bench: 'pages', n: readings, rounds: 1, unit: 'bytes a reading' };
    for (const [figure, value, most] of [
      ['upload-per-reading', upload, 280],
      ['upload-all-per-reading', all, 280],
    ] as const) {
      report({
        ...{ ...base, figure, value, peer: 'a goal', peerValue: most },
        ...{ ratio: most / value, ok: value <= most, goal: `<= ${most}` },
      });
    }
  } finally {
    await three.close();
  }
}

/** What `npm run bench` can measure of the wing, by name. */
export const benches = {
  scrub: benchScrub,
  pages: async (report: Report): Promise<void> => {
    await benchPages(report);
    await benchStored(report);
    await reportUpload(report);
  },
  'doctor-day': benchDoctorDay,
  stats: benchStats,
  paillier: benchPaillier,
};
