import * as z from 'zod/mini';
import { timeMs } from '../../../../api/message-parts.ts';
import { defineRoute } from '../../../../api/route.ts';

const word = z.string().check(z.maxLength(256));
const count = z.int().check(z.nonnegative());

/** A signed report of this hospital, in words of its own; `signed` are the bytes. */
export const incidentAnswer = z.object({
  name: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
  /** Of the block that has its hash; 0: none yet. */
  height: count,
  kind: word,
  store: word,
  foundBy: word,
  foundMs: timeMs,
  /** 0: never. */
  wholeMs: count,
  places: z
    .array(z.object({ table: word, row: word, column: word, bound: word }))
    .check(z.maxLength(256)),
  more: count,
  people: count,
  attempts: z
    .array(
      z.object({ atMs: count, way: word, who: word, from: word, claimedMac: word, what: word }),
    )
    .check(z.maxLength(64)),
  untold: z.array(word).check(z.maxLength(16)),
  done: z.array(z.object({ what: word, atMs: count })).check(z.maxLength(16)),
  /** Name of the report that it goes on from; '': none. */
  follows: z.string().check(z.regex(/^([0-9a-f]{64})?$/)),
  signed: z.string().check(z.maxLength(256 * 1024), z.regex(/^[A-Za-z0-9_-]*$/)),
});
export type IncidentAnswer = z.infer<typeof incidentAnswer>;

/** What happened to what this hospital keeps for others, for its operator. */
export const incidentsGet = defineRoute({
  method: 'GET',
  path: '/v1/incidents',
  who: 'operator',
  summary:
    'The signed reports of what happened to this hospital’s stores and doors, the newest first',
  rule: 'VT-26',
  answer: z.object({ incidents: z.array(incidentAnswer).check(z.maxLength(200)) }),
  noStore: true,
});
