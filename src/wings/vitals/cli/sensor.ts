import { setTimeout } from 'node:timers/promises';
import { actingAccount, openActing, work } from '../../../cli/acting.ts';
import type { AddCommand, CommandContext } from '../../../cli/commands/command.ts';
import { readSmallText } from '../../../cli/files.ts';
import { when } from '../../../cli/format.ts';
import { homeFolder } from '../../../cli/home.ts';
import { bytesToHex } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import { type AttributeName, attributeLimits, attributeNames } from '../api/cohort.ts';
import {
  basePanel,
  changeStudies,
  isPadded,
  paddedPanel,
  panelOf,
  registerSensor,
} from '../sdk/index.ts';
import type { PublicAttributes } from '../sdk/registering.ts';
import { type PanelRow, rowsOfSensor, type SensorInput } from '../sdk/sensor/reading.ts';
import { readingsOfFile } from '../sdk/sensor/recorded.ts';
import { replaySteps } from '../sdk/sensor/replay.ts';
import { paddedLateMs, type SensorQueue } from '../sdk/sensor/sensor-queue.ts';
import { type SensorStanding, standingsOf } from '../sdk/sensor/sensor-standing.ts';
import type { Uplink } from '../sdk/sensor/uplink.ts';
import { openHub } from '../server/hub-account.ts';
import {
  brokerPort,
  makeSensor,
  openSensorQueue,
  readSensor,
  sensorNames,
  takeTurn,
  writeSensor,
} from '../server/sensor-home.ts';
import { datasetServers, sensorKeyOf, uplinkOf } from '../server/sensor-line.ts';

interface Enrolling {
  readonly panel?: string;
  readonly dataset: string;
  readonly withoutStudy?: true;
  readonly padded?: true;
  readonly every: string;
  readonly public?: string;
}

/** `salus sensor enrol`: a key for a sensor, in the patient's one registration with the three servers of a dataset. Rule VR-3a. */
async function enrol(context: CommandContext, name: string, said: Enrolling): Promise<void> {
  const home = homeFolder(context.flags.home);
  const intervalMs = 1_000 * wholeNumber(said.every, { flag: '--every', least: 1, most: 86_400 });
  const attributes = said.public === undefined ? undefined : attributesOf(said.public);
  const acting = await openActing(context);
  const options = work(context, actingAccount(acting));
  const { servers, panel } = await datasetServers(home, said.dataset);
  const named = (said.panel ?? String(panel)).split(',').map((it) => panelOf(Number(it)).number);
  const panels = said.padded ? [...new Set(named.map(basePanel).map(paddedPanel))] : named;
  if (panels.some(isPadded) && intervalMs < paddedIntervalMs)
    throw new CodedError('USAGE', { problem: '--padded: at most one reading a minute' });
  const nowMs = context.surroundings.now?.() ?? Date.now();
  const sensor = makeSensor(home, { name, panels, intervalMs }, nowMs);
  const { publicKey: key } = await sensorKeyOf(sensor);
  const registered = await acting.person.run(
    registerSensor,
    { servers, sensor: { key, panels }, ...(attributes && { attributes }) },
    options,
  );
  const isWithout = said.withoutStudy === true || panels.every(isPadded);
  const held = isWithout
    ? registered
    : await acting.person.run(changeStudies, { join: [said.dataset] }, options);
  const pseudonym = bytesToHex(held.said.pseudonym);
  const patient = actingAccount(acting).account;
  const hub = await letHubWrite(context, acting, patient);
  const registration = bytesToHex(held.signed);
  writeSensor(home, { ...sensor, registered: { pseudonym, servers, patient, registration } });
  const broker = `mqtt://127.0.0.1:${await brokerPort(home)}`;
  const login = { broker, user: name, password: sensor.password ?? '' };
  const facts = {
    name,
    key: bytesToHex(key),
    pseudonym,
    panels,
    studies: [...held.said.datasets],
    servers,
    notYet: [...held.missing],
    hub,
    ...login,
    topic: `salus/sensors/${name}/readings`,
  };
  context.output.result(facts, () =>
    [
      `Its readings: ${facts.topic} at ${broker}, as ${name}, password ${login.password}`,
      `Sensor ${name} is registered with ${servers.length - held.missing.length} of three data servers.`,
      countText(facts.studies, isWithout),
      ...held.missing.map((it) => `${it} has not heard of it yet: salus vitals studies`),
    ].join('\n'),
  );
}

