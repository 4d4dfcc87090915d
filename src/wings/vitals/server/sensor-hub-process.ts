// The hub of a home's sensors as a process of its own, under the supervisor: what is exported is its `ProcessEntry`.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isCoded } from '../../../primitives/errors.ts';
import type { ProcessOrder, RunningProcess } from '../../../server/process.ts';
import type { SensorBroker } from './sensor-broker.ts';
import type { SensorHub } from './sensor-hub.ts';
import { Turns } from './turns.ts';

type Line = Readonly<Record<string, string | number>>;
const log = (line: Line) =>
  process.stdout.write(`${JSON.stringify({ timeMs: Date.now(), ...line })}\n`);

const sendMs = 2_000;
const daysMs = 30_000;

/** Until a sensor is enrolled in the home it listens nowhere, keeps nothing loaded, and looks once in a while. */
export async function start({ home }: ProcessOrder): Promise<RunningProcess> {
  let hub: SensorHub | undefined;
  let broker: SensorBroker | undefined;
  const hubOf = async (): Promise<SensorHub | undefined> => {
    if (hub !== undefined || !existsSync(join(home, 'sensors'))) return hub;
    const { SensorHub: Hub } = await import('./sensor-hub.ts');
    hub ??= new Hub(home, { now: Date.now, told: log });
    return hub;
  };
  const turns = new Turns((what, error) =>
    log({ what, code: isCoded(error) ? error.code : 'INTERNAL', error: String(error) }),
  );
  // Its port may be another program's for a while: what is here already is sent all the same.
  turns.every('listen', sendMs, async () => {
    const takes = broker === undefined ? await hubOf() : undefined;
    if (takes !== undefined) broker = await listening(home, takes);
  });
  turns.every('send', sendMs, async () => (await hubOf())?.send());
  turns.every('days', daysMs, async () => (await hubOf())?.writeDays());
  turns.every('batteries', daysMs, async () => (await hubOf())?.tellBatteries());
  return {
    async close() {
      await turns.stop();
      await broker?.close();
      await hub?.close();
    },
  };
}

async function listening(home: string, hub: SensorHub): Promise<SensorBroker> {
  const { brokerPort, readSensor, sensorNames } = await import('./sensor-home.ts');
  const { SensorBroker: Broker } = await import('./sensor-broker.ts');
  const port = await brokerPort(home);
  const broker = await Broker.open(port, {
    passwordOf: (name) =>
      sensorNames(home).includes(name) ? readSensor(home, name).password : undefined,
    takeIn: (name, message) => hub.takeIn(name, message),
  });
  log({ listens: `mqtt://127.0.0.1:${port}` });
  return broker;
}
