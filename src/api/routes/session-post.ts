import * as z from 'zod/mini';
import { defineRoute } from '../route.ts';
import { challengeAnswer, challengeRequest, sessionAnswer, sessionRequest } from '../session.ts';

/** Asks for a challenge, then answers it: a session of ten minutes. */
export const sessionPost = defineRoute({
  method: 'POST',
  path: '/v1/session',
  who: 'anybody',
  summary: 'Ask for a challenge; answer it for a session of ten minutes',
  rule: 'H-6',
  bodyBytes: 2 * 1024,
  body: z.union([sessionRequest, challengeRequest]),
  answer: z.union([sessionAnswer, challengeAnswer]),
  neverLimited: true,
  isEarly: true,
});
