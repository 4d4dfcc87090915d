import * as z from 'zod/mini';
import { okAnswer } from '../message-parts.ts';
import { defineRoute } from '../route.ts';

/** For who has read it and keeps it elsewhere. */
export const inboxEntryDelete = defineRoute({
  method: 'DELETE',
  path: '/v1/inbox/:id',
  who: 'session',
  summary: 'Take a message out of the inbox',
  rule: 'H-11',
  params: z.object({ id: z.coerce.number<number>().check(z.int(), z.minimum(1)) }),
  answer: okAnswer,
  repeatable: true,
});
