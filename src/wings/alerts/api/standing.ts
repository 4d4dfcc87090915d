import * as z from 'zod/mini';
import { timeMs, uint } from '../../../api/message-parts.ts';

const text = (most: number) => z.string().check(z.maxLength(most));

/** How the alert service of one hospital stands, for its operator: numbers, codes and places; no account and no address. */
export const alertsStanding = z.object({
  /** Where letters go; missing: nowhere. */
  relay: z.optional(text(300)),
  /** Letters by what became of them. */
  states: z.record(z.string(), uint),
  /** Why letters wait, or were not sent. */
  codes: z.record(z.string(), uint),
  incidents: z
    .array(z.object({ code: text(64), place: uint, metMs: timeMs }))
    .check(z.maxLength(50)),
  /** What the demonstration’s relay took, the newest first; missing: letters go to a real one. */
  letters: z.optional(
    z
      .array(
        z.object({
          ...{ to: text(320), subject: text(200), body: text(4_000), language: text(8) },
          takenMs: timeMs,
        }),
      )
      .check(z.maxLength(50)),
  ),
});
export type AlertsStanding = z.infer<typeof alertsStanding>;
