import * as z from 'zod/mini';
import { maxEraseBytes } from '../erase.ts';
import { eraseAnswer } from '../items.ts';
import { base64urlText } from '../message-parts.ts';
import { defineRoute } from '../route.ts';

/** Whoever signed the order is its owner; the transport says nothing. */
export const erasePost = defineRoute({
  method: 'POST',
  path: '/v1/erase',
  who: 'signed-body',
  summary: 'Erase one’s own items, on a signed order',
  rule: 'H-12',
  body: z.strictObject({ erase: base64urlText(maxEraseBytes) }),
  answer: eraseAnswer,
});
