import { median, type Report } from '../../../../../bench/figures.ts';
import { sha256 } from '../../../../crypto/hash.ts';
import { openWith } from '../../../../crypto/letter.ts';
import { keys } from '../../../../ledger/tables/keys.ts';
import type { Action } from '../../../../sdk/action.ts';
import { dayOf } from '../../api/chart-records.ts';
import { readingsPost } from '../../api/routes/readings-post.ts';
import { encodeSensorRead, readingWord, readWord } from '../../api/sensor-read.ts';
import type { ServerNumber } from '../../crypto/pages/page-head.ts';
import { batchRowId, statBatches } from '../../ledger/tables/stat-batches.ts';
import { vitalsNames } from '../../names.ts';
import { joinPages, type NamedServer } from '../../sdk/reading/joined-pages.ts';
import {
  type AskedFor,
  provenReading,
  SensorSignatures,
  sealContext,
} from '../../sdk/reading/shown-pages.ts';
import { changeStudies, registerSensor } from '../../sdk/registering.ts';
import { openStatement, signStatement } from '../../sdk/statements.ts';
import { datasetOf, pageValues, places, ReadingTown, sensorKey } from '../settings/reading-town.ts';

const hourMs = 3_600_000;
const goalMs = 15;
const rounds = 9;

/**
 * A patient's day of 24 pages, as it comes of three servers: opened, signatures, paths and hashes checked, joined and
 * decoded on the reader's device. What the network and the servers take is shown beside.
 */
export async function benchDoctorDay(report: Report): Promise<void> {
  const town = await ReadingTown.open();
  try {
    const ana = await town.town.person('Ana', 'north', 'patient');
    const sensor = await sensorKey();
    const { line } = town;
    const { said } = await ana.person.run(registerSensor, {
      ...{ servers: town.accounts, sensor: { key: sensor.publicKey, panels: [1] }, line },
    });
    await ana.person.run(changeStudies, { join: [datasetOf], line });
    const firstHour = 24 * (dayOf(Math.floor(town.town.now() / hourMs)) - 1);
    const pages = Array.from({ length: 24 }, (_, at) => ({
      ...{ sequence: at, startHour: firstHour + at, values: pageValues(1, 60, at) },
    }));
    for (const from of [0, 12])
      await town.measure({ sensor, pseudonym: said.pseudonym }, pages.slice(from, from + 12));
    const asked = { panel: 1, firstHour, lastHour: firstHour + 23, pseudonym: said.pseudonym };
    const device: number[] = [];
    const cpu: number[] = [];
    const away: number[] = [];
    for (let round = 0; round <= 3 * rounds; round++) {
      const turn = await ana.person.run(readDay, { town, asked });
      if (turn.rows !== 24 * 60) throw new Error(`${turn.rows} rows`);
      // A device that has just begun compiles what it runs.
      if (round <= 2 * rounds) continue;
      device.push(turn.deviceMs);
      cpu.push(turn.deviceCpuMs);
      away.push(turn.awayMs);
    }
    const value = median(device);
    const base = { bench: 'doctor-day', n: 24 * 60, rounds, unit: 'ms' };
    report({
      ...{ ...base, figure: 'doctor-day', value, peer: 'a goal', peerValue: goalMs },
      ...{ ratio: goalMs / value, goal: `<= ${goalMs} ms`, ok: value <= goalMs },
    });
    const cpuMs = median(cpu);
    report({
      ...{ ...base, figure: 'doctor-day-cpu', value: cpuMs, unit: 'ms of processor time' },
      ...{ peer: 'a goal by the clock', peerValue: goalMs, ratio: goalMs / cpuMs },
      ...{ goal: 'shown: other work on the machine does not move it', ok: true },
    });
    report({
      ...{ ...base, figure: 'doctor-day-servers', value: median(away), peer: 'on the device' },
      ...{ peerValue: value, ratio: value / median(away), goal: 'shown', ok: true },
    });
  } finally {
    await town.close();
  }
}

interface Turn {
  readonly rows: number;
  readonly awayMs: number;
  readonly deviceMs: number;
  readonly deviceCpuMs: number;
}

const readDay: Action<
  { readonly town: ReadingTown; readonly asked: Omit<AskedFor, 'patient'> },
  Turn
> = {
  name: 'bench/read-day',
  async run(ctx, { town, asked }) {
    const { account, chainId } = ctx.account;
    const { sign, kem } = await ctx.keys();
    const of = { ...asked, patient: account };
    const payload = encodeSensorRead({
      ...{ chainId, trio: town.trio, look: new Uint8Array(0), ...asked },
    });
    const begun = performance.now();
    const given = await Promise.all(
      places.map(async (place) => {
        const to = town.server(place).account;
        const said = { from: account, to, word: readWord, timeMs: ctx.nowMs(), payload };
        const request = await signStatement(sign, said);
        const client = await town.line.client(to);
        return { to, place, request, answer: await client.call(readingsPost, { stream: request }) };
      }),
    );
    const came = performance.now();
    const cpu = process.cpuUsage();
    const ledger = {
      async keys(patient: typeof account) {
        const directory = await ctx.ledger.row(keys, patient);
        if (directory === undefined) throw new Error('no keys');
        return directory;
      },
      batch: (number: number) => ctx.ledger.row(statBatches, batchRowId(town.trio, number)),
    };
    const servers: NamedServer[] = [];
    const signatures = new SensorSignatures();
    for (const { to, place, request, answer } of given) {
      const hash = sha256(request);
      const context = sealContext(account, hash);
      const { readSeal } = vitalsNames.labels;
      const opened = await openWith(kem, readSeal, context, new Uint8Array(0), answer);
      const expected = { to: account, word: readingWord, nowMs: ctx.nowMs() };
      const stated = await openStatement(opened, expected, (it) => ctx.ledger.account(it));
      const about = { ...of, request: hash, place: (place + 1) as ServerNumber };
      const reading = await provenReading(stated.payload, about, ledger, signatures);
      servers.push({ server: to, state: { kind: 'answered', reading } });
    }
    const { pages } = joinPages(servers);
    const rows = pages.reduce((sum, page) => sum + page.rows.length, 0);
    const { user, system } = process.cpuUsage(cpu);
    const deviceMs = performance.now() - came;
    return { rows, awayMs: came - begun, deviceMs, deviceCpuMs: (user + system) / 1_000 };
  },
};
