import * as z from 'zod/mini';
import { defineRoute } from '../route.ts';
import { headerAnswer } from '../tx.ts';

/** What light clients walk along. */
export const headerGet = defineRoute({
  method: 'GET',
  path: '/v1/headers/:height',
  who: 'anybody',
  summary: 'A signed block header',
  rule: 'H-8',
  params: z.object({
    height: z.union([z.literal('latest'), z.coerce.number<number>().check(z.int(), z.minimum(1))]),
  }),
  answer: headerAnswer,
  isEarly: true,
});
