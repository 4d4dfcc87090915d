import { setTimeout } from 'node:timers/promises';
import type { CommandContext } from '../../../cli/commands/command.ts';
import { readSmallText } from '../../../cli/files.ts';
import { homeFolder } from '../../../cli/home.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { isPadded } from '../sdk/index.ts';
import { ForgetfulServers } from '../sdk/sensor/forgetful-servers.ts';
import { type PanelRow, rowsOfSensor, type SensorInput } from '../sdk/sensor/reading.ts';
import { readingsOfFile } from '../sdk/sensor/recorded.ts';
import { replaySteps } from '../sdk/sensor/replay.ts';
import { paddedLateMs, type SensorQueue } from '../sdk/sensor/sensor-queue.ts';
import type { Uplink } from '../sdk/sensor/uplink.ts';
import { openSensorQueue, readSensor, takeTurn, writeSensor } from '../server/sensor-home.ts';
import { uplinkOf } from '../server/sensor-line.ts';
import { wholeNumber } from './whole-number.ts';

export interface Simulating {
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
/** Turns in which nothing is accepted, before the rest is left in the queue. */
const idleTurns = 120;
const turnMs = 250;

/** `salus sensor simulate`: takes recorded readings in, as fast as is asked for, and sends what is due. */
export async function simulateSensor(
  context: CommandContext,
  name: string,
  said: Simulating,
): Promise<void> {
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
    const uplink = await uplinkOf(home, sensor, {
      ...{ queue, forgetful: new ForgetfulServers(nowMs) },
    });
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
