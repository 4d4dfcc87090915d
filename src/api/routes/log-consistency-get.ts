import * as z from 'zod/mini';
import { logConsistencyAnswer, logName } from '../logs.ts';
import { defineRoute } from '../route.ts';

const logSize = z.coerce
  .number<number>()
  .check(z.int(), z.minimum(1), z.maximum(Number.MAX_SAFE_INTEGER));

/** For everybody who kept an earlier head of a log. */
export const logConsistencyGet = defineRoute({
  method: 'GET',
  path: '/v1/logs/:log/consistency',
  who: 'anybody',
  summary: 'That a log of so many leaves is a beginning of the same log later (RFC 9162)',
  rule: 'F-2',
  params: z.object({ log: logName }),
  query: z.strictObject({ from: logSize, to: logSize }),
  answer: logConsistencyAnswer,
  answerBytes: 64 * 1024,
  isEarly: true,
});
