import { CodedError } from '../../../../primitives/errors.ts';
import type { VitalName } from '../../crypto/vital-signs.ts';
import type { SensorReading } from './reading.ts';

/** Columns of recorded vital signs: MIMIC's numerics as WFDB names them. The minute since the record began stands first. */
const columns: Readonly<Record<string, { readonly vital: VitalName; readonly unit: string }>> = {
  'HR[bpm]': { vital: 'heartRate', unit: '/min' },
  'PULSE[bpm]': { vital: 'pulse', unit: '/min' },
  'ABPSys[mmHg]': { vital: 'systolic', unit: 'mm[Hg]' },
  'ABPDias[mmHg]': { vital: 'diastolic', unit: 'mm[Hg]' },
  'RESP[pm]': { vital: 'respiratoryRate', unit: '/min' },
  'SpO2[%]': { vital: 'oxygenSaturation', unit: '%' },
  'TEMP[Cel]': { vital: 'temperature', unit: 'Cel' },
};
const minuteMs = 60_000;

/** A minute a line, from `startMs` on. Empty fields say nothing. Throws REQUEST_INVALID: the first column is no minute. */
export function readingsOfNumerics(csv: string, startMs: number): readonly SensorReading[] {
  const [head = '', ...lines] = csv.trim().split(/\r?\n/);
  const [first, ...names] = head.split(',');
  if (first !== 'minute') throw new CodedError('REQUEST_INVALID', { at: 'minute' });
  return lines.flatMap((line) => {
    const [minute = '', ...fields] = line.split(',');
    const timeMs = startMs + Number(minute) * minuteMs;
    return names.flatMap((name, at) => {
      const [column, field = ''] = [columns[name], fields[at]];
      if (column === undefined || field === '') return [];
      return [{ ...column, value: Number(field), timeMs }];
    });
  });
}

/** Of a wrist band: `Id,Time,Value`, the time as `4/1/2016 7:54:00 AM`, taken for UTC. Throws REQUEST_INVALID. */
export function readingsOfHeartRates(csv: string): readonly SensorReading[] {
  const [head = '', ...lines] = csv.trim().split(/\r?\n/);
  if (head.trim() !== 'Id,Time,Value') throw new CodedError('REQUEST_INVALID', { at: 'Time' });
  return lines.map((line) => {
    const [, time = '', value] = line.split(',');
    return { vital: 'heartRate', unit: '/min', value: Number(value), timeMs: timeOf(time) };
  });
}

function timeOf(text: string): number {
  const read = /^(\d+)\/(\d+)\/(\d{4}) (\d+):(\d\d):(\d\d) ([AP])M$/.exec(text.trim());
  if (read === null) throw new CodedError('REQUEST_INVALID', { at: 'Time' });
  const [month = 0, day = 0, year = 0, hour = 0, minute = 0, second = 0] = read
    .slice(1, 7)
    .map(Number);
  const hours = (hour % 12) + (read[7] === 'P' ? 12 : 0);
  return Date.UTC(year, month - 1, day, hours, minute, second);
}
