import * as z from 'zod/mini';
import { accountIdText } from '../../../../api/message-parts.ts';

/** What a simulated sensor keeps beside its queue: who it is and where its pages go. Hex where it is bytes. */
export const sensorFile = z.strictObject({
  name: z.string(),
  /** Seed of its Ed25519 key. */
  seed: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
  panels: z.array(z.int()).check(z.minLength(1)),
  /** Milliseconds between two rows: what silence and gaps are measured by. */
  intervalMs: z.int(),
  /** Missing: nobody has registered it yet. */
  registered: z.optional(
    z.strictObject({
      pseudonym: z.string().check(z.regex(/^[0-9a-f]{32}$/)),
      servers: z.array(accountIdText).check(z.length(3)),
    }),
  ),
  /** Per cent, where it says so. */
  battery: z.optional(z.number()),
});
export type SensorFile = z.infer<typeof sensorFile>;

/** What a person must know of a sensor. Rule VS-25. */
export type SensorWarning = 'silent' | 'gap' | 'low-battery';
const lowBattery = 20;
const silentAfter = 3;

/** Rows further apart than this leave a gap, milliseconds. */
export const longestPause = (intervalMs: number): number => silentAfter * intervalMs;

export function sensorWarnings(of: {
  readonly nowMs: number;
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
    ...(battery !== undefined && battery < lowBattery ? (['low-battery'] as const) : []),
  ];
}
