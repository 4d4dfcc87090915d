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

/** `times`: of its newest rows, in order. */
export function sensorWarnings(of: {
  readonly nowMs: number;
  readonly newestMs: number;
  readonly intervalMs: number;
  readonly times: readonly number[];
  readonly battery?: number | undefined;
}): readonly SensorWarning[] {
  const { nowMs, newestMs, intervalMs, times, battery } = of;
  const longest = silentAfter * intervalMs;
  const hasGap = times.some((time, at) => time - (times[at - 1] ?? time) > longest);
  return [
    ...(nowMs - newestMs > longest ? (['silent'] as const) : []),
    ...(hasGap ? (['gap'] as const) : []),
    ...(battery !== undefined && battery < lowBattery ? (['low-battery'] as const) : []),
  ];
}
