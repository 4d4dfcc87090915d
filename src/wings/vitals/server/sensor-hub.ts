import { hexToBytes } from '../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../primitives/errors.ts';
import type { ConsentId } from '../../../primitives/ids.ts';
import { replicasADay } from '../api/chart-records.ts';
import { writeDeviceNote } from '../sdk/reading/device-notes.ts';
import { writeHubDays } from '../sdk/reading/hub-days.ts';
import { ForgetfulServers } from '../sdk/sensor/forgetful-servers.ts';
import { type RefusedReading, rowsOfSensor } from '../sdk/sensor/reading.ts';
import { readingsOfMessage } from '../sdk/sensor/recorded.ts';
import type { SensorFile } from '../sdk/sensor/sensor-file.ts';
import type { QueuedDay, SensorQueue } from '../sdk/sensor/sensor-queue.ts';
import { isLowBattery } from '../sdk/sensor/sensor-standing.ts';
import type { Uplink } from '../sdk/sensor/uplink.ts';
import { type Hub, openHub } from './hub-account.ts';
import { openSensorQueue, readSensor, sensorNames, takeTurn, writeSensor } from './sensor-home.ts';
import { sensorKeyOf, uplinkOf } from './sensor-line.ts';

type Told = (line: Readonly<Record<string, string | number>>) => void;

/** What became of a message. */
export interface TakenIn {
  /** Rows that were new. */
  readonly taken: number;
  readonly refused: readonly RefusedReading[];
}

/** Of one sensor, as long as the hub runs. */
interface SensorKept {
  readonly queue: SensorQueue;
  readonly forgetful: ForgetfulServers;
  /** Missing: who its servers are is asked anew. */
  uplink?: Uplink;
}

/** A clock of a sensor may be so much ahead. */
const aheadMs = 300_000;
/** In one message: a day of minutes of five vital signs are 7,200. */
const mostValues = 10_000;
const dayMs = 86_400_000;

/**
 * What a home's hub does for the sensors that were enrolled there: takes in what they say, keeps it until it is safe, sends
 * pages to the data servers, and writes the replica of a day that is over into the patient's chart.
 * Source: docs/protocol/vitals-reading.md, rules VR-40 to VR-46.
 */
export class SensorHub {
  readonly #home: string;
  readonly #now: () => number;
  readonly #told: Told;
  readonly #queues = new Map<string, SensorKept>();
  #hub: Hub | undefined;

  constructor(home: string, of: { readonly now: () => number; readonly told: Told }) {
    this.#home = home;
    this.#now = of.now;
    this.#told = of.told;
  }

