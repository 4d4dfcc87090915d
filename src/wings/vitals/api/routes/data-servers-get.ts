import * as z from 'zod/mini';
import { accountIdText, base64urlText } from '../../../../api/message-parts.ts';
import { defineRoute } from '../../../../api/route.ts';

/** To a gateway: the data servers that this hospital enrolled and that told it where they answer. */
export const dataServersGet = defineRoute({
  method: 'GET',
  path: '/v1/data-servers',
  who: 'anybody',
  summary: 'The data servers of this hospital',
  rule: 'VS-3',
  answer: z.object({
    servers: z.array(
      z.object({
        account: accountIdText,
        notice: base64urlText(4 * 1024),
        recovery: z.optional(base64urlText(4 * 1024)),
      }),
    ),
  }),
});
