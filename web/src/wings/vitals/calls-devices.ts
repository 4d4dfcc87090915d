import {
  type Curve,
  isLowBattery,
  type OwnDevice,
  ownDevices,
  panelOf,
  type VitalsFound,
} from '@salus/salus/sdk/vitals';
import type { Session } from '../../worker/session.ts';

/** One of a patient's own devices, as far as its readings and what it says of itself tell. */
export interface DeviceView {
  readonly sensor: string;
  /** Empty: it never said one. */
  readonly name: string;
  readonly vitals: readonly Curve['vital'][];
  /** The hour of the newest reading ended then; undefined: none came in this time. */
  readonly newestMs: number | undefined;
  /** It sent nothing for a day. */
  readonly isSilent: boolean;
  readonly pauses: readonly { readonly fromMs: number; readonly untilMs: number }[];
  /** Undefined: it does not say, or is full enough. */
  readonly lowBattery: { readonly percent: number; readonly ms: number } | undefined;
}

const hourMs = 3_600_000;
const silentMs = 24 * hourMs;

export async function devicesOf(
  { person, as }: Session,
  { pages }: VitalsFound,
  signal: AbortSignal,
): Promise<readonly DeviceView[]> {
  const devices = await person.run(ownDevices, pages, { ...as, signal });
  return devices.map((it) => deviceView(it, Date.now()));
}

function deviceView(
  { sensor, panels, newestHour, pauses, note }: OwnDevice,
  nowMs: number,
): DeviceView {
  const newestMs = newestHour === undefined ? undefined : (newestHour + 1) * hourMs;
  const isLow = note !== undefined && isLowBattery(note.battery);
  return {
    ...{ sensor, newestMs, name: note?.name ?? '' },
    vitals: [...new Set(panels.flatMap((panel) => panelOf(panel).vitals))],
    isSilent: newestMs === undefined || nowMs - newestMs > silentMs,
    pauses: pauses.map(({ afterHour, beforeHour }) => ({
      ...{ fromMs: (afterHour + 1) * hourMs, untilMs: beforeHour * hourMs },
    })),
    lowBattery: isLow ? { percent: note.battery, ms: note.timeMs } : undefined,
  };
}
