import * as z from 'zod/mini';
import { timeMs } from '../message-parts.ts';
import { defineRoute } from '../route.ts';

/** Hex of 32 random bytes. */
export const deskSecretText = z.string().check(z.regex(/^[0-9a-f]{64}$/));

/** A link that opens a desk in a browser, once. */
export const deskLinkPost = defineRoute({
  method: 'POST',
  path: '/v1/desk/links',
  who: 'desk-token',
  summary: 'A link that opens a desk in a browser: it serves once, for ten minutes',
  rule: 'H-31',
  answer: z.object({ link: deskSecretText, expiresMs: timeMs }),
  noStore: true,
});
