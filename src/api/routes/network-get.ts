import * as z from 'zod/mini';
import { maxNameLength } from '../display-name.ts';
import { height, timeMs } from '../message-parts.ts';
import { defineRoute } from '../route.ts';

const count = z.int().check(z.nonnegative());

/** What an operator looks at first: whether this hospital's server is well, and what is not. */
export const networkAnswer = z.object({
  hospital: z.object({
    name: z.string().check(z.maxLength(64)),
    title: z.string().check(z.maxLength(maxNameLength)),
  }),
  /** It can serve reads; writes. */
  reads: z.boolean(),
  writes: z.boolean(),
  height,
  /** Of the newest block: with nothing to do there is one every five minutes. */
  blockAgeMs: count,
  /** So long the ledger has had something to do and done nothing. */
  stalledMs: count,
  /** Blocks that this gateway has not indexed. */
  behind: count,
  freeBytes: z.optional(count),
  blobBytes: count,
  /** So long the store of records took to say how much it keeps. Missing: a release of before. */
  storeMs: z.optional(count),
  /** Requests refused since this server started, by code; the most first. */
  refusals: z
    .array(z.object({ code: z.string().check(z.maxLength(64)), count }))
    .check(z.maxLength(200)),
  startedMs: timeMs,
  deskSessions: count,
  /** Missing: none is known. */
  backup: z.optional(z.object({ height, createdMs: timeMs, ageMs: count })),
  processes: z
    .array(
      z.object({
        name: z.string().check(z.maxLength(64)),
        state: z.string().check(z.maxLength(32)),
        sinceMs: timeMs,
        restarts: count,
      }),
    )
    .check(z.maxLength(64)),
  /** Keys of this machine that end within 30 days. Missing: none. */
  keysToRenew: z.optional(
    z
      .array(z.object({ name: z.string().check(z.maxLength(64)), endsMs: timeMs }))
      .check(z.maxLength(64)),
  ),
});
export type NetworkAnswer = z.infer<typeof networkAnswer>;

/** Of this hospital alone; `/health` says of each whether it serves. */
export const networkGet = defineRoute({
  method: 'GET',
  path: '/v1/network',
  who: 'operator',
  summary: 'Whether this hospital’s server is well, for its operator',
  rule: 'H-32',
  answer: networkAnswer,
  noStore: true,
  isEarly: true,
});