/** Which of both happened: kept by three servers, or counted in studies too. */
function countText(studies: readonly string[], isWithout: boolean): string {
  if (studies.length === 0)
    return 'Its readings are kept for the patient and count in no study: salus vitals join DATASET would change that.';
  const leave = 'salus vitals leave DATASET ends it, and the sensor goes on';
  const since = isWithout ? ', joined before' : '';
  return `Its readings count in ${studies.join(', ')}${since}: ${leave}.`;
}

const grantDays = 365;
/** As many as a page has rows for. */
const paddedIntervalMs = 60_000;

/** The patient lets this home's hub write what her sensors send, as long as no grant says so yet; returns whose account it is. */
async function letHubWrite(
  context: CommandContext,
  { person }: Pick<Awaited<ReturnType<typeof openActing>>, 'person'>,
  patient: AccountId,
): Promise<string> {
  const { account, card } = await openHub(homeFolder(context.flags.home));
  const options = work(context, { account: patient });
  const nowMs = context.surroundings.now?.() ?? Date.now();
  const lasts = nowMs + (grantDays / 2) * dayMs;
  const isLet = (await person.grants(options)).some(
    ({ terms, notAfterMs, state }) =>
      terms.grantee === account &&
      state === 'live' &&
      notAfterMs > lasts &&
      terms.writeClasses.includes('iot'),
  );
  if (isLet) return account;
  await person.addCard(card, { ...options, nickname: 'sensors’ hub' });
  const notAfterMs = nowMs + grantDays * dayMs;
  const terms = { readClasses: [], writeClasses: ['iot'], purposes: ['TREAT'] } as const;
  await person.grant({ grantee: account, ...terms, notAfterMs }, options);
  return account;
}

/** `sex=1,age-band=4`. Throws USAGE. */
function attributesOf(words: string): PublicAttributes {
  const said = new Map(words.split(',').map((word) => [word.split('=')[0], word.split('=')[1]]));
  const unknown = [...said.keys()].find((it) => !attributeNames.some((name) => name === it));
  if (unknown !== undefined)
    throw new CodedError('USAGE', { problem: `--public: ${attributeNames.join(', ')}` });
  const of = (name: AttributeName): number =>
    wholeNumber(said.get(name) ?? '0', {
      ...{ flag: `--public ${name}`, least: 0, most: attributeLimits[name] },
    });
  return { sex: of('sex'), ageBand: of('age-band'), region: of('region'), arm: of('arm') };
}

function wholeNumber(
  text: string,
  { flag, least, most }: { readonly flag: string; readonly least: number; readonly most: number },
): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < least || number > most)
    throw new CodedError('USAGE', { problem: `${flag}: a whole number from ${least} to ${most}` });
  return number;
}

interface Simulating {
  readonly from: string;
  readonly startHour?: string;
  readonly most?: string;
  readonly speed?: string;
}

