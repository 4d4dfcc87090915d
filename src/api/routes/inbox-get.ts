import { z } from 'zod';
import { inboxAnswer } from '../inbox.ts';
import { defineRoute } from '../route.ts';

/** Messages and notices, in the order in which they came. */
export const inboxGet = defineRoute({
  method: 'GET',
  path: '/v1/inbox',
  who: 'session',
  summary: 'What waits for the account that is signed in',
  rule: 'H-11',
  query: z.strictObject({ after: z.coerce.number<number>().int().min(0).default(0) }),
  answer: inboxAnswer,
});
