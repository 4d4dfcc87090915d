import * as z from 'zod/mini';
import { uint } from '../../../../api/message-parts.ts';
import { defineRoute } from '../../../../api/route.ts';
import { causeNames } from '../causes.ts';

/** What is new for oneself, the newest first: of which kind, and when. */
export const alertsInboxGet = defineRoute({
  method: 'GET',
  path: '/v1/alerts/inbox',
  who: 'session',
  summary: 'What is new, in the app’s own inbox',
  rule: 'AL-16',
  answer: z.object({
    entries: z.array(z.object({ cause: z.enum(causeNames as [string, ...string[]]), atMs: uint })),
    /** Entries that were not written by this hospital’s alert service: left out. */
    tampered: uint,
  }),
  noStore: true,
});
