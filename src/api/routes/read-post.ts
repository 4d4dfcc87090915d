import * as z from 'zod/mini';
import { base64urlText } from '../message-parts.ts';
import { maxReadRequestBytes } from '../read-request.ts';
import { defineRoute } from '../route.ts';
import { rowsMediaType } from '../rows.ts';

/** The same request again is no second look: its nonce serves once. */
export const readPost = defineRoute({
  method: 'POST',
  path: '/v1/read',
  who: 'signed-body',
  summary: 'Read under a grant; the look stands on the ledger before anything is answered',
  rule: 'R-7',
  body: z.strictObject({ request: base64urlText(maxReadRequestBytes) }),
  answer: 'bytes',
  media: rowsMediaType,
  repeatable: true,
});
