import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { freePorts } from '../../../../story/free-ports.ts';
import { SensorBroker } from '../../server/sensor-broker.ts';
import { makeSensor, openSensorQueue, readSensor } from '../../server/sensor-home.ts';
import { SensorHub } from '../../server/sensor-hub.ts';

/** Where `npm run test:services` found the programs of Eclipse Mosquitto: another implementation of MQTT. */
const programs = process.env.SALUS_SERVICE ?? assert.fail('run it by npm run test:services');
const broker =
  [join(programs, 'mosquitto'), join(programs, '..', 'sbin', 'mosquitto')].find(existsSync) ??
  assert.fail(`no mosquitto beside ${programs}`);
const libraries = globSync('lib*/*-linux-gnu*', { cwd: join(programs, '..') }).map((it) =>
  join(programs, '..', it),
);
const env = { ...process.env, LD_LIBRARY_PATH: libraries.join(':') };

const home = mkdtempSync(join(tmpdir(), 'salus-mosquitto-'));
const told: unknown[] = [];
const hub = new SensorHub(home, { now: Date.now, told: (line) => told.push(line) });
const sensor = makeSensor(home, { name: 'watch', panels: [5], intervalMs: 60_000 }, Date.now());
const topics = { in: 'salus/sensors/watch/readings', out: 'salus/sensors/watch/result' };
let [port = 0, wardPort = 0] = [0, 0];
let ours: SensorBroker;
const running: ChildProcess[] = [];

before(async () => {
  [port = 0, wardPort = 0] = await freePorts(2);
  ours = await SensorBroker.open(port, {
    passwordOf: (name) => (name === 'watch' ? sensor.password : undefined),
    takeIn: (name, message) => hub.takeIn(name, message),
  });
});
after(async () => {
  for (const child of running) child.kill('SIGTERM');
  await ours.close();
  await hub.close();
  rmSync(home, { recursive: true, force: true });
});

function started(program: string, ...args: readonly string[]): ChildProcess {
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  child.stderr?.on('data', (bytes: Buffer) => process.stderr.write(bytes));
  running.push(child);
  return child;
}

/** Its exit code. */
async function published(at: number, login: readonly string[], message: string): Promise<number> {
  const to = ['-h', '127.0.0.1', '-p', String(at), '-q', '1', '-t', topics.in, '-m', message];
  const [code] = (await once(
    started(join(programs, 'mosquitto_pub'), ...to, ...login),
    'exit',
  )) as [number];
  return code;
}

const own = ['-u', 'watch', '-P', sensor.password ?? ''];
const minuteMs = 60_000;
const first = Math.floor(Date.now() / minuteMs) * minuteMs - 10 * minuteMs;
const heartRate = (timeMs: number, v: number): string =>
  JSON.stringify([{ bn: 'urn:dev:mac:1:', bt: timeMs / 1_000, bu: 'beat/min', n: '8867-4', v }]);
const open = async (): Promise<number> => {
  const queue = openSensorQueue(home, readSensor(home, 'watch'));
  const [standing] = await queue.standing();
  await queue.end();
  return standing?.open ?? 0;
};

test('Mosquitto’s client publishes to the hub, is acknowledged and hears what became of it', async () => {
  const login = ['-h', '127.0.0.1', '-p', String(port), ...own];
  const hearing = started(join(programs, 'mosquitto_sub'), ...login, '-t', topics.out, '-C', '4');
  let heard = '';
  hearing.stdout?.on('data', (bytes: Buffer) => {
    heard += bytes.toString();
  });
  // It does not tell when it hears: what it missed is said again, and the same reading twice is no other one.
  while (hearing.exitCode === null) {
    assert.equal(await published(port, own, heartRate(first, 62)), 0);
    assert.equal(await published(port, own, heartRate(first + minuteMs, 999)), 0);
  }
  assert.match(heard, /\{"taken":[01],"refused":\[\]\}/);
  assert.match(
    heard,
    /\{"taken":0,"refused":\[\{"timeMs":\d+,"vital":"heartRate","code":"VALUE_RANGE"\}\]\}/,
  );
  assert.equal(await open(), 1);
  assert.notEqual(await published(port, ['-u', 'watch', '-P', 'wrong'], heartRate(first, 62)), 0);
});

test('a ward’s Mosquitto hands on to the hub what its sensors publish there', async () => {
  const file = join(home, 'ward.conf');
  const lines = [
    `listener ${wardPort} 127.0.0.1`,
    'allow_anonymous true',
    'connection hub',
    `address 127.0.0.1:${port}`,
    `topic ${topics.in} out 1`,
    'remote_username watch',
    `remote_password ${sensor.password}`,
    'bridge_protocol_version mqttv311',
    'try_private false',
    'notifications false',
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  started(broker, '-c', file);
  const later = first + 2 * minuteMs;
  while ((await published(wardPort, [], heartRate(later, 64))) !== 0) await setTimeout(100);
  while ((await open()) < 2) await setTimeout(50);
  assert.deepEqual(told, []);
});
