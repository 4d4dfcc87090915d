import * as z from 'zod/mini';
import { defineRoute } from '../route.ts';

/** For who is signed in with a role that the profile of a log names, such as an auditor's. */
export const blockWholeGet = defineRoute({
  method: 'GET',
  path: '/v1/blocks/:height/whole',
  who: 'session',
  summary: 'The same with the transactions of each log that is open to the role of who asks (CBOR)',
  rule: 'F-10',
  params: z.object({ height: z.coerce.number<number>().check(z.int(), z.minimum(1)) }),
  answer: 'bytes',
  media: 'application/cbor',
  answerBytes: 8 * 1024 * 1024,
});
