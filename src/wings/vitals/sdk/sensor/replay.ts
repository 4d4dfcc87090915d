import type { PanelRow } from './reading.ts';

const minuteMs = 60_000;

/** Rows that were measured within one minute, and how long after those before them they come. */
export interface ReplayStep {
  readonly rows: readonly PanelRow[];
  /** Milliseconds to wait before. */
  readonly waitMs: number;
}

/**
 * A recording as a sensor would give it again, a minute of it a step, `speed` times as fast as it was; Infinity: in one step.
 * `rows` in the order of their times.
 */
export function replaySteps(rows: readonly PanelRow[], speed: number): readonly ReplayStep[] {
  if (!Number.isFinite(speed)) return rows.length === 0 ? [] : [{ rows, waitMs: 0 }];
  const minutes = new Map<number, PanelRow[]>();
  for (const row of rows) {
    const minute = Math.floor(row.timeMs / minuteMs);
    const within = minutes.get(minute);
    if (within === undefined) minutes.set(minute, [row]);
    else within.push(row);
  }
  let before: number | undefined;
  return [...minutes].map(([minute, within]) => {
    const waitMs = ((minute - (before ?? minute)) * minuteMs) / speed;
    before = minute;
    return { rows: within, waitMs };
  });
}
