import { bytesToHex } from '../../../../primitives/bytes.ts';
import type { RegisteredSensor } from '../../api/registration.ts';
import type { VitalsPage } from './joined-pages.ts';

/** Of one registered sensor: when it sent, in hours since 1970. */
export interface DeviceFound {
  /** Hex. */
  readonly sensor: string;
  readonly panels: readonly number[];
  /** Undefined: nothing of it is among these pages. */
  readonly newestHour: number | undefined;
  /** Whole hours between two pages without one; the oldest first. */
  readonly pauses: readonly { readonly afterHour: number; readonly beforeHour: number }[];
}

/** What came of each of a patient's sensors, also of those that sent nothing. Source: vitals-reading.md, rule VR-34. */
export function devicesFound(
  pages: readonly VitalsPage[],
  sensors: readonly RegisteredSensor[],
): readonly DeviceFound[] {
  return sensors.map(({ key, panels }) => {
    const sensor = bytesToHex(key);
    const own = pages.filter((it) => it.sensor === sensor).map(({ startHour }) => startHour);
    const hours = [...new Set(own)].sort((a, b) => a - b);
    const pauses = hours.flatMap((beforeHour, at) => {
      const afterHour = hours[at - 1];
      return afterHour !== undefined && beforeHour - afterHour > 1 ? { afterHour, beforeHour } : [];
    });
    return { sensor, panels, newestHour: hours.at(-1), pauses };
  });
}
