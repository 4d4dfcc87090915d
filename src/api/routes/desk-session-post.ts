import * as z from 'zod/mini';
import { maxNameLength } from '../display-name.ts';
import { timeMs } from '../message-parts.ts';
import { defineRoute } from '../route.ts';
import { deskSecretText } from './desk-link-post.ts';

/** The link for a session that does what a desk does, and nothing else. */
export const deskSessionPost = defineRoute({
  method: 'POST',
  path: '/v1/desk/session',
  who: 'anybody',
  summary: 'A desk’s session of twelve hours, for the link that it was opened with',
  rule: 'H-31',
  bodyBytes: 1024,
  body: z.strictObject({ link: deskSecretText }),
  answer: z.object({
    token: deskSecretText,
    expiresMs: timeMs,
    hospital: z.string().check(z.maxLength(maxNameLength)),
  }),
  noStore: true,
});
