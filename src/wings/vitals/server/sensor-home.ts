import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bytesToHex, utf8 } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { makeFolder, writeWhole } from '../../../server/files.ts';
import { longestPause, type SensorFile, sensorFile } from '../sdk/sensor/sensor-file.ts';
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
): SensorFile {
  const isThere = nameOfSensor.test(of.name) && existsSync(pathOf(home, of.name));
  const before = isThere ? readSensor(home, of.name) : undefined;
  if (!nameOfSensor.test(of.name) || before?.registered !== undefined)
    throw new CodedError('USAGE', { problem: 'a sensor has a short name that no other one has' });
  const seed = before?.seed ?? bytesToHex(new Uint8Array(randomBytes(32)));
  const made: SensorFile = { ...of, seed };
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
  { name, intervalMs }: Pick<SensorFile, 'name' | 'intervalMs'>,
): SqliteSensorQueue =>
  new SqliteSensorQueue(join(folderOf(home), `${name}.db`), { pauseMs: longestPause(intervalMs) });

const pathOf = (home: string, name: string): string => join(folderOf(home), `${name}.json`);
