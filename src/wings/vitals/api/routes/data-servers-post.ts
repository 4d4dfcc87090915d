import * as z from 'zod/mini';
import { base64urlText } from '../../../../api/message-parts.ts';
import { defineRoute } from '../../../../api/route.ts';

/** To a gateway, from a data server that its hospital enrolled: where it answers from now on, or its recovery key. */
export const dataServersPost = defineRoute({
  method: 'POST',
  path: '/v1/data-servers',
  who: 'signed-body',
  summary: 'A data server says where it answers',
  rule: 'VS-3',
  body: z.strictObject({ notice: base64urlText(4 * 1024) }),
  answer: z.object({}),
  repeatable: true,
});