  /** Written down when it returns. Throws REQUEST_INVALID: it can not be read at all; NOT_FOUND: no such sensor. Rule VR-43. */
  async takeIn(name: string, message: string): Promise<TakenIn> {
    const sensor = readSensor(this.#home, name);
    const nowMs = this.#now();
    const said = readingsOfMessage(message, nowMs);
    // All of a message is written in one step, and the sensors of a home wait for each other's.
    if (said.readings.length + said.refused.length > mostValues)
      throw new CodedError('REQUEST_INVALID', { at: 'values' });
    const early = said.readings.filter(({ timeMs }) => timeMs > nowMs + aheadMs);
    const readings = said.readings.filter(({ timeMs }) => timeMs <= nowMs + aheadMs);
    const tooEarly = early.map(({ vital, timeMs }) => ({
      vital,
      timeMs,
      code: 'PAGE_STALE' as const,
    }));
    const input = { readings, refused: [...said.refused, ...tooEarly] };
    const { queue } = this.#kept(sensor);
    const found = rowsOfSensor(sensor.panels, input);
    let taken = 0;
    for (const { panel, rows, refused } of found) {
      await queue.refuse(panel, refused);
      taken += await queue.add(rows);
    }
    if (said.battery !== undefined && said.battery !== sensor.battery)
      writeSensor(this.#home, { ...sensor, battery: said.battery });
    return { taken, refused: found.flatMap(({ refused }) => refused) };
  }

  /** Closes and sends what is due, of each sensor that nobody else is working for. What cannot be sent now stays. */
  async send(): Promise<void> {
    await this.#eachSensor('send', async (sensor, kept) => {
      await kept.queue.close(this.#now());
      if ((await kept.queue.closed(1)).length === 0) return;
      kept.uplink ??= await uplinkOf(this.#home, sensor, kept);
      try {
        const { refused } = await kept.uplink.send();
        for (const { code } of refused) this.#told({ what: 'page', sensor: sensor.name, code });
        // A server that has published no recovery key yet, or another one, is asked for it anew.
        const isStale = refused.some(({ code }) => code === 'ENVELOPE_BAD');
        if (isStale || !kept.uplink.makesEnvelopes) delete kept.uplink;
      } catch (error) {
        // Servers move and keys are changed: who they are is asked anew.
        delete kept.uplink;
        throw error;
      }
    });
  }

  /** The replicas that are owed. */
  async writeDays(): Promise<void> {
    await this.#eachSensor('days', async (sensor, { queue }) => {
      for (const day of await queue.daysToWrite(this.#now()))
        await this.#writeDay(sensor, queue, day);
    });
  }

  /**
   * What a patient should know of a battery stands in her chart: that it is low, once a day, and that it is low no more.
   * Rule VR-46.
   */
  async tellBatteries(): Promise<void> {
    await this.#eachSensor('battery', async (sensor) => {
      const { battery, told } = sensor;
      const timeMs = this.#now();
      const day = Math.floor(timeMs / dayMs);
      if (battery === undefined) return;
      const isLow = isLowBattery(battery);
      const isDue = isLow ? !told?.isLow || told.day < day : told?.isLow === true;
      if (!isDue) return;
      const consent = await this.#consentOf(sensor);
      if (consent === undefined) throw new CodedError('NOT_SHARED', { sensor: sensor.name });
      const { person } = await this.#account();
      const { name } = sensor;
      const note = { consent, sensor: await sensorKeyOf(sensor), name, battery, timeMs };
      const isWritten = await person.run(writeDeviceNote, note);
      // The newest file: a message may have come in meanwhile.
      writeSensor(this.#home, { ...readSensor(this.#home, name), told: { day, isLow } });
      if (isWritten) this.#told({ what: 'battery', sensor: name, percent: battery });
    });
  }

  async #writeDay(sensor: SensorFile, queue: SensorQueue, day: QueuedDay): Promise<void> {
    const { registration } = sensor.registered ?? {};
    const consent = await this.#consentOf(sensor);
    if (consent === undefined || registration === undefined)
      throw new CodedError('NOT_SHARED', { sensor: sensor.name });
    const { person } = await this.#account();
    const of = { consent, sensor: await sensorKeyOf(sensor), pages: day.pages };
    const signed = hexToBytes(registration) ?? new Uint8Array(0);
    const first = day.number ?? 0;
    for (let tried = 0; tried < replicasADay; tried++) {
      const number = (first + tried) % replicasADay;
      // What stands there under a number that this hub noted is its own; else it is another sensor's, and the next is free.
      const isNoted = day.number === number;
      if (!isNoted) await queue.beginDay(day, number);
      const [written] = await person.run(writeHubDays, { ...of, registration: signed, number });
      if (written?.isNew === true || isNoted) {
        await queue.dayWritten(day);
        this.#told({ what: 'replica', sensor: sensor.name, panel: day.panel, day: day.day });
        return;
      }
    }
    throw new CodedError('RECORD_ID_TAKEN', { day: day.day, panel: day.panel });
  }

  /** The newest grant of the sensor's patient that lets this hub write class `iot`. */
  async #consentOf({ registered }: SensorFile): Promise<ConsentId | undefined> {
    const { person } = await this.#account();
    await person.inbox();
    const found = (await person.received()).filter(
      ({ patient, state, terms }) =>
        patient === registered?.patient && state === 'live' && terms.writeClasses.includes('iot'),
    );
    return found.sort((a, b) => b.notBeforeMs - a.notBeforeMs)[0]?.consent;
  }

  async #account(): Promise<Hub> {
    this.#hub ??= await openHub(this.#home);
    return this.#hub;
  }

  #kept(sensor: SensorFile): SensorKept {
    const known = this.#queues.get(sensor.name);
    if (known !== undefined) return known;
    const forgetful = new ForgetfulServers(this.#now);
    const made: SensorKept = { queue: openSensorQueue(this.#home, sensor), forgetful };
    this.#queues.set(sensor.name, made);
    return made;
  }

  /** What fails for one sensor is told, and does not keep the others. */
  async #eachSensor(
    what: string,
    work: (sensor: SensorFile, kept: SensorKept) => Promise<void>,
  ): Promise<void> {
    for (const name of sensorNames(this.#home)) {
      const endTurn = takeTurn(this.#home, name);
      if (endTurn === undefined) continue;
      try {
        const sensor = readSensor(this.#home, name);
        if (sensor.registered !== undefined) await work(sensor, this.#kept(sensor));
      } catch (error) {
        if (!isCoded(error)) throw error;
        this.#told({ what, sensor: name, code: error.code });
      } finally {
        endTurn();
      }
    }
  }

  async close(): Promise<void> {
    for (const { queue } of this.#queues.values()) await queue.end();
    this.#queues.clear();
  }
}
