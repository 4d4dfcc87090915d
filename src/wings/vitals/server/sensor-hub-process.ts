// The hub of a home's sensors as a process of its own, under the supervisor: what is exported is its `ProcessEntry`.
import { isCoded } from '../../../primitives/errors.ts';
import type { ProcessOrder, RunningProcess } from '../../../server/process.ts';
import { SensorBroker } from './sensor-broker.ts';
import { brokerPort, readSensor, sensorNames } from './sensor-home.ts';
import { SensorHub } from './sensor-hub.ts';
import { Turns } from './turns.ts';

type Line = Readonly<Record<string, string | number>>;
const log = (line: Line) =>
  process.stdout.write(`${JSON.stringify({ timeMs: Date.now(), ...line })}\n`);

const sendMs = 2_000;
const daysMs = 30_000;

/** Until a sensor is enrolled in the home it listens nowhere, and asks once in a while. */
export async function start({ home }: ProcessOrder): Promise<RunningProcess> {
  const hub = new SensorHub(home, { now: Date.now, told: log });
  let broker: SensorBroker | undefined;
  const turns = new Turns((what, error) =>
    log({ what, code: isCoded(error) ? error.code : 'INTERNAL', error: String(error) }),
  );
  turns.every('send', sendMs, async () => {
    if (sensorNames(home).length === 0) return;
    broker ??= await listening(home, hub);
    await hub.send();
  });
  turns.every('days', daysMs, () => hub.writeDays());
  return {
    async close() {
      await broker?.close();
      await turns.stop();
      await hub.close();
    },
  };
}

async function listening(home: string, hub: SensorHub): Promise<SensorBroker> {
  const port = await brokerPort(home);
  const broker = await SensorBroker.open(port, {
    passwordOf: (name) =>
      sensorNames(home).includes(name) ? readSensor(home, name).password : undefined,
    takeIn: (name, message) => hub.takeIn(name, message),
  });
  log({ listens: `mqtt://127.0.0.1:${port}` });
  return broker;
}
