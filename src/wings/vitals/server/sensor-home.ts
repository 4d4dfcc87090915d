import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { bytesToHex, utf8 } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { makeFolder, writeWhole } from '../../../server/files.ts';
import { isPadded } from '../crypto/panels.ts';
import { type SensorFile, sensorFile } from '../sdk/sensor/sensor-file.ts';
import { longestPause } from '../sdk/sensor/sensor-standing.ts';
import { SqliteSensorQueue } from './sqlite-sensor-queue.ts';

const nameOfSensor = /^[a-z0-9][a-z0-9-]{0,39}$/;
const folderOf = (home: string): string => join(home, 'sensors');

/**
 * Makes a sensor with a key of its own; one that nobody registered yet keeps its key. Throws USAGE: no name for a file, or
 * there is one.
 */
export function makeSensor(
  home: string,
  of: Pick<SensorFile, 'name' | 'panels' | 'intervalMs'>,
  nowMs: number,
): SensorFile {
  const isThere = nameOfSensor.test(of.name) && existsSync(pathOf(home, of.name));
  const before = isThere ? readSensor(home, of.name) : undefined;
  if (!nameOfSensor.test(of.name) || before?.registered !== undefined)
    throw new CodedError('USAGE', { problem: 'a sensor has a short name that no other one has' });
  const seed = before?.seed ?? bytesToHex(new Uint8Array(randomBytes(32)));
  const password = before?.password ?? bytesToHex(new Uint8Array(randomBytes(16)));
  const made: SensorFile = { ...of, seed, password, sinceMs: nowMs };
  makeFolder(folderOf(home));
  writeSensor(home, made);
  return made;
}

export function writeSensor(home: string, sensor: SensorFile): void {
  writeWhole(pathOf(home, sensor.name), utf8(`${JSON.stringify(sensor, undefined, 2)}\n`));
}

/** Throws NOT_FOUND, HOME_INVALID {file}. */
export function readSensor(home: string, name: string): SensorFile {
  if (!nameOfSensor.test(name) || !existsSync(pathOf(home, name)))
    throw new CodedError('NOT_FOUND', { sensor: name });
  const read = sensorFile.safeParse(JSON.parse(readFileSync(pathOf(home, name), 'utf8')));
  if (!read.success) throw new CodedError('HOME_INVALID', { file: `sensors/${name}.json` });
  return read.data;
}

export function sensorNames(home: string): readonly string[] {
  if (!existsSync(folderOf(home))) return [];
  return readdirSync(folderOf(home))
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .sort();
}

export const openSensorQueue = (
  home: string,
  {
    name,
    intervalMs,
    panels,
    sinceMs = 0,
  }: Pick<SensorFile, 'name' | 'intervalMs' | 'panels' | 'sinceMs'>,
): SqliteSensorQueue =>
  new SqliteSensorQueue(join(folderOf(home), `${name}.db`), {
    pauseMs: longestPause(intervalMs),
    padded: panels.filter(isPadded).map((panel) => ({ panel, sinceMs })),
  });

/**
 * Who works for a sensor now: pages are shared and sent by one program at a time. Undefined: another one does. What is
 * returned ends it; so does the end of the program, however it comes.
 */
export function takeTurn(home: string, name: string): (() => void) | undefined {
  const turn = new DatabaseSync(join(folderOf(home), `${name}.turn`), { timeout: 0 });
  try {
    turn.exec('BEGIN EXCLUSIVE');
    return () => turn.close();
  } catch {
    turn.close();
    return undefined;
  }
}

/** Where this home's broker listens: a port of its own, chosen once, so that sensors find it again. Rule VR-41. */
export async function brokerPort(home: string): Promise<number> {
  const path = join(folderOf(home), 'hub', 'broker.json');
  if (existsSync(path)) {
    const read = brokerFile.safeParse(JSON.parse(readFileSync(path, 'utf8')));
    if (!read.success) throw new CodedError('HOME_INVALID', { file: 'sensors/hub/broker.json' });
    return read.data.port;
  }
  const port = await freePort();
  makeFolder(folderOf(home));
  makeFolder(join(folderOf(home), 'hub'));
  writeWhole(path, utf8(`${JSON.stringify({ port })}\n`));
  return port;
}
const brokerFile = z.strictObject({ port: z.int() });

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const pathOf = (home: string, name: string): string => join(folderOf(home), `${name}.json`);
