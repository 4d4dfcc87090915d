import * as z from 'zod/mini';
import { defineRoute } from '../route.ts';
import { maxStateRows, stateAnswer, stateKey } from '../tx.ts';

/**
 * A wallet that wraps keys for a thousand readers asks for all of their rows; it changes nothing. The answer holds the
 * first of them, as many as have room: at least one.
 */
export const statePost = defineRoute({
  method: 'POST',
  path: '/v1/state',
  who: 'session',
  summary: 'Many rows of the ledger’s state, each with its proof',
  rule: 'H-8',
  body: z.strictObject({
    rows: z.array(z.strictObject(stateKey)).check(z.minLength(1), z.maxLength(maxStateRows)),
  }),
  bodyBytes: 128 * 1024,
  answer: z.object({
    answers: z.array(stateAnswer).check(z.minLength(1), z.maxLength(maxStateRows)),
  }),
  repeatable: true,
  isEarly: true,
});
