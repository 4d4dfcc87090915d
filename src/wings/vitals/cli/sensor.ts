import { readFileSync } from 'node:fs';
import { actingAccount, openActing, work } from '../../../cli/acting.ts';
import type { AddCommand, CommandContext } from '../../../cli/commands/command.ts';
import { homeFolder } from '../../../cli/home.ts';
import { bytesToHex } from '../../../primitives/bytes.ts';
import { readingsOfHeartRates, readingsOfNumerics } from '../sdk/sensor/csv-readings.ts';
import { signRegistration } from '../sdk/sensor/enrol-sensor.ts';
import { readingsOfObservation } from '../sdk/sensor/fhir-observation.ts';
import { rowsOf, type SensorReading } from '../sdk/sensor/reading.ts';
import { readingsOfSenml } from '../sdk/sensor/senml.ts';
import { sensorWarnings } from '../sdk/sensor/sensor-file.ts';
import {
  makeSensor,
  openSensorQueue,
  readSensor,
  sensorNames,
  writeSensor,
} from '../server/sensor-home.ts';
import {
  datasetServers,
  handInRegistration,
  sensorKeyOf,
  uplinkOf,
} from '../server/sensor-line.ts';

interface Enrolling {
  readonly panel: string;
  readonly dataset: string;
  readonly every: string;
}

/** `salus sensor enrol`: a key for a sensor, registered by the patient with the three servers of a dataset. */
async function enrol(context: CommandContext, name: string, said: Enrolling): Promise<void> {
  const home = homeFolder(context.flags.home);
  const acting = await openActing(context);
  const account = actingAccount(acting);
  const panels = said.panel.split(',').map(Number);
  const servers = await datasetServers(home, said.dataset);
  const intervalMs = Number(said.every) * 1000;
  const sensor = makeSensor(home, { name, panels, intervalMs });
  const { publicKey } = await sensorKeyOf(sensor);
  const { signed, pseudonym } = await acting.person.run(
    signRegistration,
    { sensorKey: publicKey, panels, datasets: [said.dataset] },
    work(context, account),
  );
  await handInRegistration(home, servers, signed);
  writeSensor(home, { ...sensor, registered: { pseudonym: bytesToHex(pseudonym), servers } });
  context.output.result(
    { name, key: bytesToHex(publicKey), pseudonym: bytesToHex(pseudonym), servers },
    () => `Sensor ${name} is registered with three data servers.`,
  );
}

interface Simulating {
  readonly from: string;
  readonly startHour?: string;
  readonly most?: string;
}

/** `salus sensor simulate`: takes recorded readings in, and sends what is due. */
async function simulate(context: CommandContext, name: string, said: Simulating): Promise<void> {
  const home = homeFolder(context.flags.home);
  const sensor = readSensor(home, name);
  const now = context.surroundings.now?.() ?? Date.now();
  const hourMs = 3_600_000;
  const startMs =
    said.startHour === undefined
      ? now - (now % hourMs) - 24 * hourMs
      : Number(said.startHour) * hourMs;
  const readings = readingsIn(said.from, startMs, now);
  const queue = openSensorQueue(home, name);
  try {
    const refused: Record<string, number> = {};
    let taken = 0;
    for (const panel of sensor.panels) {
      const found = rowsOf(panel, readings);
      for (const { code } of found.refused) refused[code] = (refused[code] ?? 0) + 1;
      const most = said.most === undefined ? found.rows.length : Number(said.most);
      taken += await queue.add(found.rows.slice(0, most));
    }
    const pages = await queue.close(now);
    const uplink = await uplinkOf(home, sensor, queue);
    const sent = { done: 0, waiting: 0, refused: [] as unknown[] };
    for (let turn = 0; turn < 200 && (await queue.closed(1)).length > 0; turn++) {
      const one = await uplink.send();
      sent.done += one.done;
      sent.waiting = one.waiting;
      sent.refused.push(...one.refused);
      if (one.refused.length > 0) break;
      if (one.waiting > 0) await new Promise((resolve) => setTimeout(resolve, 250));
    }
    context.output.result({ taken, notTaken: refused, pages, ...sent }, () =>
      [
        `${taken} rows taken in, ${pages} pages closed; ${sent.done} accepted, ${sent.waiting} waiting, ${sent.refused.length} refused.`,
        ...Object.entries(refused).map(([code, count]) => `Not taken: ${count} ${code}`),
      ].join('\n'),
    );
  } finally {
    await queue.end();
  }
}

