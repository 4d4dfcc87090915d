import { CodedError } from '../../../../primitives/errors.ts';
import type { VitalName } from '../../crypto/vital-signs.ts';
import type { RefusedReading, SensorInput, SensorReading } from './reading.ts';

/** Columns of recorded vital signs: MIMIC's numerics as WFDB names them. The minute since the record began stands first. */
const columns: Readonly<Record<string, { readonly vital: VitalName; readonly unit: string }>> = {
  'HR[bpm]': { vital: 'heartRate', unit: '/min' },
  'PULSE[bpm]': { vital: 'pulse', unit: '/min' },
  'ABPSys[mmHg]': { vital: 'systolic', unit: 'mm[Hg]' },
  'ABPDias[mmHg]': { vital: 'diastolic', unit: 'mm[Hg]' },
  // By a cuff, now and then; where a line measures too, the line's stands before it and the cuff's counts.
  'NBPSys[mmHg]': { vital: 'systolic', unit: 'mm[Hg]' },
  'NBPDias[mmHg]': { vital: 'diastolic', unit: 'mm[Hg]' },
  'RESP[pm]': { vital: 'respiratoryRate', unit: '/min' },
  'SpO2[%]': { vital: 'oxygenSaturation', unit: '%' },
  'TEMP[Cel]': { vital: 'temperature', unit: 'Cel' },
};
const minuteMs = 60_000;

/**
 * A minute a line, from `startMs` on. Empty fields say nothing; columns that are no vital sign are refused, value by value.
 * Throws REQUEST_INVALID: the first column is no minute.
 */
export function readingsOfNumerics(csv: string, startMs: number): SensorInput {
  const [head = '', ...lines] = csv.trim().split(/\r?\n/);
  const [first, ...names] = head.split(',');
  if (first !== 'minute') throw new CodedError('REQUEST_INVALID', { at: 'minute' });
  const readings: SensorReading[] = [];
  const refused: RefusedReading[] = [];
  for (const line of lines) {
    const [minute = '', ...fields] = line.split(',');
    const timeMs = startMs + (minute === '' ? Number.NaN : Number(minute)) * minuteMs;
    for (const [at, name] of names.entries()) {
      const [column, field = ''] = [columns[name], fields[at]];
      if (field === '') continue;
      if (!Number.isFinite(timeMs)) refused.push(noTime(name));
      else if (column === undefined) refused.push({ timeMs, vital: name, code: 'VITAL_UNKNOWN' });
      else readings.push({ ...column, value: Number(field), timeMs });
    }
  }
  return { readings, refused };
}

const noTime = (vital: string): RefusedReading => ({ timeMs: 0, vital, code: 'REQUEST_INVALID' });

/**
 * Of a wrist band: `Id,Time,Value`, the time as `4/1/2016 7:54:00 AM`, taken for UTC; a line without one is refused. Throws
 * REQUEST_INVALID: these are no such lines.
 */
export function readingsOfHeartRates(csv: string): SensorInput {
  const [head = '', ...lines] = csv.trim().split(/\r?\n/);
  if (head.trim() !== 'Id,Time,Value') throw new CodedError('REQUEST_INVALID', { at: 'Time' });
  const readings: SensorReading[] = [];
  const refused: RefusedReading[] = [];
  for (const line of lines) {
    const [, time = '', value = ''] = line.split(',');
    const timeMs = timeOf(time);
    if (timeMs === undefined) refused.push(noTime('heartRate'));
    else if (value.trim() === '')
      refused.push({ timeMs, vital: 'heartRate', code: 'VALUE_ABSENT' });
    else readings.push({ vital: 'heartRate', unit: '/min', value: Number(value), timeMs });
  }
  return { readings, refused };
}

function timeOf(text: string): number | undefined {
  const read = /^(\d+)\/(\d+)\/(\d{4}) (\d+):(\d\d):(\d\d) ([AP])M$/.exec(text.trim());
  if (read === null) return undefined;
  const [month = 0, day = 0, year = 0, hour = 0, minute = 0, second = 0] = read
    .slice(1, 7)
    .map(Number);
  const hours = (hour % 12) + (read[7] === 'P' ? 12 : 0);
  return Date.UTC(year, month - 1, day, hours, minute, second);
}