interface Sending {
  done: number;
  waiting: number;
  readonly refused: Record<string, number>;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Turns in which nothing is accepted, before the rest is left in the queue. */
const idleTurns = 120;
const turnMs = 250;

/** `salus sensor simulate`: takes recorded readings in, as fast as is asked for, and sends what is due. */
async function simulate(context: CommandContext, name: string, said: Simulating): Promise<void> {
  const home = homeFolder(context.flags.home);
  const sensor = readSensor(home, name);
  const speed = said.speed === undefined ? Number.POSITIVE_INFINITY : Number(said.speed);
  if (!(speed > 0)) throw new CodedError('USAGE', { problem: '--speed: more than 0' });
  const most = { flag: '--most', least: 1, most: Number.MAX_SAFE_INTEGER };
  const mostRows = said.most === undefined ? undefined : wholeNumber(said.most, most);
  const nowMs = () => context.surroundings.now?.() ?? Date.now();
  const input = inputIn(readSmallText(said.from), {
    startMs: said.startHour === undefined ? undefined : Number(said.startHour) * hourMs,
    nowMs: nowMs(),
  });
  const endTurn = await turnFor(home, name, context.signal);
  const queue = openSensorQueue(home, sensor);
  const progress = context.output.progress(`Replaying ${name}`);
  try {
    if (input.battery !== undefined) writeSensor(home, { ...sensor, battery: input.battery });
    const uplink = await uplinkOf(home, sensor, queue);
    const notTaken: Record<string, number> = {};
    const rows: PanelRow[] = [];
    for (const found of rowsOfSensor(sensor.panels, input)) {
      await queue.refuse(found.panel, found.refused);
      for (const { code } of found.refused) notTaken[code] = (notTaken[code] ?? 0) + 1;
      rows.push(...found.rows.slice(0, mostRows));
    }
    rows.sort((a, b) => a.timeMs - b.timeMs);
    let [taken, pages] = [0, 0];
    const sent: Sending = { done: 0, waiting: 0, refused: {} };
    const lateMs = sensor.panels.some(isPadded) ? paddedLateMs : 0;
    const steps = replaySteps(rows, speed);
    for (const [at, step] of steps.entries()) {
      await pause(step.waitMs, context.signal);
      taken += await queue.add(step.rows);
      // What was recorded is whole: nothing of its last hour comes late.
      const closed = await queue.close(
        at === steps.length - 1 ? nowMs() + lateMs : lastOf(step.rows),
      );
      pages += closed;
      progress.update(`${taken} rows, ${pages} pages`);
      if (closed > 0 && at < steps.length - 1) await sendOnce(uplink, sent);
    }
    await sendAll(uplink, queue, sent, context.signal);
    context.output.result({ taken, notTaken, pages, ...sent }, () =>
      [
        `${taken} rows taken in, ${pages} pages closed; ${sent.done} accepted, ${sent.waiting} waiting.`,
        ...Object.entries(sent.refused).map(([code, count]) => `Pages refused: ${count} ${code}`),
        ...Object.entries(notTaken).map(([code, count]) => `Readings not taken: ${count} ${code}`),
      ].join('\n'),
    );
  } finally {
    progress.done();
    await queue.end();
    endTurn();
  }
}

/** Waits until the home's hub has ended its turn for this sensor. */
async function turnFor(home: string, name: string, signal: AbortSignal): Promise<() => void> {
  for (;;) {
    const endTurn = takeTurn(home, name);
    if (endTurn !== undefined) return endTurn;
    await pause(turnMs, signal);
  }
}

const lastOf = (rows: readonly PanelRow[]): number => rows.at(-1)?.timeMs ?? 0;

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) await setTimeout(ms, undefined, { signal });
}

/** Returns whether something moved. */
async function sendOnce(uplink: Uplink, sent: Sending): Promise<boolean> {
  const { done, waiting, refused } = await uplink.send();
  sent.done += done;
  sent.waiting = waiting;
  for (const { code } of refused) sent.refused[code] = (sent.refused[code] ?? 0) + 1;
  return done > 0;
}

/** Until the queue is empty, or nothing was accepted for a while: what is left is sent by the next call. */
async function sendAll(
  uplink: Uplink,
  queue: SensorQueue,
  sent: Sending,
  signal: AbortSignal,
): Promise<void> {
  for (let idle = 0; idle < idleTurns && (await queue.closed(1)).length > 0; ) {
    const before = Object.values(sent.refused).reduce((sum, it) => sum + it, 0);
    const moved = await sendOnce(uplink, sent);
    const refusedNow = Object.values(sent.refused).reduce((sum, it) => sum + it, 0) - before;
    // A page that is refused again and again is not waited for as one that is being judged.
    idle = moved ? 0 : idle + (refusedNow > 0 ? idleTurns / 4 : 1);
    if (sent.waiting > 0) await pause(turnMs, signal);
  }
}

