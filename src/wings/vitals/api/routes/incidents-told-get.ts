import * as z from 'zod/mini';
import { lastTimeMs } from '../../../../api/incident-facts.ts';
import { accountIdText, timeMs, uint } from '../../../../api/message-parts.ts';
import { defineRoute } from '../../../../api/route.ts';

export const mostTold = 500;
const day = z.int().check(z.minimum(0), z.maximum(lastTimeMs));
const hash = z.string().check(z.regex(/^[0-9a-f]{64}$/));

/** An incident that its person was told of: which server, which hours, what was done, and where its report stands. */
export const toldIncident = z.object({
  /** Grows with each that is told. */
  n: uint,
  /** Whose report it is: a data server, or the hospital. */
  by: accountIdText,
  report: hash,
  /** The report that it began with. */
  began: hash,
  toldMs: timeMs,
  /** The name of who runs the server, or of the hospital itself. */
  server: z.string().check(z.maxLength(128)),
  /** 0: not known since when. */
  fromMs: day,
  untilMs: day,
  done: z.enum(['quarantined', 'rebuilt', 'refused', 'reported']),
  source: z.string().check(z.maxLength(64)),
  claimedMac: z.string().check(z.maxLength(32)),
});
export type ToldIncident = z.infer<typeof toldIncident>;

/** What happened to what is kept for the account that is signed in, as it was told. */
export const incidentsToldGet = defineRoute({
  method: 'GET',
  path: '/v1/incidents/told',
  who: 'session',
  summary: 'The incidents that the account was told of, in the order in which it was',
  rule: 'VT-27',
  query: z.strictObject({
    after: z._default(z.coerce.number<number>().check(z.int(), z.minimum(0)), 0),
  }),
  answer: z.object({ told: z.array(toldIncident).check(z.maxLength(mostTold)) }),
  noStore: true,
});