/** By what is in the file. Throws REQUEST_INVALID. */
function readingsIn(path: string, startMs: number, nowMs: number): readonly SensorReading[] {
  const text = readFileSync(path, 'utf8');
  if (text.startsWith('minute,')) return readingsOfNumerics(text, startMs);
  if (text.startsWith('Id,')) return shifted(readingsOfHeartRates(text), startMs);
  const json: unknown = JSON.parse(text);
  return Array.isArray(json) ? readingsOfSenml(json, nowMs) : readingsOfObservation(json);
}

/** What was recorded years ago, as if it had begun now. */
function shifted(readings: readonly SensorReading[], startMs: number): readonly SensorReading[] {
  const by = startMs - (readings[0]?.timeMs ?? startMs);
  return readings.map((it) => ({ ...it, timeMs: it.timeMs + by }));
}

/** `salus sensor status`: what each sensor of this home has, and what is wrong with it. */
async function status(context: CommandContext): Promise<void> {
  const home = homeFolder(context.flags.home);
  const nowMs = context.surroundings.now?.() ?? Date.now();
  const sensors: unknown[] = [];
  const lines: string[] = [];
  for (const name of sensorNames(home)) {
    const { intervalMs, battery } = readSensor(home, name);
    const queue = openSensorQueue(home, name);
    try {
      for (const { panel, newestMs, open, closed, done, times } of await queue.standing()) {
        const warnings = sensorWarnings({ nowMs, newestMs, intervalMs, times, battery });
        sensors.push({ name, panel, newestMs, open, closed, done, warnings });
        const trouble = warnings.length === 0 ? 'ok' : warnings.join(', ');
        lines.push(
          `${name}, panel ${panel}: ${done} pages accepted, ${closed} waiting, ${trouble}`,
        );
      }
    } finally {
      await queue.end();
    }
  }
  context.output.result({ sensors }, () => (lines.length === 0 ? 'No sensors.' : lines.join('\n')));
}

export const addSensor: AddCommand = (program, context) => {
  const sensor = program
    .command('sensor')
    .description('sensors of vital signs: register one, play readings, see what is wrong');
  sensor
    .command('enrol')
    .description('makes a sensor with a key of its own, and registers it as the patient')
    .argument('<name>', 'small letters, digits and dashes')
    .requiredOption(
      '--dataset <id>',
      'takes part in this study, whose three servers keep the shares',
    )
    .option(
      '--panel <numbers>',
      '1 vital signs, 2 blood pressure, 3 glucose, 4 oximeter, 5 heart rate',
      '5',
    )
    .option('--every <seconds>', 'how often it measures', '60')
    .action((name: string, said: Enrolling) => enrol(context, name, said));
  sensor
    .command('simulate')
    .description('takes readings of a file in (SenML, FHIR Observation, CSV) and sends its pages')
    .argument('<name>')
    .requiredOption('--from <file>', 'what was recorded')
    .option(
      '--start-hour <hour>',
      'hours since 1970 at which a recording begins; missing: a day ago',
    )
    .option('--most <rows>', 'of each panel')
    .action((name: string, said: Simulating) => simulate(context, name, said));
  sensor
    .command('status')
    .description('what arrived, and who is silent, has gaps or a low battery')
    .action(() => status(context));
};
