import * as z from 'zod/mini';
import { maxInboxSealedBytes } from '../inbox-message.ts';
import { base64urlText, okAnswer } from '../message-parts.ts';
import { defineRoute } from '../route.ts';

/** `message` is a signed InboxMessage; the same again changes nothing. */
export const inboxPost = defineRoute({
  method: 'POST',
  path: '/v1/inbox',
  who: 'signed-body',
  summary: 'Send a sealed message to an account of any hospital',
  rule: 'H-11',
  body: z.strictObject({ message: base64urlText(maxInboxSealedBytes + 1024) }),
  bodyBytes: 128 * 1024,
  answer: okAnswer,
});
