import type { SensorFile } from './sensor-file.ts';
import type { QueueStanding } from './sensor-queue.ts';

/** What a person must know of a sensor. Rule VS-25. */
export type SensorWarning = 'silent' | 'gap' | 'low-battery';
const lowBattery = 20;
/** Of a battery, in per cent. */
export const isLowBattery = (battery: number): boolean => battery < lowBattery;
const silentAfter = 3;

/** Rows further apart than this leave a gap, milliseconds. */
export const longestPause = (intervalMs: number): number => silentAfter * intervalMs;

export function sensorWarnings(of: {
  readonly nowMs: number;
  /** Of its newest row; 0: it has none. */
  readonly newestMs: number;
  readonly intervalMs: number;
  /** How many gaps its last rows have. */
  readonly gaps: number;
  readonly battery?: number | undefined;
}): readonly SensorWarning[] {
  const { nowMs, newestMs, intervalMs, gaps, battery } = of;
  return [
    ...(nowMs - newestMs > longestPause(intervalMs) ? (['silent'] as const) : []),
    ...(gaps > 0 ? (['gap'] as const) : []),
    ...(battery !== undefined && isLowBattery(battery) ? (['low-battery'] as const) : []),
  ];
}

/** How one panel of a sensor stands at its hub. */
export interface SensorStanding extends QueueStanding {
  readonly name: string;
  /** Per cent, where it says so. */
  readonly battery?: number;
  readonly warnings: readonly SensorWarning[];
}

const nothingYet = {
  ...{ newestMs: 0, open: 0, closed: 0, done: 0, lost: 0, refused: {}, gaps: [] },
  ...{ days: 0, newestDay: -1 },
} satisfies Omit<QueueStanding, 'panel'>;

/** Each of its panels, also one that nothing was ever taken in of: since it was made, a sensor owes a row an interval. */
export function standingsOf(
  { name, panels, intervalMs, sinceMs, battery }: SensorFile,
  standing: readonly QueueStanding[],
  nowMs: number,
): readonly SensorStanding[] {
  return panels.map((panel) => {
    const found = standing.find((it) => it.panel === panel) ?? { panel, ...nothingYet };
    const newestMs = found.newestMs === 0 ? (sinceMs ?? 0) : found.newestMs;
    const of = { nowMs, newestMs, intervalMs, gaps: found.gaps.length, battery };
    const said = battery === undefined ? {} : { battery };
    return { name, ...found, ...said, warnings: sensorWarnings(of) };
  });
}
