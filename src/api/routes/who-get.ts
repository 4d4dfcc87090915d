import * as z from 'zod/mini';
import { accountIdText } from '../message-parts.ts';
import { defineRoute } from '../route.ts';

/** What a client asks first: whose gateway this is, of which ledger, and where the others are. */
export const whoGet = defineRoute({
  method: 'GET',
  path: '/v1/who',
  who: 'anybody',
  summary: 'Which hospital this is',
  rule: 'H-8',
  answer: z.object({
    organisation: accountIdText,
    name: z.string(),
    chainId: z.string(),
    genesisHash: z.string(),
    gateways: z.array(z.object({ organisation: accountIdText, name: z.string(), url: z.string() })),
  }),
});
