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
  /** When it was made, ms since 1970; missing: before that was kept. */
  sinceMs: z.optional(z.int()),
  /** What it shows the hub's broker (VR-42). Missing: made before there was one. */
  password: z.optional(z.string().check(z.regex(/^[0-9a-f]{32}$/))),
  /** Missing: nobody has registered it yet. */
  registered: z.optional(
    z.strictObject({
      pseudonym: z.string().check(z.regex(/^[0-9a-f]{32}$/)),
      servers: z.array(accountIdText).check(z.length(3)),
      /** Whose it is, and what she signed: what its hub writes the replicas of its days with (VR-40). */
      patient: z.optional(accountIdText),
      registration: z.optional(z.string().check(z.regex(/^([0-9a-f]{2})+$/))),
    }),
  ),
  /** Per cent, where it says so. */
  battery: z.optional(z.number()),
  /** What its patient was told of its battery last, and on which day since 1970 (VR-46). Missing: nothing yet. */
  told: z.optional(z.strictObject({ day: z.int(), isLow: z.boolean() })),
});
export type SensorFile = z.infer<typeof sensorFile>;