/** By what is in the file. Throws REQUEST_INVALID. */
function inputIn(
  text: string,
  { startMs, nowMs }: { readonly startMs: number | undefined; readonly nowMs: number },
): SensorInput {
  const { input, isRecording } = readingsOfFile(text, nowMs);
  return isRecording ? shifted(input, startMs, nowMs) : input;
}

/** What was recorded years ago, as if it had begun then, or else as if its last hour had just ended. */
function shifted(input: SensorInput, startMs: number | undefined, nowMs: number): SensorInput {
  const times = input.readings.map(({ timeMs }) => timeMs);
  const [first, last] = [times[0] ?? 0, times.at(-1) ?? 0];
  const until = nowMs - (nowMs % hourMs) - hourMs;
  // Whole hours: what shared an hour shares one again.
  const byEnd = until - (last - (last % hourMs));
  const by = startMs === undefined ? byEnd : startMs - first;
  const later = <T extends { readonly timeMs: number }>(it: T): T => ({
    ...it,
    timeMs: it.timeMs + by,
  });
  return { readings: input.readings.map(later), refused: input.refused.map(later) };
}

/** `salus sensor status`: what each sensor of this home has, and what is wrong with it. */
async function status(context: CommandContext): Promise<void> {
  const home = homeFolder(context.flags.home);
  const nowMs = context.surroundings.now?.() ?? Date.now();
  const sensors: SensorStanding[] = [];
  for (const name of sensorNames(home)) {
    const sensor = readSensor(home, name);
    const queue = openSensorQueue(home, sensor);
    try {
      sensors.push(...standingsOf(sensor, await queue.standing(), nowMs));
    } finally {
      await queue.end();
    }
  }
  context.output.result({ sensors: sensors.map((it) => ({ ...it })) }, () =>
    sensors.length === 0 ? 'There is no sensor in this home.' : sensors.map(statusText).join('\n'),
  );
}

function statusText(it: SensorStanding): string {
  const trouble = it.warnings.length === 0 ? 'ok' : it.warnings.join(', ');
  const lost = it.lost === 0 ? '' : `, ${it.lost} given up`;
  const days = it.days === 0 ? '' : `, ${it.days} days to write`;
  const battery = it.battery === undefined ? '' : `; battery ${it.battery} %`;
  const newest = it.newestMs === 0 ? 'nothing measured yet' : `newest ${when(it.newestMs)}`;
  return [
    `${it.name}, panel ${it.panel}: ${it.done} pages accepted, ${it.closed} waiting${lost}${days}; ${newest}${battery}; ${trouble}`,
    ...it.gaps.map(({ fromMs, untilMs }) => `  nothing from ${when(fromMs)} to ${when(untilMs)}`),
    ...Object.entries(it.refused).map(([code, count]) => `  readings not taken: ${count} ${code}`),
  ].join('\n');
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
      'whose three servers keep the shares; the patient takes part in this study',
    )
    .option(
      '--without-study',
      'only keep the shares there: the patient takes part in no study by this',
    )
    .option(
      '--panel <numbers>',
      '1 vital signs, 2 blood pressure, 3 glucose, 4 oximeter, 5 heart rate; default: of the dataset',
    )
    .option(
      '--padded',
      'a full page every hour, measured or not: servers do not see how often; counts in no study',
    )
    .option('--public <words>', 'what may be said of the patient in a cohort: sex=1,age-band=4')
    .option('--every <seconds>', 'how often it measures', '60')
    .action((name: string, said: Enrolling) => enrol(context, name, said));
  sensor
    .command('simulate')
    .description('takes readings of a file in (SenML, FHIR Observation, CSV) and sends its pages')
    .argument('<name>')
    .requiredOption('--from <file>', 'what was recorded')
    .option(
      '--start-hour <hour>',
      'hours since 1970 at which a recording begins; missing: it has just ended',
    )
    .option('--speed <times>', 'so many times as fast as it was recorded; missing: all at once')
    .option('--most <rows>', 'of each panel')
    .action((name: string, said: Simulating) => simulate(context, name, said));
  sensor
    .command('status')
    .description('what arrived, and who is silent, has gaps or a low battery')
    .action(() => status(context));
};
