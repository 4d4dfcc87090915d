import * as z from 'zod/mini';
import { okAnswer } from '../../../../api/message-parts.ts';
import { defineRoute } from '../../../../api/route.ts';
import { channels } from '../choice.ts';

/** Nothing is told on this way any more, and the address is forgotten. */
export const alertsDelete = defineRoute({
  method: 'DELETE',
  path: '/v1/alerts/:channel',
  who: 'session',
  summary: 'Forget how one wanted to be told',
  rule: 'AL-8',
  params: z.object({ channel: z.enum(channels) }),
  answer: okAnswer,
  repeatable: true,
});
