import * as z from 'zod/mini';
import { accountIdText, uint } from '../../../../api/message-parts.ts';
import { defineRoute } from '../../../../api/route.ts';

/** To a data server: who it is, and what it keeps to. */
export const serverWhoGet = defineRoute({
  method: 'GET',
  path: '/v1/who',
  who: 'anybody',
  summary: 'Who this data server is',
  rule: 'VS-8',
  answer: z.object({ account: accountIdText, chainId: z.string(), freshHours: uint }),
});
