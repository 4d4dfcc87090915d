import * as z from 'zod/mini';
import { inboxAnswer } from '../inbox.ts';
import { defineRoute } from '../route.ts';

/** Messages and notices, in the order in which they came. */
export const inboxGet = defineRoute({
  method: 'GET',
  path: '/v1/inbox',
  who: 'session',
  summary: 'What waits for the account that is signed in',
  rule: 'H-11',
  query: z.strictObject({
    after: z._default(z.coerce.number<number>().check(z.int(), z.minimum(0)), 0),
  }),
  answer: inboxAnswer,
});
